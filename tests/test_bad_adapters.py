"""Adapters that cannot be drawn with, from the user's end: one sentence each, every other picture is delivered.

The house assembled as the command line does it, on a tiny checkpoint, with a real server
that does not have the file, wants money for it, sends a page for it, or thirty gigabytes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import torch
from aiohttp import web
from msgspec.structs import replace
from safetensors.torch import save
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.assembly import House, Places, Setup
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Adapter, Drawn, Event, Failed, Mask, Request, Shot, Stepped
from stylus_engine.pictures.store import read
from tests.catalog.servers.serving import serving
from tests.house.source import HOUSE
from tests.sampling.tiny import random_adapter, tiny_pipeline
from tests.sampling.tiny import save as save_tiny

pytestmark = pytest.mark.slow
PROMPT = "a red dragon"
WAYS = {
    "gone": ("SourceRefused", "404"),
    "gated": ("SourceRefused", "403"),
    "page": ("SourceOdd", "a web page where a file was expected"),
    "huge": ("TooMuch", "30.0 GB"),
    "lost": ("AdapterFileMissing", "is missing"),
    "alien": ("AdapterWrongFamily", "is made for sd1; this checkpoint is sd1-32"),
    "pickle": ("AdapterNotSafetensors", "pickle"),
}


async def answer(request: web.Request) -> web.StreamResponse:
    name = request.path.strip("/")
    if name == "page":
        return web.Response(text="<html>Log in</html>", content_type="text/html")
    if name == "huge":
        response = web.StreamResponse(headers={"Content-Length": str(30 * 10**9)})
        await response.prepare(request)
        await response.write(bytes(10_000))
        return response
    return web.json_response({"error": name}, status={"gone": 404, "gated": 403}[name])


@dataclass
class Place:
    """A house with one adapter that is good, and as many as `WAYS` has that are not."""

    house: House
    folder: Path

    async def shots(self, job: str, *bad: str, steps: int = 2) -> tuple[Shot, ...]:
        """A picture with the good adapter alone, then one with it and each of `bad`."""
        pinned = tuple(f"t:{name}:1" for name in ("good", *bad))
        asked = Request(prompt=PROMPT, steps=steps, seed=5, count=len(pinned), pinned=pinned)
        plan = await self.house.plan(asked)
        ids = [choice.adapter.card_id for choice in plan.choices]
        assert {*ids} == {*pinned}
        lit = [{"t:good:1", each} for each in pinned]
        masks = [
            Mask(bits=tuple(tuple(c.adapter.card_id in one for c in t.choices) for t in plan.tasks))
            for one in lit
        ]
        codes = [mask.code for mask in masks]
        made = await self.house.arrange(asked, job, plan=plan, masks=codes)
        return made.shots

    async def delivered(self, job: str, shots: tuple[Shot, ...]) -> list[Event]:
        """As a bot does it: files first, then whatever can be drawn."""
        ended: list[Event] = []
        async with aclosing(self.house.bring(job, shots)) as events:
            ended += [event async for event in events if isinstance(event, Failed)]
        lost = {event.shot for event in ended if isinstance(event, Failed)}
        left = [shot for shot in shots if shot.id not in lost]
        async with aclosing(self.house.draw(job, left)) as events:
            ended += [event async for event in events if isinstance(event, Drawn | Failed)]
        return ended


def pixels(event: Event) -> Any:
    assert isinstance(event, Drawn), event
    return read(Path(event.picture.path))[0]


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    save_tiny(tmp_path / "checkpoint")
    for name, seed in (("good", 1), ("moving", 2)):
        random_adapter(tmp_path / f"{name}.safetensors", tiny_pipeline(), "kohya", seed=seed)
    cross = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
    wide = {
        f"{cross}.lora_down.weight": torch.ones(4, 768),
        f"{cross}.lora_up.weight": torch.ones(64, 4),
    }
    (tmp_path / "alien.safetensors").write_bytes(save(wide))
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04\x95 a pickle, renamed")
    async with serving(answer) as there:
        far = ("gone", "gated", "page", "huge")
        cards = [card(name, url=f"{there.url}/{name}") for name in far]
        here = ("good", "moving", "lost", "alien", "pickle")
        cards += [card(name, path=str(tmp_path / f"{name}.safetensors")) for name in here]
        catalogue = Catalogue(tmp_path / "catalog" / "catalog.db")
        items = tuple(Item(card=each) for each in cards)
        catalogue.take("t", Page(items=items), "2026-11-28T00:00:00Z")
        setup = Setup(
            checkpoints={"tiny": tmp_path / "checkpoint"}, default_checkpoint="tiny", cards=(),
            pictures=tmp_path / "pictures", index=tmp_path / "index", catalog=tmp_path / "catalog",
            cache=tmp_path / "cache", slots=1, places=Places(allow_loopback=True),
        )  # fmt: skip
        with closing(House(setup)) as house:
            await house.index()
            yield Place(house, tmp_path)


def card(name: str, **facts: Any) -> Adapter:
    return Adapter(
        card_id=f"t:{name}:1", name=f"Red dragon {name}", family_declared="sd1-32", **facts
    )


@pytest.mark.asyncio
async def test_each_costs_its_own_picture_and_no_other(place: Place):
    good = await place.delivered("alone", await place.shots("alone"))
    shots = await place.shots("job", *WAYS)
    beside = await place.shots("beside")
    ended, neighbour = await asyncio.gather(
        place.delivered("job", shots), place.delivered("beside", beside)
    )
    assert (pixels(neighbour[0]) == pixels(good[0])).all()
    by_shot = {event.shot: event for event in ended if isinstance(event, Drawn | Failed)}
    assert len(by_shot) == len(ended) == len(shots)
    assert (pixels(by_shot["job-1"]) == pixels(good[0])).all()
    for number, (name, (kind, words)) in enumerate(WAYS.items(), 2):
        failed = by_shot[f"job-{number}"]
        assert isinstance(failed, Failed), name
        assert (failed.kind, words in failed.sentence) == (kind, True), (name, failed.sentence)
        assert failed.sentence.endswith(".")
        assert "\n" not in failed.sentence
        assert str(place.folder) not in failed.sentence
    assert not [*(place.folder / "catalog" / "weights").glob("**/*.safetensors*")]


@pytest.mark.asyncio
@pytest.mark.parametrize("named", [True, False])
async def test_a_file_that_changes_under_a_running_job(place: Place, named: bool):
    """The second picture is asked for while the first is drawn, after the file became another one.

    A card that names its bytes is held to them; without that each manifest says what drew it.
    """
    file = place.folder / "moving.safetensors"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    first, second = await place.shots("job", "moving", steps=6)
    first = replace(second, id="job-1", index=0)
    if named:
        first, second = (held(shot, before) for shot in (first, second))
    calm = await place.delivered("calm", (replace(first, id="calm-1", job="calm"),))
    later: asyncio.Task[list[Event]] | None = None
    ended: list[Event] = []
    async with aclosing(place.house.draw("job", [first])) as events:
        async for event in events:
            if isinstance(event, Stepped) and event.step == 3:
                random_adapter(file, tiny_pipeline(), "kohya", seed=99)
                late = replace(second, id="late-1", job="late")
                later = asyncio.create_task(place.delivered("late", (late,)))
            ended += [event] if isinstance(event, Drawn | Failed) else []
    assert later is not None
    [last] = await later
    assert (pixels(ended[0]) == pixels(calm[0])).all()
    if named:
        assert isinstance(last, Failed)
        assert last.kind == "AdapterChanged"
        assert before[:12] in last.sentence
    else:
        assert isinstance(last, Drawn)
        found = [lit.file_sha256 for lit in last.picture.manifest.adapters]
        assert hashlib.sha256(file.read_bytes()).hexdigest() in found
        assert before not in found


def held(shot: Shot, sha256: str) -> Shot:
    """The shot with the card's own word for its file."""
    lit = tuple(
        replace(one, adapter=replace(one.adapter, file_sha256=sha256))
        if one.adapter.card_id == "t:moving:1"
        else one
        for one in shot.recipe.adapters
    )
    return replace(shot, recipe=replace(shot.recipe, adapters=lit))


