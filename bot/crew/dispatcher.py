"""From the line to the workers and back: the only one who claims.

    feed   planned jobs -> drawers, whenever one has room
    plan   queued jobs -> the planner, one at a time and not far ahead; files that one
           lacks come beside that, and beside each other
    hear   what workers say -> the line, under the fence it was given with
    spare  while the line has nothing for anybody: checks of adapters

Each job's handling fails alone: what goes wrong unexpectedly ends that job with a
sentence, never a loop.  Only `LeaseLost` (another bot has the database) ends `run`.
"""

import asyncio
import logging
from functools import partial
from typing import Protocol

from bot.clock import Clock
from bot.crew.bell import Bell
from bot.crew.bus import Bus, News, What
from bot.crew.claiming import Claiming
from bot.crew.deciding import Kitchen, plans_more
from bot.crew.feeding import Feeding
from bot.crew.giving_up import GivingUp
from bot.crew.hands import Hands
from bot.crew.hearing import Hearing
from bot.crew.ordering import Ordering
from bot.crew.owing import Owing
from bot.crew.signals import Came, Heard, Signal, Went
from bot.crew.spare_time import SpareTime
from bot.crew.staff import Crew, Pace
from bot.crew.standing_down import StandingDown
from bot.crew.telling import Hearer, Teller, nobody
from bot.jobs.line import LeaseLost, Line
from bot.refusals import LineAway
from bot.steadily import steadily
from stylus_engine.workers.frames import Beat, Happened, Named, Prepare

LOG = logging.getLogger("stylus.crew")


