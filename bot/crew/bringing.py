"""Jobs that are planned and wait for files: asked of the planner beside all its other work.

Law of this file: a job that waits here is still `queued` in the line, under the lease of
the planner that fetches for it.  So it takes nobody's room among planned and running
jobs, whoever dies gives it back to its place by the ways that are there for that, and
nothing of a plan stands in the line before it can be drawn.  The road not taken, a
planned job with a mark that its files are missing, needs a column and a second desk in
every question of fairness, to save one planning after a crash.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from bot.clock import Clock
from bot.crew.arranging import keep, refused
from bot.crew.bus import News
from bot.crew.owing import Owing
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.crew.told import Told
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from bot.refusals import NoWorker
from stylus_engine.model import Fetching
from stylus_engine.workers.frames import Arranged, Drop, Fetch, Fetched

Lost: TypeAlias = Callable[[str], Awaitable[None]]


@dataclass(eq=False)
class Bringing:
    """`ended` is called after each job, `lost` with the name of a planner that is gone."""

    line: Line
    crew: Crew
    teller: Teller
    owing: Owing
    clock: Clock
    ended: Callable[[], None]
    lost: Lost
    group: asyncio.TaskGroup | None = None  # None: nobody is waited for, the line gives all back
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])

    @property
    def jobs(self) -> frozenset[str]:
        """Who waits for files."""
        return frozenset(self._tasks)

    def start(self, planner: str, job: Job, answer: Arranged) -> None:
        """Returns at once; the job is kept, failed or given back when its files are here or given up."""
        if self.group is None:
            return
        before = self._tasks.get(job.id)
        if before is not None:  # of a planner that died a moment ago
            before.cancel()
        waiting = self._brought(planner, job, answer)
        self._tasks[job.id] = self.group.create_task(waiting, name=f"files of {job.id}")

    async def drop(self, job: str) -> None:
        """Nobody wants this job any more.

        The planner is told after our question is sent, or never will be: it cannot come later.
        """
        task = self._tasks.pop(job, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self.crew.planner is not None:
            await self.crew.send(self.crew.planner, Drop(job=job))

    def stop(self) -> None:
        """Wait for no file any more; the line gives the jobs back."""
        self.group = None
        for task in self._tasks.values():
            task.cancel()

    async def _brought(self, planner: str, job: Job, answer: Arranged) -> None:
        try:
            await self.owing.or_fail(job, partial(self._asked, planner, job, answer))
        finally:
            if self._tasks.get(job.id) is asyncio.current_task():
                del self._tasks[job.id]
            self.ended()

    async def _asked(self, planner: str, job: Job, answer: Arranged) -> None:
        if not await self._wanted(job):
            return None
        question = Fetch(call=0, job=job.id, shots=answer.shots, whose=str(job.origin.user))
        try:
            got = await self.crew.ask(question, hear=partial(self._hear, job.id))
        except NoWorker:
            return await self.lost(planner)
        except Told as told:
            return await refused(self.line, self.teller, job, told, self.clock)
        if not isinstance(got, Fetched):
            raise TypeError(f"asked to fetch, the planner answered {type(got).__name__}")
        return await keep(self.line, self.teller, job, answer, got.lost, self.clock)

    async def _wanted(self, job: Job) -> bool:
        """A cancel may have come before we were there to hear it."""
        now = await self.line.job(job.id)
        return now is not None and now.state == "queued" and now.fence == job.fence

    def _hear(self, job: str, event: Fetching) -> None:
        told = News(job, "fetching", step=event.done, of=event.of, name=event.name)
        self.teller.news(told)
