"""Files that a job lacks come before it is drawn; what cannot come costs only the pictures that need it."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from stylus_engine.catalog import downloads
from stylus_engine.catalog.bringing import WeightsBringer
from stylus_engine.catalog.downloads import Downloads
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Weights
from stylus_engine.model import Adapter, Event, Failed, Fetching, Recipe, Shot, Weighted
from tests.house.source import HOUSE

ROBOT = (HOUSE / "miniature" / "data" / "adapters" / "tin_robot.safetensors").read_bytes()
MOST = 10**9
pytestmark = pytest.mark.asyncio


@dataclass
class Place:
    """A server of files, and the store that is filled from it."""

    url: str
    folder: Path
    asked: list[str] = field(default_factory=list)

    def weights(self, web: Web | None = None) -> Weights:
        return Weights(self.folder, web, MOST)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Weights]:
        async with Web(Rules(allow_loopback=True, tries=1)) as web:
            yield self.weights(web)

    def bringer(self) -> WeightsBringer:
        return WeightsBringer(self.weights(), Downloads(self.opened))

    async def bring(self, *shots: Shot) -> list[Event]:
        bringer = self.bringer()
        async with aclosing(bringer.bring("j", shots)) as events:
            return [event async for event in events]

    def adapter(self, name: str, path: str = "", **facts: object) -> Adapter:
        known = {
            "card_id": f"t:{name}:1",
            "name": name,
            "family_declared": "sd1-96",
            "url": f"{self.url}{path or f'{name}.safetensors'}",
        }
        return Adapter(**(known | facts))  # pyright: ignore[reportArgumentType] - the noun checks itself


def shot(number: int, *adapters: Adapter) -> Shot:
    lit = tuple(Weighted(adapter=each, weight=0.8) for each in adapters)
    return Shot(
        id=f"j-{number}", job="j", index=number, recipe=Recipe(adapters=lit, prompt="x"), seed=1,
        width=64, height=64, steps=1, guidance=1.0, sampler="ddim",
    )  # fmt: skip


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async def answer(request: web.Request) -> web.Response:
        here.asked.append(request.path)
        if "missing" in request.path:
            return web.json_response({"error": "Not found"}, status=404)
        page = "page" in request.path
        return web.Response(body=b"<html>log in</html>" if page else ROBOT)

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with TestServer(app) as server:
        here = Place(str(server.make_url("/")), tmp_path / "weights")
        yield here


async def test_an_absent_file_comes_once_and_is_told_of(place: Place):
    robot = place.adapter("robot", file_sha256=hashlib.sha256(ROBOT).hexdigest())
    events = await place.bring(shot(0, robot), shot(1, robot))
    assert events[0] == Fetching(job="j", name="robot", done=0, of=0)
    assert events[-1] == Fetching(job="j", name="robot", done=len(ROBOT), of=len(ROBOT))
    assert all(isinstance(event, Fetching) for event in events)
    assert place.asked == ["/robot.safetensors"]
    assert place.weights().fetch(robot)[0].read_bytes() == ROBOT
    assert await place.bring(shot(0, robot)) == []


async def test_a_file_that_cannot_come_fails_only_the_pictures_that_light_it(place: Place):
    robot, gone = place.adapter("robot"), place.adapter("missing")
    events = await place.bring(shot(0, robot), shot(1, robot, gone), shot(2, gone), shot(3))
    failed = [event for event in events if isinstance(event, Failed)]
    assert [(each.shot, each.kind) for each in failed] == [
        ("j-1", "SourceRefused"),
        ("j-2", "SourceRefused"),
    ]
    assert "404" in failed[0].sentence
    assert place.weights().holds(robot)


async def test_what_is_no_adapter_fails_with_its_reason(place: Place):
    lied = place.adapter("lied", file_sha256="ab" * 32)
    events = await place.bring(shot(0, place.adapter("page")), shot(1, lied))
    failed = [event for event in events if isinstance(event, Failed)]
    assert [each.kind for each in failed] == ["AdapterNotSafetensors", "AdapterChanged"]
    assert not place.weights().holds(lied)


async def test_what_is_here_or_has_no_address_asks_nobody(place: Place):
    here = place.adapter("here", path="", url=None)
    assert await place.bring(shot(0, here), shot(1)) == []
    assert place.asked == []


async def test_who_stops_listening_stops_the_download(place: Place):
    bringer = place.bringer()
    async with aclosing(bringer.bring("j", [shot(0, place.adapter("robot"))])) as events:
        async for _ in events:
            break
    assert not place.weights().holds(place.adapter("robot"))
    assert list((place.folder / "coming").glob("*")) == []


async def test_waiting_for_somebody_elses_download_is_no_silence(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(downloads, "QUIET", 0.01)
    robot = place.adapter("robot")
    bringer = place.bringer()
    async with (
        place.weights()._alone(robot),
        aclosing(bringer.bring("j", [shot(0, robot)])) as events,
    ):
        told = [await anext(events) for _ in range(3)]
    assert told == [Fetching(job="j", name="robot", done=0, of=0)] * 3
