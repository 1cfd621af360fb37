"""What the buttons of a card do, and who may press them.

Making something new: anybody who sees the card, at their own charge.  Taking
something away: the requester and moderators.  A private job: the requester alone.
"""

from contextlib import suppress

from msgspec.structs import replace

from bot import origins, wishes
from bot.cards import answers, modals
from bot.cards.letter import Letter
from bot.custom_ids import NOBODY
from bot.delivery.posting import Draft
from bot.delivery.wire import Blocked, Sent, TooBig, WireError
from bot.jobs.nouns import Action, Job, Origin, Wish
from bot.presets import preset_of
from bot.refusals import NotFinished, NothingToChange, TooLate
from bot.routing.drafts import draft_of
from bot.routing.entrance import Entrance
from bot.routing.press import Press
from bot.routing.reply import UNTOLD, Reply
from bot.routing.serving import notice
from bot.services import Services
from stylus_engine.errors import StylusError
from stylus_engine.model import Manifest, Request

DERIVED: dict[str, Action] = {
    "seed": "seed", "mask": "mask", "keep": "keep",
    "u": "single", "v": "vary", "subtle": "subtle", "x2": "upscale",
}  # fmt: skip
HOUR = 3600.0
SETTLING, GLANCE = 25, 0.2  # looks, and seconds between them


