"""From the line to the planner: one job is planned at a time, files for many come beside that."""

import asyncio
from functools import partial

from bot.clock import Clock
from bot.crew.arranging import arrange, keep
from bot.crew.bell import Bell
from bot.crew.bringing import Bringing
from bot.crew.bus import News
from bot.crew.claiming import Claiming
from bot.crew.owing import Owing
from bot.crew.spare_time import SpareTime
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from bot.refusals import NoWorker


class Ordering:
    """What the planner has in hand. `fed` rings when a job may be ready to be drawn."""

    def __init__(
        self,
        line: Line,
        crew: Crew,
        teller: Teller,
        owing: Owing,
        spare: SpareTime,
        clock: Clock,
        fed: Bell,
    ) -> None:
        self.planning: str | None = None  # the job that is being planned
        self._line = line
        self._crew = crew
        self._teller = teller
        self._owing = owing
        self._spare = spare
        self._clock = clock
        self._fed = fed
        self._bringing = Bringing(line, crew, teller, owing, clock, fed.ring, self._lost)
        self._claiming = Claiming(line, teller, owing, clock, "queued", lambda: self.jobs)

    def open(self, group: asyncio.TaskGroup) -> None:
        """Who waits for files does so in this group, as long as it lasts."""
        self._bringing.group = group

    @property
    def jobs(self) -> frozenset[str]:
        """Jobs that are being planned or wait for files."""
        planning = (self.planning,) if self.planning else ()
        return self._bringing.jobs.union(planning)

    @property
    def innocent(self) -> frozenset[str]:
        """Jobs that only wait for files while the planner works on another one: no attempt of theirs."""
        return self._bringing.jobs - {self.planning} if self.planning else frozenset()

    async def next(self, planner: str) -> bool:
        """Have the next job planned; False: nobody waits for it."""
        job = await self._claiming.next(self._line.claim_plan, planner)
        if job is None:
            return False
        self.planning = job.id
        try:
            await self._owing.or_fail(job, partial(self._planned, planner, job))
        finally:
            self.planning = None
        self._fed.ring()
        return True

    async def drop(self, job: str) -> None:
        """Nobody wants this job any more."""
        if job in self.jobs:
            await self._bringing.drop(job)

    def stop(self) -> None:
        """Wait for no file any more."""
        self._bringing.stop()

    async def _planned(self, planner: str, job: Job) -> None:
        await self._spare.give_way()
        self._teller.news(News(job.id, "planning", count=job.request.count))
        try:
            answer = await arrange(self._line, self._crew, self._teller, job, self._clock)
        except NoWorker:
            await self._lost(planner)
            return
        if answer is not None and answer.absent:
            self._bringing.start(planner, job, answer)
        elif answer is not None:
            await keep(self._line, self._teller, job, answer, (), self._clock)

    async def _lost(self, planner: str) -> None:
        back = await self._line.lost(planner, self._clock.now(), self.innocent)
        self._teller.all_became(back)
