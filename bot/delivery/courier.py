"""The courier: looks into the line, and sees each job home in a task of its own.

A job that cannot be delivered now waits by itself; the others pass it.  Tasks hold
nothing that is not in the line, so they may be cut off anywhere.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Generic

from bot.crew.bus import News
from bot.crew.told import Told
from bot.delivery.office import Office
from bot.delivery.posting import Poster
from bot.delivery.status import Status
from bot.delivery.telling import ENDED, Teller
from bot.delivery.wire import Letter, Unreachable, WireError
from bot.jobs.database import LeaseLost
from bot.jobs.nouns import Job
from bot.refusals import LineAway, NoWorker
from bot.steadily import steadily
from stylus_engine.errors import DiskFull, StylusError

AT_ONCE = 8  # deliveries in progress; those that wait for another try do not count
LOOK_SECONDS = 15.0  # a look into the line without being woken
LATE_SECONDS = 5.0  # beyond the time for a first answer, before it is asked for
LONGEST_WAIT = 60.0
PATIENCE = 24 * 3600.0  # of one process with one job that Discord never answers to
MOST_MISHAPS = 5  # errors that nobody foresaw, before a job is given up
log = logging.getLogger(__name__)

Work = Callable[[str], Awaitable[bool]]  # whether there is more to do for the job


class Courier(Generic[Letter]):
    """Posts results, tells ends. One per bot."""

    def __init__(self, office: Office[Letter], status: Status[Letter]) -> None:
        self._line = office.line
        self._clock = office.clock
        self._limits = office.limits
        self._status = status
        self._poster = Poster(office)
        self._teller = Teller(office)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._awake = asyncio.Event()
        self._hands: dict[str, asyncio.Task[bool]] = {}
        self._answerless: set[str] = set()  # unacknowledged, and their token tells nothing
        self._left: frozenset[str] = frozenset()  # unanswered, by a process that is gone
        self._seen: dict[str, float] = {}  # unanswered -> the tick of the first look at it
        office.bus.subscribe(self._hear)

    def wake(self) -> None:
        """Look into the line at once."""
        self._awake.set()

    async def resume(self) -> None:
        """Take over what another process left behind. Once, when Discord can be reached."""
        await steadily(self._take_over, "a look for what was left")

    async def _take_over(self) -> None:
        """By name, not by when they were accepted: a clock is set, and an answer under way is ours."""
        left = [*await self._line.unacknowledged(), *await self._line.to_tell()]
        self._left = frozenset(job.id for job in left)
        await self._look()

    async def run(self) -> None:
        """Work until cancelled; whatever is in hand is then let go, and found again by `resume`."""
        try:
            while True:
                self._awake.clear()
                await steadily(self._look, "a look for deliveries")
                await self._pause()
        finally:
            await self._let_go()

    async def drain(self, seconds: float) -> None:
        """Wait until nothing is in hand, at most so long."""
        if at_work := self._at_work():
            await asyncio.wait(at_work, timeout=seconds)

    def _hear(self, news: News) -> None:
        if news.what in {"drawn", "failed", "cancelled"}:
            self.wake()

    async def _pause(self) -> None:
        """Until somebody wakes us, or it is time to look."""
        ends = [
            asyncio.ensure_future(self._awake.wait()),
            asyncio.ensure_future(self._clock.sleep(LOOK_SECONDS)),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ends:
                each.cancel()

    async def _look(self) -> None:
        untold = await self._line.to_tell()
        unsure = [*await self._line.unacknowledged(), *untold]
        now = self._clock.ticks()
        self._seen = {job.id: self._seen.get(job.id, now) for job in unsure}
        for job in unsure:
            if self._may_be_asked(job):
                self._take(job.id, self._probe)
        for job in await self._line.to_post():
            if self._may_be_answered(job):
                self._take(job.id, self._post)
        for job in untold:
            if self._may_be_answered(job):
                self._take(job.id, self._tell)

    def _may_be_asked(self, job: Job) -> bool:
        """Whether a first answer is overdue, or was left to us by a process that died."""
        late = self._limits.acknowledge + LATE_SECONDS
        due = job.id in self._left or self._clock.ticks() - self._seen[job.id] > late
        return due and not self._may_be_answered(job)

    def _may_be_answered(self, job: Job) -> bool:
        """Whether the first answer stands, or nobody can say so any more."""
        known = job.acknowledged_at is not None or job.id in self._answerless
        return known or self._clock.now() >= job.origin.token_until

    async def _post(self, name: str) -> bool:
        async with self._status.silence(name), self._gate:
            return await self._poster.post(name)

    async def _tell(self, name: str) -> bool:
        async with self._status.silence(name), self._gate:
            return await self._teller.tell(name)

    async def _probe(self, name: str) -> bool:
        async with self._gate:
            if not await self._teller.probe(name):
                self._answerless.add(name)
        return True

    def _take(self, name: str, work: Work) -> None:
        if name in self._hands:
            return
        self._hands[name] = asyncio.create_task(self._see_through(name, work))
        self._hands[name].add_done_callback(partial(self._put_down, name))

    def _put_down(self, name: str, task: "asyncio.Task[bool]") -> None:
        del self._hands[name]
        if not task.cancelled() and task.result():
            self.wake()

    async def _see_through(self, name: str, work: Work) -> bool:
        """Try until it is done; whether there is more to do for the job then."""
        began, mishaps = self._clock.ticks(), 0
        for wait in _waits():
            done = await self._once(name, work)
            if isinstance(done, bool):
                return done
            mishaps += not isinstance(done, WireError | StylusError)
            if self._is_hopeless(done, began, mishaps):
                return await self._once(name, partial(self._give_up, type(done).__name__)) is True
            await self._clock.sleep(max(wait, getattr(done, "after", 0.0)))
        return False

    async def _once(self, name: str, work: Work) -> bool | Exception:
        """The supervisor of one job: whatever happens to it, the others do not notice."""
        try:
            return await work(name)
        except LeaseLost:
            return False  # another bot lives here now; `Line.hold` ends this one
        except (WireError, StylusError) as said:
            log.info("job %s: %s", name, said)
            return said
        except Exception as unforeseen:
            # The one place that cannot know what may happen: it is logged, tried again,
            # and after MOST_MISHAPS the person is told that it was not delivered.
            log.exception("job %s: the delivery stumbled", name)
            return unforeseen

    def _is_hopeless(self, said: Exception, began: float, mishaps: int) -> bool:
        if _passes(said):
            return self._clock.ticks() - began > PATIENCE
        return isinstance(said, WireError | StylusError) or mishaps == MOST_MISHAPS

    async def _give_up(self, error: str, name: str) -> bool:
        """End a job whose letter cannot be written; an end that cannot be told counts as told."""
        job = await self._line.job(name)
        if job is None:
            return False
        if job.state in ENDED:
            await self._line.told(name, self._clock.now())
            return False
        return await self._line.undeliverable(name, error, self._clock.now())

    def _at_work(self) -> "list[asyncio.Task[Any]]":
        return [*self._hands.values(), *self._poster.bells]

    async def _let_go(self) -> None:
        tasks = self._at_work()
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _passes(said: Exception) -> bool:
    """Whether waiting helps: who was away comes back, somebody makes room on a full disk."""
    full = isinstance(said, Told) and said.kind == DiskFull.__name__
    return full or isinstance(said, Unreachable | NoWorker | LineAway)


def _waits() -> Iterator[float]:
    """1, 2, 4, … seconds, at most a minute, without end."""
    wait = 1.0
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_WAIT)
