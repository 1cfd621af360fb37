"""The walker: one thread, every job its own events, nothing left behind."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import aclosing

import pytest

from stylus_engine.errors import Busy, DrawFailed
from stylus_engine.model import Event, Failed, Recipe, Shot, Started, Stepped
from stylus_engine.walking import Walker


def shot(job: str, number: int = 1, steps: int = 3) -> Shot:
    return Shot(
        id=f"{job}-{number}",
        job=job,
        index=number - 1,
        recipe=Recipe(prompt="a"),
        seed=0,
        width=16,
        height=16,
        steps=steps,
        guidance=1.0,
        sampler="ddim",
    )


class Counter:
    """Implements the `Sampler` port by counting steps; every shot ends in `Failed`, which is terminal."""

    def __init__(self, slots: int = 32) -> None:
        self.slots = slots
        self.left: dict[str, Shot] = {}
        self.steps: dict[str, int] = {}
        self.walked_on: set[int] = set()
        self.closed = 0

    def admit(self, shot: Shot) -> None:
        if len(self.left) >= self.slots:
            raise Busy(slots=self.slots)
        self.left[shot.id] = shot

    def cancel(self, shot_id: str) -> None:
        if shot_id in self.left:
            self.steps[shot_id] = self.left[shot_id].steps

    def events(self) -> Generator[Event, None, None]:
        self.walked_on.add(threading.get_ident())
        try:
            while self.left:
                yield from self._step()
        finally:
            self.closed += 1

    def _step(self) -> Generator[Event, None, None]:
        for one in list(self.left.values()):
            step = self.steps.get(one.id, 0) + 1
            self.steps[one.id] = step
            if step > one.steps:
                del self.left[one.id]
                yield Failed(job=one.job, shot=one.id, kind="Done", sentence="counted")
            else:
                yield Stepped(job=one.job, shot=one.id, step=step, of=one.steps)


class Broken(Counter):
    """A sampler whose walk breaks."""

    def events(self) -> Generator[Event, None, None]:
        yield Started(job="a", shot="a-1")
        raise DrawFailed(why="the device was lost")


class Lazy(Counter):
    """A sampler that ends its walk without drawing."""

    def events(self) -> Generator[Event, None, None]:
        yield from ()


async def drawn(walker: Walker, *shots: Shot) -> list[Event]:
    async with aclosing(walker.draw(shots[0].job, shots)) as events:
        return [event async for event in events]


@pytest.mark.asyncio
async def test_jobs_drawn_together_hear_only_their_own_events_from_one_thread() -> None:
    sampler = Counter()
    walker = Walker(sampler)
    jobs = await asyncio.gather(*(drawn(walker, shot(j), shot(j, 2)) for j in "abcde"))
    walker.close()
    assert [{event.job for event in events} for events in jobs] == [{j} for j in "abcde"]
    assert [sum(isinstance(e, Failed) for e in events) for events in jobs] == [2] * 5
    assert len(sampler.walked_on) == 1
    assert threading.get_ident() not in sampler.walked_on


@pytest.mark.asyncio
async def test_leaving_a_drawing_cancels_what_is_unfinished_and_nothing_else() -> None:
    sampler = Counter()
    walker = Walker(sampler)
    other = asyncio.create_task(drawn(walker, shot("other", steps=50)))
    async with aclosing(walker.draw("left", [shot("left", steps=150)])) as events:
        await anext(events)
    assert isinstance((await other)[-1], Failed)
    walker.close()
    assert not sampler.left


@pytest.mark.asyncio
async def test_a_refused_shot_takes_its_whole_grid_back() -> None:
    sampler = Counter(slots=1)
    walker = Walker(sampler)
    with pytest.raises(Busy):
        await drawn(walker, shot("a"), shot("a", 2))
    walker.close()
    assert not sampler.left


@pytest.mark.asyncio
@pytest.mark.parametrize("sampler", [Broken(), Lazy()])
async def test_a_walk_that_breaks_is_told_and_never_waited_for(sampler: Counter) -> None:
    walker = Walker(sampler)
    with pytest.raises(DrawFailed):
        await asyncio.wait_for(drawn(walker, shot("a")), 5)
    walker.close()


@pytest.mark.asyncio
async def test_a_generator_is_closed_after_every_walk() -> None:
    sampler = Counter()
    walker = Walker(sampler)
    for _ in range(3):
        await drawn(walker, shot("a"))
        # The last event comes before the walk's end: a shot that came between would go along.
        await asyncio.wrap_future(walker.between(sampler.steps.clear))
    walker.close()
    assert sampler.closed == 3


def test_a_listener_whose_loop_is_gone_does_not_disturb_the_walk(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sampler = Counter()
    walker = Walker(sampler)

    async def leave_at_once() -> None:
        async with aclosing(walker.draw("a", [shot("a", steps=150)])) as events:
            await anext(events)

    asyncio.run(leave_at_once())
    walker.close()
    assert not sampler.left
    assert "Traceback" not in capfd.readouterr().err
