"""One pass over one job whose pictures are drawn: road after road until it stands somewhere.

Not taken: keeping what was tried in memory.  Every step reads the line again, so it
does not matter whether the step before was made by this process.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Generic
from weakref import WeakValueDictionary

from bot.delivery.office import Office
from bot.delivery.roads import Try, in_doubt, next_road, tries
from bot.delivery.tidying import tidied
from bot.delivery.wire import (
    Blocked,
    Clerk,
    Letter,
    MessageGone,
    Sent,
    TokenGone,
    TooBig,
    Unreachable,
    Unreadable,
    WireError,
    nonce,
)
from bot.jobs.nouns import Job, Road
from stylus_engine.errors import StylusError

MOST_SHRINK = 4  # halvings of what the files may weigh together
DISCORD_EPOCH = 1420070400.0  # 2015-01-01: the upper bits of an id count milliseconds from there
log = logging.getLogger(__name__)


class Draft(Generic[Letter]):
    """The card of one job, written again when Discord wants it smaller or tamer."""

    def __init__(self, clerk: Clerk[Letter]) -> None:
        self._clerk = clerk
        self._shrink = 0
        self._quiet = False
        self._letter: Letter | None = None

    async def letter(self, job: Job) -> Letter:
        """As it must be now. Raises what the clerk raises."""
        if self._letter is None:
            self._letter = await self._clerk.result(job, shrink=self._shrink, quiet=self._quiet)
        return self._letter

    def milder(self, said: TooBig | Blocked) -> bool:
        """Prepare another version; False: there is none left."""
        if isinstance(said, Blocked):
            more, self._quiet = not self._quiet, True
        else:
            more = self._shrink < MOST_SHRINK
            self._shrink += more
        self._letter = None
        return more


class Poster(Generic[Letter]):
    """Posts. `post` may be called again at any time, by any process."""

    def __init__(self, office: Office[Letter]) -> None:
        self._line = office.line
        self._wire = office.wire
        self._clerk = office.clerk
        self._clock = office.clock
        self._limits = office.limits
        self._metrics = office.metrics
        self.bells: set[asyncio.Task[None]] = set()  # being rung; whoever ends us ends them
        self._doors: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def post(self, name: str) -> bool:
        """See it posted or undeliverable; True: the latter, and its person must be told.

        Raises `Unreachable`, and what the clerk raises.
        """
        draft = Draft(self._clerk)
        while await self._step(name, draft):
            pass
        job = await self._line.job(name)
        return job is not None and job.state == "undeliverable"

    async def _step(self, name: str, draft: Draft[Letter]) -> bool:
        """Try one road; whether another one is to be tried."""
        job = await self._line.job(name)
        if job is None or job.state not in {"drawn", "posting"}:
            return False
        tried = tries(await self._line.deliveries(name))
        road = next_road(job, self._clock.now(), self._limits, tried)
        if road is None:
            return await self._give_up(job, _last_word(tried))
        try:
            return await self._try(road, job, tried, draft)
        except Unreadable as unknown:
            return await self._give_up(job, type(unknown).__name__)

    async def _try(self, road: Road, job: Job, tried: Sequence[Try], draft: Draft[Letter]) -> bool:
        if road == "new" and in_doubt(tried) and (standing := await self._standing(job)):
            if entered := await self._enter(job, "bot"):
                await self._posted(entered, standing)
            return False
        await draft.letter(job)  # before `posting`: until then a cancel wins
        if (entered := await self._enter(job, road)) is None:
            return False
        try:
            sent = await self._send(entered, road, tried, draft)
        except (Unreachable, Unreadable):
            raise
        except WireError as said:
            return await self._refused(entered, road, tried, said)
        await self._posted(entered, sent)
        return False

    async def _enter(self, job: Job, road: Road) -> Job | None:
        """Commit that this road is being tried; None: somebody cancelled first."""
        if job.state == "posting" and job.road == road:
            return job
        return await self._line.posting(job.id, road, self._clock.now())

    async def _send(self, job: Job, road: Road, tried: Sequence[Try], draft: Draft[Letter]) -> Sent:
        while True:
            try:
                return await self._by(road, job, tried, await draft.letter(job))
            except (TooBig, Blocked) as said:
                if not draft.milder(said):
                    raise

    async def _by(self, road: Road, job: Job, tried: Sequence[Try], letter: Letter) -> Sent:
        if road == "token":
            return await self._wire.edit_by_token(job, letter)
        if road == "bot" and job.message is not None and job.message_channel is not None:
            return await self._wire.edit_by_bot(job.message_channel, job.message, letter)
        return await self._anew(job, letter, repeats=any(each.road == "new" for each in tried))

    async def _anew(self, job: Job, letter: Letter, *, repeats: bool) -> Sent:
        origin = job.origin
        channel = await self._wire.private(origin.user) if job.private else origin.channel
        if repeats and (found := await self._found(job, channel)):
            return found
        return await self._wire.send(channel, nonce(job.id), letter)

    async def _found(self, job: Job, channel: int) -> Sent | None:
        """The message of an attempt that nobody confirmed; `Unreadable` when nobody can know."""
        began = job.posting_at or job.made_at
        # An attempt that lies ahead of the clock says when nothing: the clock was set back since.
        remembered = abs(self._clock.now() - began) < self._limits.nonce
        try:
            found = await self._wire.find(channel, by_their_clock(job, began), job.id)
        except Unreadable:
            if remembered:
                return None  # the same nonce: Discord itself gives back the first one
            raise
        return found if found or remembered else await self._found_earlier(job, channel)

    async def _found_earlier(self, job: Job, channel: int) -> Sent | None:
        """Our clock may have been set forward before the attempt; that the job was asked for is told by Discord's."""
        with suppress(Unreadable):  # more of it than is read: then the attempt's own time decides
            return await self._wire.find(channel, by_their_clock(job, job.made_at), job.id)
        return None

    async def _standing(self, job: Job) -> Sent | None:
        """The edited message, if it carries the card, or carried it until it was deleted."""
        if job.private or job.message is None or job.message_channel is None:
            raise Unreadable("only the token could see it")
        there = Sent(job.message, job.message_channel)
        try:
            return there if await self._wire.holds(there.channel, there.message, job.id) else None
        except MessageGone:
            return there

    async def _refused(self, job: Job, road: Road, tried: Sequence[Try], said: WireError) -> bool:
        """Close the road, unless what it could not find is what an earlier attempt had posted."""
        log.info("job %s: road %s: %s", job.id, road, said)
        repeats = road != "new" and in_doubt(tried)
        if repeats and isinstance(said, MessageGone) and job.message and job.message_channel:
            await self._posted(job, Sent(job.message, job.message_channel))
            return False
        if any(each.road == road and each.doubtful for each in tried):
            # what was refused is the repetition: the attempt before it stays in doubt
            await self._line.posting(job.id, road, self._clock.now())
        await self._line.delivery_failed(job.id, type(said).__name__, self._clock.now())
        return True

    async def _give_up(self, job: Job, error: str) -> bool:
        log.warning("job %s is undeliverable: %s", job.id, error)
        await self._line.undeliverable(job.id, error, self._clock.now())
        return False

    async def _posted(self, job: Job, sent: Sent) -> None:
        now = self._clock.now()
        first = await self._line.posted(job.id, message=sent.message, channel=sent.channel, now=now)
        waited = now - job.made_at
        if first and self._metrics is not None:
            self._metrics.waited(waited)
        if first and waited > self._limits.ping_after:
            self._ring(self._ping(job, sent))
        if first and job.road == "new":
            self._ring(tidied(self._wire, job, sent))

    def _ring(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the deliveries: a channel takes few new messages, and cards need not wait for them."""
        bell = asyncio.create_task(work)
        self.bells.add(bell)
        bell.add_done_callback(self.bells.discard)

    async def _ping(self, job: Job, sent: Sent) -> None:
        """Say once that the pictures are there: an edit notifies nobody. Not tried again."""
        if job.private or not job.origin.roads_beside_token:
            return
        door = self._doors.get(sent.channel) or asyncio.Lock()
        self._doors[sent.channel] = door
        try:
            letter = await self._clerk.notice(job, "ready")
            async with door:  # together they would run into the channel's limit
                await self._wire.send(
                    sent.channel, nonce(job.id, "p"), letter, reply_to=sent.message
                )
        except (WireError, StylusError) as said:
            log.info("job %s: nobody was pinged: %s", job.id, said)


def _last_word(tried: Sequence[Try]) -> str:
    """Why no road is left: what was said last, or that the token was all there was."""
    said = [each.error for each in tried if each.error]
    return said[-1] if said else TokenGone.__name__


def by_their_clock(job: Job, at: float) -> float:
    """A moment of our clock for a search by Discord's: ids carry its time, and ours may run ahead."""
    theirs = (job.origin.interaction >> 22) / 1000 + DISCORD_EPOCH
    return at - max(0.0, job.made_at - theirs)
