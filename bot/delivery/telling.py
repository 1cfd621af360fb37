"""Telling a person how a job ended that brought no pictures, by whatever road is left.

An end may be told twice where nobody can know whether it was told: silence is worse.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeAlias

from bot.delivery.office import Office
from bot.delivery.posting import by_their_clock
from bot.delivery.roads import editable, token_lives
from bot.delivery.tidying import tidied
from bot.delivery.wire import (
    Blocked,
    Letter,
    MessageGone,
    Sent,
    TokenGone,
    Unreachable,
    Unreadable,
    WireError,
    nonce,
)
from bot.jobs.nouns import Job

ENDED = frozenset({"failed", "cancelled", "undeliverable"})
log = logging.getLogger(__name__)
Way: TypeAlias = Callable[[Job, Letter], Awaitable[Sent]]


class Teller(Generic[Letter]):
    """Tells ends, and asks Discord about jobs whose first answer nobody saw go out."""

    def __init__(self, office: Office[Letter]) -> None:
        self._line = office.line
        self._wire = office.wire
        self._clerk = office.clerk
        self._clock = office.clock
        self._limits = office.limits

    async def tell(self, name: str) -> bool:
        """By the first road that takes it; when none does, `/history` says it. False.

        Raises `Unreachable`, and what the clerk raises.
        """
        job = await self._line.job(name)
        if job is None or job.state not in ENDED:
            return False
        for road in self._roads(job):
            try:
                sent = await self._said(road, job)
                await tidied(self._wire, job, sent)
                break
            except Unreachable:
                raise
            except WireError as said:
                log.info("job %s: its end was not told: %s", name, said)
                if isinstance(said, MessageGone) and job.state == "cancelled":
                    break  # whoever cancels and deletes the message has heard enough
        await self._line.told(name, self._clock.now())
        return False

    async def _said(self, road: "Way[Letter]", job: Job) -> Sent:
        """Without the prompt's words where AutoMod stops them."""
        try:
            return await road(job, await self._clerk.ended(job))
        except Blocked:
            return await road(job, await self._clerk.ended(job, quiet=True))

    def _roads(self, job: Job) -> "Iterator[Way[Letter]]":
        """Those that are open now; the person's direct messages are the last one."""
        now = self._clock.now()
        if token_lives(job, now, self._limits):
            yield self._wire.edit_by_token
        if editable(job, now, self._limits):
            yield self._by_bot
        if job.origin.roads_beside_token and not job.private:
            yield self._in_channel
        if job.origin.roads_beside_token:
            yield self._in_private

    async def _by_bot(self, job: Job, letter: Letter) -> Sent:
        if job.message is None or job.message_channel is None:
            raise MessageGone
        return await self._wire.edit_by_bot(job.message_channel, job.message, letter)

    async def _in_channel(self, job: Job, letter: Letter) -> Sent:
        return await self._anew(job, job.origin.channel, letter)

    async def _in_private(self, job: Job, letter: Letter) -> Sent:
        return await self._anew(job, await self._wire.private(job.origin.user), letter)

    async def _anew(self, job: Job, channel: int, letter: Letter) -> Sent:
        ended = job.ended_at or job.made_at
        try:
            found = await self._wire.find(channel, by_their_clock(job, ended), job.id)
        except Unreadable:
            found = None
        return found or await self._wire.send(channel, nonce(job.id, "e"), letter)

    async def probe(self, name: str) -> bool:
        """Ask whether a job was ever answered; whether anybody can still say so.

        The first answer stands: the job was accepted.  It does not: Discord has told
        the person that nothing came of it, so the job ends quietly.
        """
        job = await self._line.job(name)
        if job is None or job.acknowledged_at is not None:
            return True
        if self._clock.now() >= job.origin.token_until:
            return False
        try:
            sent = await self._wire.original(job)
        except (TokenGone, MessageGone):
            return False  # expired; or it was there, and somebody has deleted it
        await self._answered(name, sent, job.origin.user)
        return True

    async def _answered(self, name: str, sent: Sent | None, user: int) -> None:
        now = self._clock.now()
        if sent is not None:
            await self._line.acknowledged(name, message=sent.message, channel=sent.channel, now=now)
        else:
            await self._line.cancel(name, user, now)
            await self._line.told(name, now)
