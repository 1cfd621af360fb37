"""The drawer's desk: many jobs in flight on one sampler, each let go of by its name."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from stylus_engine.errors import Busy, Cancelled, DeviceLost, StylusError, Unsupported, public
from stylus_engine.model import Adapter, Drawn, Event, Failed, Shot
from stylus_engine.workers.frames import Draw, FromWorker, Prepare, Ready, Rest, Rested
from stylus_engine.workers.serving import Question, Tell, TellFetching


class Drawing(Protocol):
    """What the desk asks of the engine."""

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        ...

    @property
    def counts(self) -> dict[str, int]:
        """See `Atelier.counts`."""
        ...

    def warm(self) -> None:
        """Load the libraries that draw, but no checkpoint."""
        ...

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Walker.draw`."""
        ...

    def cancel(self, shot: str) -> None:
        """See `Sampler.cancel`."""
        ...

    def prepare(self, job: str, adapter: Adapter, *, likely: bool = False) -> None:
        """See `Atelier.prepare`."""
        ...

    def drop(self, job: str) -> None:
        """Nobody draws this job any more."""
        ...

    async def rest(self) -> bool:
        """Let go of what is heavy; whether it is gone."""
        ...


@dataclass(eq=False)
class _Work:
    """One job in hand: the shots that have not ended, and whether it was called off."""

    job: str
    open_shots: set[str]
    called_off: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, event: Event) -> None:
        if isinstance(event, Drawn | Failed):
            self.open_shots.discard(event.shot)


class DrawingDesk:
    """Implements `serving.Desk` for the role "drawer"."""

    def __init__(self, engine: Drawing, slots: int, checkpoints: tuple[str, ...] = ()) -> None:
        self._engine = engine
        self._slots = slots
        self._checkpoints = checkpoints
        self._works: list[_Work] = []
        self._steps = 0

    @property
    def steps(self) -> int:
        """Every event counts: a slot taken, a step, an end."""
        return self._steps

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        return self._engine.loaded

    @property
    def counts(self) -> dict[str, int]:
        """What became of adapters since the start."""
        return self._engine.counts

    def ready(self) -> Ready:
        """Nothing is loaded before the first job."""
        return Ready(
            role="drawer", pid=os.getpid(), slots=self._slots, checkpoints=self._checkpoints
        )

    async def open(self) -> None:
        """Nobody waits yet: this is the time to load libraries."""
        self._engine.warm()

    async def answer(self, question: Question, tell: TellFetching) -> FromWorker:  # noqa: ARG002 - nothing is fetched here
        """Raises `Busy` when a job keeps the checkpoint in memory, `Unsupported`."""
        if not isinstance(question, Rest):
            raise Unsupported(what=f"{type(question).__name__} at a drawer")
        if not await self._engine.rest():
            raise Busy(slots=self._slots)
        return Rested(call=question.call)

    async def draw(self, work: Draw, tell: Tell) -> None:
        """Tell the events of one job; a job that comes again waits until its old shots have left."""
        mine = _Work(work.job, {shot.id for shot in work.shots})
        before = self._of(work.job)
        self.drop(work.job)
        self._works.append(mine)
        try:
            for other in before:
                await other.done.wait()
            await self._drawn(work, mine, tell)
        finally:
            self._works.remove(mine)
            mine.done.set()

    def prepare(self, wish: Prepare) -> None:
        """What a language model has named, or may name; looked at only while a checkpoint is in memory."""
        self._engine.prepare(wish.job, wish.adapter, likely=wish.likely)

    def drop(self, job: str) -> None:
        """Its open shots end in `Failed(kind="Cancelled")` at the next step."""
        self._engine.drop(job)
        for work in self._of(job):
            work.called_off = True
            for shot in work.open_shots:
                self._engine.cancel(shot)

    def _of(self, job: str) -> list[_Work]:
        return [work for work in self._works if work.job == job]

    async def _drawn(self, work: Draw, mine: _Work, tell: Tell) -> None:
        try:
            while not await self._walked(work, mine, tell):
                await self._room(mine)
        except (
            DeviceLost
        ):  # it breaks every later drawing too: this process ends, the next one draws
            raise
        except StylusError as error:
            for shot in sorted(mine.open_shots):
                tell(_failed(work.job, shot, error))

    async def _walked(self, work: Draw, mine: _Work, tell: Tell) -> bool:
        """Draw what is open; False: the sampler takes no more while others draw."""
        if mine.called_off:
            raise Cancelled(done=0)
        shots = [shot for shot in work.shots if shot.id in mine.open_shots]
        try:
            async with aclosing(self._engine.draw(work.job, shots)) as events:
                async for event in events:
                    self._steps += 1
                    mine.heard(event)
                    tell(event)
        except Busy:
            if self._others(mine):
                return False
            raise
        return True

    async def _room(self, mine: _Work) -> None:
        """Wait until one of the others has ended."""
        waits = [asyncio.create_task(other.done.wait()) for other in self._others(mine)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _others(self, mine: _Work) -> list[_Work]:
        return [work for work in self._works if work is not mine]


def _failed(job: str, shot: str, error: StylusError) -> Failed:
    return Failed(job=job, shot=shot, kind=type(error).__name__, sentence=public(error))
