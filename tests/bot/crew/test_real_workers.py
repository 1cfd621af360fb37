"""The real worker program on the miniature: a job through line and crew, pixel for pixel the engine's own."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from msgspec.structs import replace

from bot.sections import LineSettings, SamplingSettings, WorkerSettings
from bot.settings import Settings
from bot.worker import Arguments, open_house, settings_of
from stylus_engine.model import Drawn, Picture, Policy, Request
from stylus_engine.pictures.store import read
from stylus_engine.workers.frames import Found, Inspect, Inspected, Pack, Packed, Search
from tests.bot.crew.day import Day, a_day, reached, wish

PROMPT = "a pencil sketch of a dragon at sunset"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def real(folder: Path) -> Settings:
    """The default settings but for places, and threads: the tests' workers share two cores."""
    settings = msgspec.convert({"paths": {"data": str(folder)}}, Settings)
    return replace(
        settings,
        sampling=SamplingSettings(threads=1),
        line=LineSettings(beat_seconds=0.5),
        workers=WorkerSettings(restart_seconds=0.1, pause_seconds=20.0),
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("real")
    made = real(folder)
    return replace(made, cards=replace(made.cards, files=(str(folder / "cards.jsonl"),)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(settings: Settings) -> AsyncIterator[Day]:
    """One crew for all: loading torch again costs more than everything that is asked of it.

    The tests go by the order in this file: its cards cannot be read until the first has
    mended them, and its drawer has yet to load everything when the second begins.
    """
    Path(settings.cards.files[0]).write_text("no card\n")
    async with a_day(settings) as one:
        yield one


async def by_hand(settings: Settings, request: Request, job: str) -> list[Picture]:
    with closing(open_house(settings)) as house:
        async with aclosing(house.imagine(request, job)) as events:
            drawn = [event async for event in events if isinstance(event, Drawn)]
    return sorted((one.picture for one in drawn), key=lambda each: each.manifest.shot.index)


@pytest.mark.asyncio(loop_scope="module")
async def test_cards_that_cannot_be_read_end_the_job_with_a_sentence_not_the_planner(
    day: Day, settings: Settings
) -> None:
    (job,) = await day.accept(wish(PROMPT, preset="base"))
    ended = await day.until(job, "failed", seconds=120)
    planner = day.pid(day.supervisor.planner)
    assert ended.error == "BadCards"
    assert "line 1" in (ended.sentence or "")
    Path(settings.cards.files[0]).write_text("")
    (job,) = await day.accept(wish(PROMPT, steps=150, count=1, preset="base"))
    await day.until(job, "planned", "drawn", seconds=240)
    assert day.pid(day.supervisor.planner) == planner
    await cancel(day, job)


async def cancel(day: Day, job: str) -> None:
    await day.line.cancel(job, 1, time.time())
    await day.dispatcher.cancel(job)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cancel_while_the_checkpoint_is_loaded_is_heard(day: Day) -> None:
    (job,) = await day.accept(wish(PROMPT, steps=150, preset="base"))
    await day.until(job, "planned", seconds=240)

    async def given() -> bool:
        return "drawing" in day.told(job)

    await reached(given, 60)
    await cancel(day, job)

    async def let_go() -> bool:
        return job not in day.dispatcher._hands.jobs

    await reached(let_go, 120)
    assert (await day.job(job)).state == "cancelled"
    assert "step" not in day.told(job), "it was let go of before its first step"


@pytest.mark.asyncio(loop_scope="module")
async def test_what_the_crew_draws_is_what_the_engine_would_have_drawn(
    day: Day, settings: Settings
) -> None:
    (job,) = await day.accept(wish(PROMPT, steps=3, seed=11))
    await day.until(job, "drawn", seconds=240)
    crew = [each.picture for each in await day.line.positions(job)]
    assert await _memory_goes_back(day)
    await _the_planner_is_of_use(day, crew)
    engine = await by_hand(settings, wish(PROMPT, steps=3, seed=11).request, job)
    assert len(crew) == len(engine) == 4
    for ours, theirs in zip(crew, engine, strict=True):
        assert ours is not None
        assert ours.manifest == theirs.manifest
        pixels, manifest = read(Path(ours.path))
        assert manifest == theirs.manifest
        assert np.array_equal(pixels, read(Path(theirs.path))[0])
        assert ours.id == theirs.id, "the very same file"


async def _memory_goes_back(day: Day) -> bool:
    """A pause unloads the checkpoint in the same process, and gives its memory back."""
    name = day.drawer()
    loaded = _resident(day.pid(name))
    await day.line.pause(1, time.time())
    day.dispatcher.wake()

    async def rests() -> bool:
        here = day.supervisor._at(name)
        return here is not None and here._here is not None and not here._here.loaded

    await reached(rests, 60)
    await day.line.resume(1, time.time())
    return day.drawer() == name and _resident(day.pid(name)) < loaded


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


async def _the_planner_is_of_use(day: Day, crew: list[Picture | None]) -> None:
    shelf = await day.supervisor.ask(Search(call=0, text="", k=5))
    assert isinstance(shelf, Found)
    assert len(shelf.candidates) == 5
    assert shelf.total > 5
    page = await day.supervisor.ask(Search(call=0, text="", k=5, offset=5))
    assert isinstance(page, Found)
    ids = [one.adapter.card_id for one in (*shelf.candidates, *page.candidates)]
    assert len(set(ids)) == 10
    near = await day.supervisor.ask(Search(call=0, text="pencil", k=5))
    assert isinstance(near, Found)
    assert "pencil" in near.candidates[0].adapter.name.casefold()
    assert len({one.adapter.card_id for one in near.candidates}) == 5
    strict = Search(call=0, text="", policy=Policy(most_rating="g", commercial_only=True), k=99)
    allowed = await day.supervisor.ask(strict)
    assert isinstance(allowed, Found)
    assert {one.adapter.rating for one in allowed.candidates} == {"g"}
    first = crew[0]
    assert first is not None
    data = Path(first.path).read_bytes()
    told = await day.supervisor.ask(Inspect(call=0, data=data))
    assert told == Inspected(call=_call(told), manifest=first.manifest)
    small = Pack(call=0, paths=(first.path,), most_each=len(data) // 2, most_all=len(data))
    packed = await day.supervisor.ask(small)
    assert isinstance(packed, Packed)
    assert Path(packed.paths[0]).suffix == ".webp"


def _call(frame: object) -> int:
    assert isinstance(frame, Inspected)
    return frame.call


def test_by_hand_it_reads_the_settings_as_stylus_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = Arguments()
    given.inherit, given.config, given.flags, given.device = False, None, [], "cuda:3"
    settings = settings_of(given)
    assert settings.sampling.device == "cuda:3"
