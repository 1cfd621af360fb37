"""/queue, /cancel, /show, /history: one's own jobs."""

import re
from collections import Counter

import discord
from discord import app_commands
from discord.ext import commands

from bot import origins, wishes
from bot.cards import lists
from bot.cards.letter import Letter
from bot.cards.paging import Page
from bot.client import StylusBot
from bot.jobs.nouns import Job, Place
from bot.refusals import TooLate
from bot.routing.reply import Interaction as Heard
from bot.routing.reply import Reply
from bot.routing.serving import notice, serve
from bot.texts.escape import clean
from stylus_engine.errors import UnknownName

Interaction = discord.Interaction[StylusBot]
ALL = "all"
NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # a ULID
MOST_CHOICES = 25
SAID = 60  # characters of a prompt beside a job's number
SHOWN = 8  # jobs whose place is worked out for one answer
DONE = ("posted", "undeliverable")


class LineCog(commands.Cog, name="line"):
    """What waits, what ran."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

    @app_commands.command(description="Your jobs in the line, and how long it is.")
    async def queue(self, interaction: Interaction) -> None:
        """Only for the person who asks."""
        await serve(self.bot.services, interaction, self._queue)

    async def _queue(self, reply: Reply) -> None:
        services, now = self.bot.services, self.bot.services.now()
        drawers = services.supervisor.drawers_up
        mine = await services.line.unfinished(reply.interaction.user.id)
        places: list[tuple[Job, Place | None]] = [
            (job, await services.line.place(job.id, now, drawers) if number < SHOWN else None)
            for number, job in enumerate(mine)
        ]
        counts = await services.line.counts("queued", "planned")
        waiting = counts.get("queued", 0) + counts.get("planned", 0)
        paused = await services.line.paused()
        say = services.say(str(reply.interaction.locale))
        await reply.send(
            Letter(
                view=lambda: lists.queue(
                    say, places, waiting=waiting, drawers=drawers, paused=paused, now=now
                ),
                ephemeral=True,
            )
        )

    @app_commands.command(description="Stop one of your jobs, or all of them.")
    @app_commands.describe(job="Which one; “all” stops every one of yours.")
    async def cancel(self, interaction: Interaction, job: app_commands.Range[str, 1, 100]) -> None:
        """Moderators may name anybody's job in their server."""

        async def work(reply: Reply) -> None:
            every = job.strip().lower() == ALL
            await (self._cancel_all(reply) if every else self._cancel(job, reply))

        await serve(self.bot.services, interaction, work)

    async def _cancel(self, name: str, reply: Reply) -> None:
        job = await self._job(name, reply.interaction)
        origins.require_say(job, reply.interaction)
        if not await self.bot.router.acts.stop(job, reply.interaction.user.id):
            raise TooLate(state=job.state)
        await self._say(reply, "notice-cancelled")

    async def _cancel_all(self, reply: Reply) -> None:
        user = reply.interaction.user.id
        mine = await self.bot.services.line.unfinished(user)
        stopped = [await self.bot.router.acts.stop(job, user) for job in mine]
        await self._say(reply, "notice-cancelled-many", count=sum(stopped))

    @app_commands.command(description="Post a result again, with fresh buttons.")
    @app_commands.describe(job="Which one of yours, or the number of any in this server.")
    async def show(self, interaction: Interaction, job: app_commands.Range[str, 1, 100]) -> None:
        """A job of its own that is born with its pictures."""

        async def work(reply: Reply) -> None:
            services = self.bot.services
            source = await self._job(job, reply.interaction)
            reply.ephemeral = source.private
            origin = origins.origin(reply.interaction, services.settings, services.now())
            await self.bot.entrance.admit(wishes.derived(source, origin, "show"), reply)

        await serve(self.bot.services, interaction, work)

    @app_commands.command(description="What you made, newest first.")
    @app_commands.describe(favourites="Only what you kept with ❤.")
    async def history(self, interaction: Interaction, favourites: bool = False) -> None:
        """Pages of five, only for the person who asks."""

        async def work(reply: Reply) -> None:
            page = Page("favourites" if favourites else "history", 0)
            await reply.send(await self.bot.router.lists.letter(page, reply.interaction))

        await serve(self.bot.services, interaction, work)

    @cancel.autocomplete("job")
    async def mine(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """My unfinished jobs, and all of them at once."""
        jobs = await self.bot.services.line.unfinished(interaction.user.id)
        every = [app_commands.Choice(name=ALL, value=ALL)] if jobs else []
        return (every + _choices(jobs, current))[:MOST_CHOICES]

    @show.autocomplete("job")
    async def done(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """My newest results."""
        line = self.bot.services.line
        jobs = await line.history(interaction.user.id, page=0, size=2 * MOST_CHOICES)
        return _choices([job for job in jobs if _is_shown_again(job)], current)

    async def _job(self, name: str, interaction: Heard) -> Job:
        asked = name.strip().upper()
        if not NUMBER.fullmatch(asked):
            raise UnknownName(kind="job", name=clean(name, 80), known="Choose it from the list.")
        return origins.visible(await self.bot.services.line.job(asked), interaction, asked)

    async def _say(self, reply: Reply, key: str, **facts: object) -> None:
        say = self.bot.services.say(str(reply.interaction.locale))
        await reply.send(notice(say, key, **facts))


def _is_shown_again(job: Job) -> bool:
    """A comparison stands in one place, unless it never stood anywhere."""
    return job.state in DONE and (job.action != "compare" or job.state == "undeliverable")


def _choices(jobs: list[Job], current: str) -> list[app_commands.Choice[str]]:
    """Prompts to read, ids to send; those that hold what was typed.

    Where several have one prompt, the number that stands on a card says which is which.
    """
    typed = current.strip().lower()
    found = [job for job in jobs if typed in job.request.prompt.lower() or typed in job.id.lower()][
        :MOST_CHOICES
    ]
    asked = Counter(clean(job.request.prompt, SAID) for job in found)
    return [
        app_commands.Choice(name=_named(job, alone=asked[said] == 1), value=job.id)
        for job, said in ((job, clean(job.request.prompt, SAID)) for job in found)
    ]


def _named(job: Job, *, alone: bool) -> str:
    whole = clean(job.request.prompt, 90 if alone else SAID)
    return whole if alone and whole else f"{whole} · {job.id}".lstrip(" ·")


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(LineCog(bot))
