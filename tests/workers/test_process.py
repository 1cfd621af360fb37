"""Real processes: they come, answer, draw, and end when they must."""

import asyncio
import logging
from contextlib import aclosing
from pathlib import Path

import pytest
from msgspec.structs import replace

from stylus_engine.model import Drawn, Failed, Request, Shot, Stepped
from stylus_engine.pictures.store import manifest_of
from stylus_engine.workers.frames import (
    Arrange,
    Beat,
    Cards,
    Draw,
    Drop,
    Found,
    Happened,
    Inspect,
    Inspected,
    Lookup,
    Pack,
    Packed,
    Refused,
    Rest,
    Rested,
    Role,
    Search,
)
from stylus_engine.workers.process import WorkerProcess
from tests.workers.beside import arranged, asked, events_until, shots_for, started

pytestmark = pytest.mark.slow


@pytest.mark.asyncio
async def test_a_planner_answers_every_kind_of_question(tmp_path: Path) -> None:
    async with started(tmp_path, "planner") as planner:
        assert (planner.ready.role, planner.ready.adapters) == ("planner", 6)
        plan = await arranged(planner)
        assert (len(plan.order), plan.total, len(plan.shots)) == (63, 63, 4)
        assert [shot.recipe.mask.code for shot in plan.shots] == list(plan.order[:4])
        found = await asked(planner, Search(call=2, text="ink", k=1, offset=1))
        assert isinstance(found, Found)
        assert [one.adapter.name for one in found.candidates] == ["Ink B"]
        assert found.total == 2
        cards = await asked(planner, Lookup(call=3, names=("city a", "nobody", "Ink B")))
        assert isinstance(cards, Cards)
        assert [card.name for card in cards.adapters] == ["City A", "Ink B"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("role", "done"), [("planner", "indexed"), ("drawer", "warmed")])
async def test_a_worker_makes_itself_ready_before_anybody_asks(
    tmp_path: Path, role: Role, done: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "stylus.worker")
    async with started(tmp_path, role):
        async with asyncio.timeout(20):
            while not (tmp_path / "pictures" / done).exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
    assert not [record.message for record in caplog.records if "not ready" in record.message]


@pytest.mark.asyncio
async def test_a_refusal_names_its_class_and_says_its_sentence(tmp_path: Path) -> None:
    async with started(tmp_path, "planner") as planner:
        request = Request(prompt="REFUSE this please")
        refused = await asked(planner, Arrange(call=9, job="j", request=request))
        assert isinstance(refused, Refused)
        assert (refused.call, refused.kind) == (9, "UnknownName")
        assert refused.sentence.startswith("There is no adapter called “REFUSE”.")
        odd = await asked(planner, Rest(call=10))
        assert isinstance(odd, Refused)
        assert (odd.call, odd.kind) == (10, "Unsupported")


@pytest.mark.asyncio
async def test_hostile_pictures_are_refused_in_the_worker(tmp_path: Path) -> None:
    async with started(tmp_path, "planner") as planner:
        for data in (b"", b"\x89PNG\r\n\x1a\n" + b"\xff" * 64, b"GIF89a" * 1000):
            refused = await asked(planner, Inspect(call=1, data=data))
            assert isinstance(refused, Refused)
            assert refused.kind == "BadManifest"
        refused = await asked(planner, Pack(call=2, paths=("/no",), most_each=1, most_all=1))
        assert isinstance(refused, Refused)


@pytest.mark.asyncio
async def test_a_drawer_draws_keeps_and_what_it_kept_can_be_read_and_packed(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path)
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=7, shots=shots))
        events = await events_until(drawer, 4, fence=7)
    drawn = {event.shot: event.picture for event in events if isinstance(event, Drawn)}
    assert set(drawn) == {shot.id for shot in shots}
    assert sum(isinstance(event, Stepped) for event in events) == 12
    for shot in shots:
        assert manifest_of(Path(drawn[shot.id].path)).shot == shot
    path = Path(drawn[shots[0].id].path)
    async with started(tmp_path, "planner") as planner:
        told = await asked(planner, Inspect(call=1, data=path.read_bytes()))
        assert isinstance(told, Inspected)
        assert told.manifest is not None
        assert told.manifest.shot == shots[0]
        room = path.stat().st_size
        packed = await asked(
            planner, Pack(call=2, paths=(str(path),), most_each=room, most_all=room, strip=True)
        )
        assert isinstance(packed, Packed)
        assert Path(packed.paths[0]).stat().st_size < room


@pytest.mark.asyncio
async def test_two_jobs_are_drawn_at_the_same_time(tmp_path: Path) -> None:
    one = (await shots_for(tmp_path, steps=20, count=2))[:2]
    two = tuple(_renamed(shot, "other") for shot in one)
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=one))
        await drawer.send(Draw(job="other", fence=1, shots=two))
        events = await events_until(drawer, 4)
    order = [event.job for event in events if isinstance(event, Stepped)]
    assert order.index("other") < len(order) - 1 - order[::-1].index("job")


