"""👍 and 👎, ballots of a comparison, and its reveal.

A vote is committed before it is answered; the last one of a person counts, so that a
press that comes twice says the same thing twice.
"""

from bot import origins
from bot.cards import compare, rating
from bot.cards.letter import Letter
from bot.jobs.comparing import CHOICES, Comparison
from bot.jobs.nouns import Job
from bot.refusals import Banned, JobGone
from bot.routing.press import Press
from bot.routing.serving import notice
from bot.services import Services


class Votes:
    """Whoever sees a card may vote on it."""

    def __init__(self, services: Services) -> None:
        self._services = services

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
        known = await services.line.ballot(job.id, user, choice, services.now())
        await self._say(press, "notice-ballot", choice=choice, votes=known.votes)
        if known.votes >= services.settings.learning.reveal_after:
            told, first = await services.line.reveal(job.id, user, services.now())
            if first:
                await self._reveal(press, job, told, hidden=job.private)

    async def reveal(self, press: Press) -> None:
        """By whoever asked for it, and by moderators; once for all to see."""
        job = await self._job(press)
        origins.require_say(job, press.interaction)
        services = self._services
        told, first = await services.line.reveal(job.id, press.interaction.user.id, services.now())
        await self._reveal(press, job, told, hidden=job.private or not first)

    async def _reveal(self, press: Press, job: Job, told: Comparison, *, hidden: bool) -> None:
        """What all see in the card's language, what one alone sees in theirs."""
        services, locale = self._services, str(press.interaction.locale)
        say = services.say(locale) if hidden else services.clerk.say(job)
        letter = Letter(view=lambda: compare.revealed(say, told))
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
