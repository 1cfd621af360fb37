"""The way into the line: cheap checks, one commit, the first answer, the acknowledgement.

What is told to a person was committed before.  A job whose answer Discord did not
take is taken back at once: the person read "failed".
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from msgspec.structs import replace

from bot import origins, safety, wishes
from bot.cards.letter import Letter
from bot.delivery.wire import Blocked, Sent, ThreadClosed
from bot.jobs.nouns import BORN_DRAWN, Job, Wish
from bot.refusals import Banned, LineAway, Unsafe
from bot.routing.reply import Interaction, Reply, TooSlow
from bot.routing.serving import notice
from bot.services import Services
from stylus_engine.model import Start
from stylus_engine.model.noun import within

log = logging.getLogger(__name__)


class Entrance:
    """Where every wish comes in, typed or pressed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._doors: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def admit(self, wish: Wish, reply: Reply) -> None:
        """Give a wish its place and its first answer. Raises a `Refusal` or `BadRequest`."""
        await self._check(wish, reply.interaction)
        async with self._doors.setdefault(wish.origin.user, asyncio.Lock()):
            fresh, job = await self._accept(wish)
        if not fresh:
            say = self._services.say(wish.origin.locale)
            await reply.send(notice(say, "notice-twice"), ephemeral=True)
            return
        await self._answer(job, reply)

    async def begin(
        self, wish: Wish, bring: Callable[[], Awaitable[Start]] | None, reply: Reply
    ) -> None:
        """`admit`, once the picture that it starts from lies in the store.

        What is refused anyway is refused first: nothing is fetched, and nothing kept, for it.
        """
        if bring is not None:
            await self._check(wish, reply.interaction)
            await self._services.line.must_fit(wish)
            start = await bring()
            wish = replace(wish, request=replace(wish.request, start=start))
        await self.admit(wish, reply)

    async def _check(self, wish: Wish, interaction: Interaction) -> None:
        """What costs nothing first. A private result needs no right of the bot's in the channel."""
        services, origin, asked = self._services, wish.origin, wish.request
        reason = await services.line.banned(origin.guild or 0, origin.user)
        if reason is not None:
            raise Banned(reason=reason)
        await self._within(wish)
        safety.check(asked.prompt, asked.negative, words=services.settings.safety.words)
        if safety.above(asked.policy.most_rating, origins.ceiling(interaction, services.settings)):
            raise Unsafe(what="rating", words="")
        if not wish.private:
            origins.require_rights(interaction)

    async def _within(self, wish: Wish) -> None:
        """What an old card offers may be more than the settings allow by now. Raises `OutOfRange`."""
        settings = self._services.settings
        if wish.action not in BORN_DRAWN:
            within("Count", wish.request.count, 1, wishes.most_count(settings))
        if wish.action == "upscale":
            positions = await self._services.line.positions(wish.source or "")
            edge = wishes.doubled(positions, wish.index)
            within("The longest edge", edge, 0, settings.drawing.most_edge)

    async def _accept(self, wish: Wish) -> tuple[bool, Job]:
        """One job for one wish: whoever runs the same thing again while it waits has it already."""
        line = self._services.line
        if wish.action == "imagine" and wish.source is not None:
            for job in await line.unfinished(wish.origin.user):
                if job.source == wish.source and job.request == wish.request:
                    return False, job
        accepted = await line.accept(wish, self._services.now())
        return accepted.fresh, accepted.job

    async def _answer(self, job: Job, reply: Reply) -> None:
        services = self._services
        try:
            sent = await self._shown(job, reply)
        except (TooSlow, ThreadClosed):
            await self._take_back(job)
            raise
        if sent is not None:
            await self._note(job, sent)
        services.dispatcher.wake()
        services.courier.wake()

    async def _note(self, job: Job, sent: Sent) -> None:
        """Where the line is away for it the person has been answered all the same; the courier asks Discord for it."""
        line, now = self._services.line, self._services.now()
        try:
            await line.acknowledged(job.id, message=sent.message, channel=sent.channel, now=now)
        except LineAway as away:
            log.warning("job %s: its answer stands and could not be noted: %s", job.id, away)

    async def _shown(self, job: Job, reply: Reply) -> Sent | None:
        """Without the prompt's words where AutoMod stops them."""
        hidden = job.private
        try:
            return await reply.send(await self._card(job), ephemeral=hidden)
        except Blocked:
            return await reply.send(await self._card(job, quiet=True), ephemeral=hidden)

    async def _card(self, job: Job, *, quiet: bool = False) -> Letter:
        """Where the line is away for it, only that the job stands: whoever hears "failed" asks again."""
        line, clerk, now = self._services.line, self._services.clerk, self._services.now()
        try:
            place = await line.place(job.id, now, self._services.supervisor.drawers_up)
            return await clerk.status(job, None, place, quiet=quiet)
        except LineAway as away:
            log.warning("job %s: its card cannot be written yet: %s", job.id, away)
            return await clerk.notice(job, "accepted")

    async def _take_back(self, job: Job) -> None:
        """Discord did not take the answer and has said so; nobody waits for this job."""
        services = self._services
        now = services.now()
        await services.line.cancel(job.id, job.origin.user, now)
        await services.line.told(job.id, now)
        log.warning("job %s was taken back: Discord did not take its answer", job.id)
