"""A slow download on the wire: it keeps nobody else waiting, a cancel ends it, a kill only begins it anew."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Adapter
from tests.catalog.servers.serving import serving
from tests.house.source import HOUSE
from tests.playground.driver import Person, until
from tests.reading import Json, is_card, job_of, text
from tests.stage import Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio]
ADAPTERS = HOUSE / "miniature" / "data" / "adapters"
GARDENER = "a clockwork gardener in the forest"
PALE = "pale hours over a house"


async def asked(who: Person, prompt: str) -> Json:
    """Its status, once it says what is fetched."""
    status = (await who.answer(await who.slash("imagine", prompt=prompt)))["message"]
    return await who.message_where(
        lambda m: m["id"] == status["id"] and "Fetching" in text(m), 60, "what is fetched"
    )


async def cancelled(stage: Stage, who: Person, status: Json) -> float:
    """Seconds until the status says so."""
    began = time.monotonic()
    await stage.press(who, status, "cancel")
    await who.message_where(
        lambda m: m["id"] == status["id"] and "Cancelled" in text(m), 10, "the end"
    )
    return time.monotonic() - began


async def test_a_slow_file_keeps_nobody_waiting_and_a_cancel_ends_it(tmp_path: Path):
    async with staged(tmp_path) as stage:
        slow = await asked(stage.ada, "CRAWL city")
        assert "Fetching Far Away, 6.0 GB" in text(slow)
        card = await stage.imagine(stage.ben, prompt="ink night city")
        assert stage.state(job_of(card)) == "posted"
        assert stage.state(job_of(slow)) == "queued"
        assert await cancelled(stage, stage.ada, slow) < 2
        await until(_there(tmp_path / "data" / f"given-up-{job_of(slow)}"), 2, "the download's end")


def _there(path: Path):
    async def met() -> bool:
        return path.exists()

    return met


async def test_who_is_killed_in_a_download_begins_anew(tmp_path: Path):
    """The planner first, then the bot with all its workers; the third time the file comes."""
    async with staged(tmp_path) as stage:
        slow = await asked(stage.ada, "CRAWL TWICE city")
        os.kill(stage.bot.planner(), signal.SIGKILL)
        mark = tmp_path / "data" / "pictures"
        await until(_count(mark, ".CRAWL-*", 2), 30, "the second download")
        await stage.bot.kill()
        async with stage.bot:
            card = await stage.card(stage.ada, slow["id"])
            assert len(stage.rows("SELECT * FROM deliveries WHERE outcome = 'posted'")) == 1
            assert stage.state(job_of(card)) == "posted"


def _count(folder: Path, pattern: str, count: int):
    async def met() -> bool:
        return len(list(folder.glob(pattern))) >= count

    return met


# --- the real planner and a real server --------------------------------------------


@dataclass
class Far:
    """A server whose file stops half way until somebody opens the gate."""

    url: str = ""
    begun: int = 0
    ended: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        data = (ADAPTERS / "tin_robot.safetensors").read_bytes()
        self.begun += 1
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        try:
            await self.gate.wait()
            await response.write(data[len(data) // 2 :])
        finally:
            self.ended += 1
        return response


def shelf(folder: Path, url: str) -> None:
    """One card whose file is far away, and one whose file is here."""
    facts = {"family_declared": "sd1-96", "popularity": 3, "kind": "lora"}
    gardener = Adapter(
        card_id="mine:gardener:1", name="Clockwork Gardener", triggers=("clockwork gardener",),
        description="Adds a clockwork gardener.", url=f"{url}/robot.safetensors",
        file_bytes=(ADAPTERS / "tin_robot.safetensors").stat().st_size, **facts,
    )  # fmt: skip
    moonlit = Adapter(
        card_id="mine:moonlit:1", name="Pale Hours", triggers=("pale hours",),
        description="Adds pale hours.", path=str(ADAPTERS / "moonlit.safetensors"), **facts,
    )  # fmt: skip
    page = Page(items=(Item(card=gardener), Item(card=moonlit)))
    Catalogue(folder / "catalog.db").take("mine", page, "2026-11-28T00:00:00Z")


@asynccontextmanager
async def real(folder: Path) -> AsyncIterator[tuple[Stage, Far]]:
    far = Far()
    async with serving(far.answer) as place:
        shelf(folder / "data" / "catalog", place.url)
        settings = {
            "workers__command": "[]",
            "cards__builtin": False,
            "catalog__allow_loopback": True,
        }
        async with staged(folder, **settings) as stage:
            yield stage, far
        far.gate.set()


async def test_the_real_planner_fetches_beside_its_work(tmp_path: Path):
    async with real(tmp_path) as (stage, far):
        first = await asked(stage.ada, GARDENER)
        second = await asked(stage.ben, GARDENER)
        assert "Clockwork Gardener" in text(first)
        assert far.begun == 1  # one file, one download, whoever waits for it
        quick = await stage.imagine(stage.ben, prompt=PALE)
        assert "Pale Hours" in text(quick)
        assert await cancelled(stage, stage.ada, first) < 2
        await asyncio.sleep(0.5)
        assert far.ended == 0  # Ben's still wants it
        assert await cancelled(stage, stage.ben, second) < 2
        await until(_ended(far, 1), 5, "the end of the download")
        coming = stage.bot.folder / "data" / "weights" / "coming"
        await until(_empty(coming), 5, "the part of the file to be given back")
        last = await asked(stage.ada, GARDENER)
        os.kill(stage.bot.planner(), signal.SIGKILL)
        stage.bot.forgive()
        far.gate.set()
        card = await stage.ada.message_where(
            lambda m: m["id"] == last["id"] and is_card(m), 90, "the card after the kill"
        )
        assert "Clockwork Gardener" in text(card)
        await stage.posted(job_of(card))


def _ended(far: Far, count: int):
    async def met() -> bool:
        return far.ended >= count

    return met


def _empty(folder: Path):
    async def met() -> bool:
        return list(folder.glob("*")) == []

    return met