class Acts:
    """One method for each action of a card."""

    def __init__(self, services: Services, entrance: Entrance) -> None:
        self._services = services
        self._entrance = entrance

    # --- making --------------------------------------------------------------------

    async def derive(self, press: Press) -> None:
        """🎲 and 🧩."""
        source = await self._job(press)
        await self._entrance.admit(self._wish(press, source), press.reply)

    async def of_one(self, press: Press) -> None:
        """U, V and Upscale: one picture alone, drawn on from, at twice its size."""
        source = await self._job(press)
        wish = replace(self._wish(press, source), index=press.number)
        await self._entrance.admit(wish, press.reply)

    async def keep(self, press: Press) -> None:
        """The list: exactly these adapters for every picture."""
        source = await self._job(press)
        if source.plan is None:
            raise NotFinished(job=source.id)
        known = {str(number) for number in range(len(source.plan.choices))}
        if not known or not known.issuperset(press.values):
            raise NothingToChange(job=source.id)
        mask = wishes.kept_mask(source.plan, {int(value) for value in press.values})
        await self._entrance.admit(replace(self._wish(press, source), mask=mask), press.reply)

    async def again(self, press: Press) -> None:
        """The same once more: for jobs that were cancelled or failed."""
        source = await self._job(press)
        wish = await self._repeated(press, source) or await self._anew(press, source)
        await self._entrance.admit(wish, press.reply)

    async def _repeated(self, press: Press, job: Job) -> Wish | None:
        """What a button made, of what it was pressed on; None for a job of its own, or where that is gone."""
        line = self._services.line
        source = await line.job(job.source) if job.source and job.root != job.id else None
        if source is None or source.deleted_at is not None:
            return None
        mask = next((each.mask for each in await line.positions(job.id)), "")
        return wishes.repeated(job, source, self._origin(press, job), mask)

    async def _anew(self, press: Press, source: Job) -> Wish:
        """Planned once more from the same request, by what may be drawn here now."""
        ceiling = origins.ceiling(press.interaction, self._services.settings)
        policy = wishes.policy(self._services.settings, ceiling)
        known = await self._services.line.comparison(source.id)
        return Wish(
            origin=self._origin(press, source),
            action="compare" if known else "imagine",
            source=source.id,
            request=replace(source.request, policy=policy),
            private=source.private,
            arms=(known.left, known.right) if known else None,
        )

    async def edit(self, press: Press) -> None:
        """✏️: the window, filled in."""
        await self.open_window(await self._job(press), press.reply)

    async def open_window(self, job: Job, reply: Reply) -> None:
        """For a job, or for a draft of one. Of a comparison's two plans neither is shown: it is blind."""
        settings = self._services.settings
        job = replace(job, plan=None) if job.action == "compare" else job
        window = modals.edit(
            self._services.say(str(reply.interaction.locale)),
            job,
            aspects=wishes.ASPECTS,
            strength=wishes.strength_of(job.request, settings),
        )
        await reply.open(window)

    def draft(self, manifest: Manifest, reply: Reply) -> Job:
        """A job that never was: what a picture says of itself, for the window to be filled with."""
        settings = self._services.settings
        origin = origins.origin(reply.interaction, settings, self._services.now())
        ceiling = origins.ceiling(reply.interaction, settings)
        return draft_of(origin, wishes.remixed(manifest, settings, ceiling))

    async def edited(self, press: Press) -> None:
        """The window comes back: a root of its own."""
        if press.pressed.job == NOBODY:
            await self._remixed(press)
            return
        source = await self._job(press)
        settings = self._services.settings
        asked = _asked(modals.read(source, press.fields))
        ceiling = origins.ceiling(press.interaction, settings)
        wish = Wish(
            origin=self._origin(press, source),
            source=source.id,
            request=wishes.edited(asked, quick(source), settings, ceiling),
            private=source.private,
        )
        await self._entrance.admit(wish, press.reply)

    async def _remixed(self, press: Press) -> None:
        """A window that was filled from a picture: a wish like a typed one."""
        settings, origin = self._services.settings, self._origin(press)
        read = _asked(modals.read(draft_of(origin), press.fields))
        asked = replace(read, preset=await preset_of(self._services.line, origin.guild))
        ceiling = origins.ceiling(press.interaction, settings)
        wish = Wish(origin=origin, request=wishes.request(asked, settings, ceiling))
        await self._entrance.admit(wish, press.reply)

    # --- telling -------------------------------------------------------------------

    async def info(self, press: Press) -> None:
        """ℹ️: how it was made, for the presser alone."""
        job = await self._job(press)
        say = self._services.say(str(press.interaction.locale))
        await press.reply.send(await self._services.clerk.details(job, say), ephemeral=True)

    async def favourite(self, press: Press) -> None:
        """❤: on and off."""
        job = await self._job(press)
        user = press.interaction.user.id
        kept = await self._services.line.favourite(job.id, user, self._services.now())
        key = "notice-favourite" if kept else "notice-no-favourite"
        await self._say(press, key)

    # --- taking away ---------------------------------------------------------------

    async def cancel(self, press: Press) -> None:
        """Ends a job that waits or is drawn. Its own status message tells of it."""
        job = await self._job(press)
        origins.require_say(job, press.interaction)
        if not await self.stop(job, press.interaction.user.id):
            raise TooLate(state=_state((await self._services.line.job(job.id)) or job))
        message = press.interaction.message
        if message is not None and job.message in {message.id, None}:
            await press.reply.quiet()
        else:
            await self._say(press, "notice-cancelled")

    async def stop(self, job: Job, by: int) -> bool:
        """Cancel for everybody who works on it. False: it was too late."""
        services = self._services
        if await services.line.cancel(job.id, by, services.now()) is None:
            return False
        await services.dispatcher.cancel(job.id)
        services.courier.wake()
        return True

    async def delete(self, press: Press) -> None:
        """🗑️: the message goes, the job can be restored for a while."""
        job = await self._job(press)
        origins.require_say(job, press.interaction)
        services = self._services
        job = await self._settled(job)
        await services.line.delete(job.id, press.interaction.user.id, services.now())
        gone = await services.line.job(job.id) or job
        if gone.deleted_at is None:
            raise TooLate(state=gone.state)
        # Not taken: "it is deleted already". Whoever can press it sees a card that Discord kept then.
        until = gone.deleted_at + services.settings.line.restore_hours * HOUR
        say = services.say(str(press.interaction.locale))
        await press.reply.quiet()
        await self._remove(press, job)
        deleted = Letter(view=lambda: answers.deleted(say, job, until), ephemeral=True)
        await press.reply.send(deleted, ephemeral=True)

    async def _settled(self, job: Job) -> Job:
        """A card may be seen a moment before it is written down that it stands."""
        for _ in range(SETTLING):
            if job.finished:
                break
            await self._services.clock.sleep(GLANCE)
            job = await self._services.line.job(job.id) or job
        return job

    async def _remove(self, press: Press, job: Job) -> None:
        """Through the interaction: it reaches private messages too, and needs no right."""
        message = press.interaction.message
        await press.reply.delete_card()
        elsewhere = job.message is not None and (message is None or message.id != job.message)
        if elsewhere and job.message is not None and not job.private:
            with suppress(WireError):
                await self._services.wire.delete(job.message_channel or 0, job.message)

    async def restore(self, press: Press) -> None:
        """The result again, as a message of its own."""
        job = await self._job(press)
        origins.require_say(job, press.interaction)
        services, by = self._services, press.interaction.user.id
        draft = Draft(services.clerk)
        await draft.letter(job)
        if not await services.line.restore(job.id, by, services.now()):
            raise TooLate(state=_state(await services.line.job(job.id) or job))
        try:
            sent = await self._stand(job, draft, press.reply)
        except (*UNTOLD, StylusError):
            await services.line.delete(job.id, by, job.deleted_at or services.now())
            raise
        if sent is not None:
            await services.line.moved(
                job.id, message=sent.message, channel=sent.channel, now=services.now()
            )

    async def _stand(self, job: Job, draft: Draft[Letter], reply: Reply) -> Sent | None:
        """The card, each time milder that Discord refuses it, as it came to stand the first time."""
        while True:
            try:
                return await reply.send(await draft.letter(job), ephemeral=job.private)
            except (TooBig, Blocked) as said:
                if not draft.milder(said):
                    raise

    # --- shared --------------------------------------------------------------------

    async def _job(self, press: Press) -> Job:
        found = await self._services.line.job(press.pressed.job)
        return origins.visible(found, press.interaction, press.pressed.job)

    def _origin(self, press: Press, source: Job | None = None) -> Origin:
        services = self._services
        return origins.origin(press.interaction, services.settings, services.now(), source)

    def _wish(self, press: Press, source: Job) -> Wish:
        return wishes.derived(source, self._origin(press, source), DERIVED[press.pressed.action])

    async def _say(self, press: Press, key: str) -> None:
        say = self._services.say(str(press.interaction.locale))
        await press.reply.send(notice(say, key), ephemeral=True)


def quick(source: Job) -> Request:
    """The request of a job; a few-step adapter that was pinned stays, though the window does not show it."""
    fast = source.plan.fast if source.plan else None
    return replace(source.request, fast=fast.adapter.card_id) if fast else source.request


def _asked(read: modals.Edited) -> wishes.Asked:
    return wishes.Asked(
        prompt=read.prompt,
        negative=read.negative,
        aspect=read.aspect,
        strength=read.strength,
        pinned=read.pinned,
        banned=read.banned,
    )


def _state(job: Job) -> str:
    return "deleted" if job.deleted_at is not None else job.state