def _renamed(shot: Shot, job: str) -> Shot:
    return replace(shot, job=job, id=f"{job}-{shot.index + 1}")


@pytest.mark.asyncio
async def test_a_dropped_job_ends_as_cancelled_and_the_other_goes_on(tmp_path: Path) -> None:
    one = await shots_for(tmp_path, steps=100, count=2)
    two = tuple(_renamed(shot, "other") for shot in await shots_for(tmp_path, steps=5, count=2))
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=one))
        await drawer.send(Draw(job="other", fence=1, shots=two))
        await drawer.send(Drop(job="job"))
        events = await events_until(drawer, 4)
        await drawer.send(Drop(job="never heard of"))
        ended = {event.shot: event for event in events if isinstance(event, Drawn | Failed)}
        kinds = {name: getattr(event, "kind", "drawn") for name, event in ended.items()}
        assert kinds == {
            "job-1": "Cancelled", "job-2": "Cancelled", "other-1": "drawn", "other-2": "drawn",
        }  # fmt: skip


@pytest.mark.asyncio
async def test_a_job_that_comes_again_is_drawn_under_its_new_fence(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path, steps=30)
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=shots))
        await drawer.send(Draw(job="job", fence=2, shots=shots))
        ends: dict[int, list[str]] = {1: [], 2: []}
        async with aclosing(drawer.frames()) as frames:
            async for frame in frames:
                if isinstance(frame, Happened) and isinstance(frame.event, Drawn | Failed):
                    ends[frame.fence].append(type(frame.event).__name__)
                if len(ends[2]) == 4:
                    break
    assert ends == {1: ["Failed"] * 4, 2: ["Drawn"] * 4}


@pytest.mark.asyncio
async def test_a_drop_right_behind_finds_every_drawing_that_came_before_it(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path, steps=150)
    async with started(tmp_path, "drawer") as drawer:
        for fence in (1, 2, 3):
            await drawer.send(Draw(job="job", fence=fence, shots=shots))
        await drawer.send(Drop(job="job"))
        ended = await ends(drawer, 12)
        assert ended == {fence: ["Cancelled"] * 4 for fence in (1, 2, 3)}
        await drawer.send(Draw(job="job", fence=4, shots=tuple(replace(s, steps=2) for s in shots)))
        assert await ends(drawer, 4) == {4: ["drawn"] * 4}


async def ends(worker: WorkerProcess, count: int) -> dict[int, list[str]]:
    """How the next `count` shots end, under each fence."""
    found: dict[int, list[str]] = {}
    async with aclosing(worker.frames()) as frames:
        async for frame in frames:
            if isinstance(frame, Happened) and isinstance(frame.event, Drawn | Failed):
                kinds = found.setdefault(frame.fence, [])
                kinds.append(getattr(frame.event, "kind", "drawn"))
            if sum(map(len, found.values())) == count:
                break
    return found


@pytest.mark.asyncio
async def test_a_drawer_rests_and_draws_again(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path, count=1)
    async with started(tmp_path, "drawer") as drawer:
        for _ in range(2):
            await drawer.send(Draw(job="job", fence=1, shots=shots))
            await events_until(drawer, 1)
            assert await asked(drawer, Rest(call=3)) == Rested(call=3)


@pytest.mark.asyncio
async def test_a_planner_that_is_asked_to_draw_says_so(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path)
    async with started(tmp_path, "planner") as planner:
        await planner.send(Draw(job="job", fence=1, shots=shots))
        events = await events_until(planner, 4)
    assert {event.kind for event in events if isinstance(event, Failed)} == {"Unsupported"}


@pytest.mark.asyncio
async def test_beats_come_while_it_works_and_count_its_steps(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path, steps=60)
    beats: list[Beat] = []
    async with started(
        tmp_path, "drawer", "--beat-seconds", "0.05", "--step-seconds", "0.01"
    ) as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=shots))
        async with aclosing(drawer.frames()) as frames:
            async for frame in frames:
                if isinstance(frame, Beat):
                    beats.append(frame)
                if len(beats) == 6:
                    break
    steps = [beat.steps for beat in beats]
    assert steps == sorted(steps)
    assert len(set(steps)) >= 4
    assert beats[-1].loaded


@pytest.mark.asyncio
async def test_what_it_prints_is_logged_and_never_read_as_frames(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "stylus.worker")
    shots = await shots_for(tmp_path, "NOISE ONCE here", count=1)
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=shots))
        assert isinstance((await events_until(drawer, 1))[-1], Drawn)
    assert any("a frame?" in record.message for record in caplog.records)
    assert max(len(record.message) for record in caplog.records) < 2100
