"""👍 and 👎, ballots of a comparison, and its reveal.

A vote is committed before it is answered; the last one of a person counts, so that a
press that comes twice says the same thing twice.
"""

import asyncio
import logging
from weakref import WeakValueDictionary

import aiohttp
import discord

from bot import origins
from bot.cards import compare, rating
from bot.cards.letter import Letter
from bot.jobs.comparing import CHOICES, Comparison
from bot.jobs.nouns import Job
from bot.refusals import Banned, JobGone, Revealed
from bot.routing.press import Press
from bot.routing.serving import notice
from bot.services import Services
from bot.texts import Say

LOST = (discord.HTTPException, aiohttp.ClientError, OSError)
log = logging.getLogger(__name__)


class Votes:
    """Whoever sees a card may vote on it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def rate(self, press: Press) -> None:
        """One picture, up or down; or all of one's votes on this card taken back."""
        job = await self._voted(press)
        line, user, now = self._services.line, press.interaction.user.id, self._services.now()
        said = rating.read(press.values[0] if press.values else press.pressed.argument)
        if said is None:
            count = await line.unvote(job.id, user)
            await self._say(press, "notice-vote-none", count=count)
            return
        index, good = said
        learnt = await line.vote(job.id, index, user, now, good=good)
        key = "notice-vote" if learnt else "notice-vote-bare"
        await self._say(press, key, number=index + 1, sign="👍" if good else "👎")

    async def ballot(self, press: Press) -> None:
        """A, B or a tie. With enough of them everybody is told."""
        job = await self._voted(press)
        choice = CHOICES.get(press.pressed.argument)
        if choice is None:
            raise JobGone(job=job.id)
        services, user = self._services, press.interaction.user.id
        try:
            known = await services.line.ballot(job.id, user, choice, services.now())
        except Revealed:
            await self._tell_all(press, job)
            raise
        enough = known.votes >= services.settings.learning.reveal_after
        if enough:
            await services.line.reveal(job.id, user, services.now())
        await self._say(press, "notice-ballot", choice=choice, votes=known.votes)
        if enough:
            await self._tell_all(press, job)

    async def reveal(self, press: Press) -> None:
        """By whoever asked for it, and by moderators; once for all to see."""
        job = await self._job(press)
        origins.require_say(job, press.interaction)
        services, user = self._services, press.interaction.user.id
        known, _ = await services.line.reveal(job.id, user, services.now())
        if not await self._tell_all(press, job):
            say = services.say(str(press.interaction.locale))
            await self._tell(press, say, known, hidden=True)

    async def _tell_all(self, press: Press, job: Job) -> bool:
        """The verdict, for all to see, unless that stands already; whether they were told now.

        What failed after the reveal was committed is said by the next press.  Where nobody can
        know whether it was said, it is said twice: silence is worse.
        """
        line, clerk = self._services.line, self._services.clerk
        async with self._doors.setdefault(job.id, asyncio.Lock()):
            known = await line.comparison(job.id)
            if known is None or known.told or job.private:
                return False
            if await self._was_told(press, clerk.say(job), known):
                await line.verdict_told(job.id, self._services.now())
        return True

    async def _was_told(self, press: Press, say: Say, known: Comparison) -> bool:
        """False: they were not, and the one who pressed has heard of it."""
        try:
            await self._tell(press, say, known, hidden=False)
        except LOST as lost:
            log.warning("the verdict of %s was not told: %r", known.job, lost)
            await self._say(press, "notice-untold")
            return False
        return True

    async def _tell(self, press: Press, say: Say, known: Comparison, *, hidden: bool) -> None:
        """What all see is in the card's language, what one alone sees in theirs."""
        letter = Letter(view=lambda: compare.revealed(say, known))
        await press.reply.send(letter, ephemeral=hidden)

    async def _voted(self, press: Press) -> Job:
        """What this person has a say on. Raises `Banned`: votes decide what others get."""
        job, user = await self._job(press), press.interaction.user.id
        reason = await self._services.line.banned(job.origin.guild or 0, user)
        if reason is not None:
            raise Banned(reason=reason)
        return job

    async def _job(self, press: Press) -> Job:
        found = await self._services.line.job(press.pressed.job)
        return origins.visible(found, press.interaction, press.pressed.job)

    async def _say(self, press: Press, key: str, **facts: object) -> None:
        say = self._services.say(str(press.interaction.locale))
        await press.reply.send(notice(say, key, **facts), ephemeral=True)
