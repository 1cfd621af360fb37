"""The status message: what it says follows the news, slowly enough for Discord.

Law of this file: a failing edit is never an error, and no edit is ever under way
while a result or an end is being posted: `silence` waits for the one that is.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic

from bot.crew.bus import News
from bot.delivery.office import Office
from bot.delivery.roads import editable, token_lives
from bot.delivery.wire import Blocked, Letter, MessageGone, TokenGone, Unreachable, WireError
from bot.jobs.nouns import Job, Place
from bot.steadily import steadily
from stylus_engine.errors import StylusError

OPEN = frozenset({"queued", "planned"})  # states of a job whose message still shows its status
OVER = frozenset({"drawn", "failed", "cancelled"})  # news after which the courier speaks
WAITING = frozenset({"queued", "planned", "requeued", "paused", "resumed"})
NEAR = 0.1  # a change of progress that is worth an edit
SLOWEST = 10.0  # seconds between two edits of a message when there is much to do
CROWD = 20  # messages in motion, for each of which the pace is one step slower
LIMITED_SECONDS = 60.0  # so long after a 429 the pace is one step slower
LOOK_SECONDS = 1.0  # between two looks at the place of somebody who waits
TROUBLE_SECONDS = 15.0  # after a look that failed
READS = 8  # at one moment: a pause makes everybody who waits begin at once
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    """One message: what it says, what it should say."""

    job: str
    news: News
    shown: News | None = None
    place: Place | None = None
    edited_at: float | None = None
    tokenless: bool = False
    quiet: bool = False  # AutoMod stopped the prompt's words
    closed: bool = False
    hand: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while an edit is under way
    task: asyncio.Task[None] | None = None


class Status(Generic[Letter]):
    """Keeps every status message true. One per bot."""

    def __init__(self, office: Office[Letter], *, workers: Callable[[], int]) -> None:
        self._office = office
        self._workers = workers
        self._watches: dict[str, Watch] = {}
        self._waiting: dict[str, None] = {}  # in the order in which they are looked at
        self._moving = 0  # watches with a task
        self._gate = asyncio.Semaphore(READS)
        self._limited_at = float("-inf")
        office.bus.subscribe(self.hear)

    def limited(self) -> None:
        """Discord said 429: slower, for a while."""
        self._limited_at = self._office.clock.now()

    def hear(self, news: News) -> None:
        """What happened to a job; of many in a row the last one is shown."""
        if news.what in OVER:
            return
        watch = self._watches.get(news.job) or self._begin(news)
        watch.news = news
        if news.what in WAITING:
            self._waiting.setdefault(news.job)
        if is_worth_an_edit(watch.shown, news):
            self._start(watch)

    @asynccontextmanager
    async def silence(self, job: str) -> AsyncGenerator[None]:
        """No edit of this job's message is under way inside.

        None begins either: whoever posts does so for a state that is not `OPEN`.
        """
        if (watch := self._watches.pop(job, None)) is not None:
            await self._end(watch)
        yield

    async def run(self) -> None:
        """Look after those who wait, one a second, until cancelled."""
        step = self._take_over
        try:
            while True:
                well = await steadily(step, "a look at those who wait")
                step = self._look if well else step
                await self._office.clock.sleep(LOOK_SECONDS if well else TROUBLE_SECONDS)
        finally:
            for watch in self._watches.values():
                if watch.task is not None:
                    watch.task.cancel()

    def pace(self) -> float:
        """Seconds between two edits of one message."""
        limits, now = self._office.limits, self._office.clock.now()
        steps = 1 + self._moving // CROWD + (now - self._limited_at < LIMITED_SECONDS)
        return max(limits.edit, min(limits.edit * steps, SLOWEST))

    def _begin(self, news: News) -> Watch:
        """The first answer said already that it is queued, and where."""
        shown = news if news.what == "queued" else None
        self._watches[news.job] = Watch(news.job, news, shown)
        return self._watches[news.job]

    def _start(self, watch: Watch) -> None:
        if watch.task is None and not watch.closed:
            watch.task = asyncio.create_task(self._keep(watch))
            watch.task.add_done_callback(self._rested)
            self._moving += 1

    def _rested(self, _: asyncio.Task[None]) -> None:
        self._moving -= 1

    async def _end(self, watch: Watch) -> None:
        watch.closed = True
        async with watch.hand:  # not cancelled: a request that left may take effect any time
            pass
        if watch.task is not None:
            watch.task.cancel()

    async def _keep(self, watch: Watch) -> None:
        try:
            while not watch.closed and is_worth_an_edit(watch.shown, watch.news):
                await self._office.clock.sleep(await self._rest(watch))
                async with watch.hand:
                    await self._edit(watch)
        except Exception:
            # Supervisor of one message: a status that cannot be shown stops, and nothing else.
            log.exception("job %s: its status stumbled", watch.job)
            watch.closed = True
        finally:
            watch.task = None

    async def _rest(self, watch: Watch) -> float:
        """How long this message must still be left alone; its first answer counts as an edit.

        Never longer than the pace: a clock that was set back by an hour would ask for an hour.
        """
        if watch.edited_at is None:
            job = await self._job(watch.job)
            watch.edited_at = (job and (job.message_at or job.acknowledged_at)) or 0.0
        pace = self.pace()
        return min(pace, max(0.0, watch.edited_at + pace - self._office.clock.now()))

    async def _edit(self, watch: Watch) -> None:
        job = await self._job(watch.job)
        if watch.closed:
            return
        if job is None or job.state not in OPEN:
            self._watches.pop(watch.job, None)
            watch.closed = True
            return
        watch.edited_at = self._office.clock.now()
        if job.acknowledged_at is not None:
            await self._show(watch, job, watch.news)

    async def _show(self, watch: Watch, job: Job, news: News) -> None:
        place = await self._place(job) if news.what in WAITING else None
        try:
            await self._say(watch, job, news, place)
        except TokenGone:
            watch.tokenless = True
            return
        except Unreachable as said:
            log.info("job %s: status not shown: %s", job.id, said)
        except (WireError, StylusError) as said:
            log.info("job %s: no more status: %s", job.id, said)
            watch.closed = True
        watch.shown, watch.place = news, place

    async def _say(self, watch: Watch, job: Job, news: News, place: Place | None) -> None:
        clerk, quiet = self._office.clerk, watch.quiet
        try:
            await self._put(watch, job, await clerk.status(job, news, place, quiet=quiet))
        except Blocked:
            if quiet:
                raise
            watch.quiet = True
            await self._put(watch, job, await clerk.status(job, news, place, quiet=True))

    async def _put(self, watch: Watch, job: Job, letter: Letter) -> None:
        """Edit by the token, else as the bot. Raises `MessageGone` when neither reaches it."""
        office, now = self._office, self._office.clock.now()
        if token_lives(job, now, office.limits) and not watch.tokenless:
            await office.wire.edit_by_token(job, letter)
        elif editable(job, now, office.limits) and job.message and job.message_channel:
            await office.wire.edit_by_bot(job.message_channel, job.message, letter)
        else:
            raise MessageGone("no road to the message")
        if office.metrics is not None:
            office.metrics.edited()

    async def _place(self, job: Job) -> Place | None:
        async with self._gate:
            return await self._office.line.place(job.id, self._office.clock.now(), self._workers())

    async def _job(self, name: str) -> Job | None:
        async with self._gate:
            return await self._office.line.job(name)

    # --- those who wait: their place moves without any news of their own

    async def _take_over(self) -> None:
        """After a restart everybody who waits is told, at the pace of `run`."""
        for job in await self._office.line.unfinished():
            if job.state in OPEN and job.id not in self._watches:
                what = "queued" if job.state == "queued" else "planned"
                self._watches[job.id] = Watch(job.id, News(job=job.id, what=what))
                self._waiting[job.id] = None

    async def _look(self) -> None:
        """Look at the next one who waits, and forget those who do not any more."""
        while self._waiting:
            name = next(iter(self._waiting))
            del self._waiting[name]
            watch = self._watches.get(name)
            if watch is not None and not watch.closed and watch.news.what in WAITING:
                self._waiting[name] = None
                await self._look_at(watch)
                break

    async def _look_at(self, watch: Watch) -> None:
        job = await self._office.line.job(watch.job)
        place = await self._place(job) if job is not None else None
        if place is not None and watch.place is not None and place.number != watch.place.number:
            watch.shown = None
        watch.place = watch.place or place
        if watch.shown is None:
            self._start(watch)


def is_worth_an_edit(shown: News | None, news: News) -> bool:
    """Whether another stage, another picture or a tenth of the steps separates the two."""
    if shown is None or (shown.what, shown.done) != (news.what, news.done):
        return True
    return abs(news.step / (news.of or 1) - shown.step / (shown.of or 1)) >= NEAR