class Dispatcher:
    """Runs the crew's day. Made anew for every `run`."""

    def __init__(
        self,
        line: Line,
        crew: Crew,
        bus: Bus,
        clock: Clock,
        pace: Pace,
        *,
        on_drawn: Hearer = nobody,
        on_ended: Hearer = nobody,
    ) -> None:
        self._line = line
        self._crew = crew
        self._clock = clock
        self._pace = pace
        self._teller = Teller(bus, on_drawn, on_ended)
        self._owing = Owing(line, self._teller, clock)
        self._hands = Hands()
        self._spare = SpareTime(crew, clock, pace.idle)
        self._food, self._orders = Bell(), Bell()
        self._paused = self._draining = self._hungry = False
        self._hearing = Hearing(
            line, crew, self._hands, self._teller, self._owing, clock, self._food
        )
        self._claiming = Claiming(
            line, self._teller, self._owing, clock, "planned", lambda: self._hands.jobs
        )
        self._feeding = Feeding(
            line, crew, self._hands, self._hearing, self._teller, self._owing, self._spare, clock,
            self._claiming,
        )  # fmt: skip
        self._ordering = Ordering(
            line, crew, self._teller, self._owing, self._spare, clock, self._food
        )
        self._stand_down = StandingDown(crew, self._hands, self._hearing, clock, pace.pause_seconds)
        self._giving_up = GivingUp(line, crew, self._teller, clock, pace.no_worker_hours)

    async def run(self) -> None:
        """Until it is cancelled. Raises `LeaseLost`."""
        while not await steadily(self._take_over, "giving back what another process held"):
            await self._clock.sleep(self._pace.beat_seconds)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._ordering.open(tasks)
                self._hearing.open(tasks)
                tasks.create_task(self._hear_all(), name="hear")
                tasks.create_task(self._again(self._feed, self._food), name="feed")
                tasks.create_task(self._again(self._plan, self._orders), name="plan")
                tasks.create_task(self._again(self._look_round, Bell()), name="look round")
                tasks.create_task(self._again(self._use_spare_time, self._spare.bell), name="spare")
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _take_over(self) -> None:
        self._teller.all_became(await self._line.released(None, self._clock.now()))

    def wake(self) -> None:
        """The line has changed: a new job, a cancel, a pause."""
        self._food.ring()
        self._orders.ring()

    async def cancel(self, job: str) -> None:
        """The line has cancelled this job: its drawer lets go of it at the next step, its planner now."""
        await self._hearing.drop(job)
        await self._ordering.drop(job)
        self._teller.became(await self._line.job(job))
        self.wake()

    async def drain(self, seconds: float) -> None:
        """Take nothing new, wait for what is being drawn, then give the rest back uncounted.

        Nobody waits for files: how long they take is other people's affair.
        """
        self._draining = True
        self._ordering.stop()
        await self._spare.give_way()
        end = self._clock.ticks() + seconds
        while (self._hands.jobs or self._ordering.planning) and self._clock.ticks() < end:
            await self._hearing.put_away.wait(min(1.0, end - self._clock.ticks()))
        for job in self._hands.jobs:
            await self._hearing.drop(job)
        self._teller.all_became(await self._line.released(None, self._clock.now()))

    @property
    def in_hand(self) -> int:
        """How many jobs are being planned or drawn, or wait for files."""
        return len(self._hands.jobs) + len(self._ordering.jobs)

    # --- feed ----------------------------------------------------------------------

    async def _feed(self) -> None:
        await self._follow_the_pause()
        if self._paused or self._draining:
            return
        self._hungry = False
        while not self._hungry and (worker := await self._feeding.who()) is not None:
            self._hungry = not await self._feeding.next(worker)
            self._orders.ring()

    async def _follow_the_pause(self) -> None:
        """The line says whether the bot is paused; here it is only carried out."""
        paused = await self._line.paused()
        if paused == self._paused:
            return
        before, self._paused = self._paused, paused
        try:
            if paused:
                await self._spare.give_way()
                await self._stand_down.all(tuple(self._crew.drawers))
                self._claiming.doubt()
            await self._tell_who_waits("paused" if paused else "resumed")
        except BaseException:
            self._paused = before  # the next turn does it once more
            raise

    async def _tell_who_waits(self, what: What) -> None:
        for job in await self._line.unfinished():
            if job.state in {"queued", "planned"}:
                self._teller.news(News(job.id, what))

    # --- plan ----------------------------------------------------------------------

    async def _plan(self) -> None:
        while not (self._paused or self._draining) and await self._wants_plans():
            planner = self._crew.planner
            if planner is None:
                return
            if not await self._ordering.next(planner):
                return
            self._hearing.put_away.ring()

    async def _wants_plans(self) -> bool:
        counts = await self._line.counts("planned")
        waiting = counts.get("planned", 0) - len(self._hands.jobs)
        return plans_more(Kitchen(len(self._crew.drawers), waiting, self._hungry))

    # --- spare time ----------------------------------------------------------------

    async def _use_spare_time(self) -> None:
        await self._spare.turn(quiet=await self._quiet())

    async def _quiet(self) -> bool:
        """Whether nobody waits, and nobody is being served."""
        if self._paused or self._draining or self.in_hand:
            return False
        return not any((await self._line.counts("queued", "planned")).values())

    # --- hear ----------------------------------------------------------------------

    async def _hear_all(self) -> None:
        while True:
            signal = await self._crew.signals.get()
            try:
                await self._hear(signal)
            except LeaseLost:
                raise
            except LineAway as away:
                LOG.warning("misheard %s: %s", type(signal).__name__, away)
            except Exception:  # one word misheard may not make us deaf
                LOG.exception("misheard %s", signal)

    async def _hear(self, signal: Signal) -> None:
        match signal:
            case Came():
                self.wake()
            case Went(worker=worker):
                await self._gone(worker)
            case Heard(worker=worker, frame=Beat()):
                planning = self._ordering.jobs and worker == self._crew.planner
                if self._hands.of(worker) or planning:
                    await self._line.extend(worker, self._clock.now())
            case Heard(worker=worker, frame=Happened() as frame):
                self._spare.heard(worker, frame)
                self._hearing.happened(worker, frame)
            case Heard(frame=Named() as named):
                wish = Prepare(job=named.job, adapter=named.adapter, likely=named.likely)
                for drawer in self._crew.drawers:
                    await self._crew.send(drawer, wish)
            case _:
                pass

    async def _gone(self, worker: str) -> None:
        self._spare.gone(worker)
        counted = not self._draining
        await self._hearing.gone(worker, counted=counted, spared=self._ordering.innocent)
        self.wake()

    # --- look round ----------------------------------------------------------------

    async def _look_round(self) -> None:
        """What no word from a worker will ever mend."""
        await self._owing.settle()
        now = self._clock.now()
        names = {*self._crew.drawers, self._crew.planner}
        overdue = {job.owner for job in await self._line.expired(now)} - {None}
        for owner in sorted(str(name) for name in overdue):
            asleep = partial(self._line.extend, owner, now)  # we were, not the worker
            back = asleep if owner in names else partial(self._gone, owner)
            await steadily(back, "taking back what is overdue")
        await self._giving_up.turn(now)

    async def _again(self, turn: "Turn", bell: Bell) -> None:
        while True:
            try:
                await turn()
            except LeaseLost:
                raise
            except LineAway as away:
                LOG.warning("a turn is made again: %s", away)
            except Exception:  # a turn that failed is made again: the line holds all that counts
                LOG.exception("a turn failed")
            await bell.wait(self._pace.beat_seconds)


class Turn(Protocol):
    """One round of a loop."""

    async def __call__(self) -> None:
        """Make it."""
        ...