@pytest.mark.asyncio
async def test_a_pin_of_another_family_is_left_out_and_said(place: Place):
    family = replace(
        card("wide", path=str(place.folder / "good.safetensors")), family_declared="sdxl"
    )
    quick = replace(family, card_id="t:lcm:1", name="LCM LoRA SDXL")
    catalogue = Catalogue(place.folder / "catalog" / "catalog.db")
    items = tuple(Item(card=each) for each in (family, quick))
    catalogue.take("other", Page(items=items), "2026-11-28T00:00:00Z")
    await place.house.index()
    asked = Request(prompt=PROMPT, steps=1, pinned=("t:wide:1", "t:lcm:1", "t:good:1"))
    plan = await place.house.plan(asked)
    why = {one.what: one.why for one in plan.dropped}
    assert "not made for this checkpoint" in why["t:wide:1"]
    assert why["t:lcm:1"] == "it is made for sdxl; this checkpoint is sd1-32"
    assert plan.fast is None
    assert [choice.adapter.card_id for choice in plan.choices] == ["t:good:1"]


def test_two_files_with_one_name_are_two_adapters_and_a_name_alone_is_asked_about(tmp_path: Path):
    adapters = HOUSE / "miniature" / "data" / "adapters"
    for folder, source in (("one", "moonlit"), ("two", "thunder")):
        target = tmp_path / "files" / folder / "night.safetensors"
        target.parent.mkdir(parents=True)
        target.write_bytes((adapters / f"{source}.safetensors").read_bytes())
    flags = ("--set", f"paths.data={tmp_path / 'data'}", "--set", "cards.builtin=false")

    def stylus(*words: str) -> Any:
        return CliRunner().invoke(application(open_engine), [*flags, *words], prog_name="stylus")

    came = stylus("catalog", "import", "folder", str(tmp_path / "files"))
    assert came.exit_code == 0, came.output
    refused = stylus("plan", "a fox at night", "--pin", "night")
    assert refused.exit_code == 2
    [sentence] = [line for line in refused.stderr.splitlines() if "night" in line]
    assert "ask by id: local:one/night:" in sentence
    assert "local:two/night:" in sentence
