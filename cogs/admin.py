"""/admin ban, unban, learning, preset, comparisons: for people who may manage the server, and the bot's owners.

pause and resume stop every server's drawing: where it is one of several, or owners are
named, they are the owners'.
"""

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot import origins
from bot.cards import compare
from bot.cards.letter import Letter
from bot.client import StylusBot
from bot.presets import note_name
from bot.routing.learnings import DEEDS, Learnings
from bot.routing.reply import Reply
from bot.routing.serving import notice, serve
from stylus_engine.model import PRESETS

Interaction = discord.Interaction[StylusBot]
USUAL = "usual"
LEARNING = [app_commands.Choice(name=name, value=name) for name in DEEDS]
PRESET_NAMES = [app_commands.Choice(name=name, value=name) for name in (USUAL, *PRESETS)]
Work = Callable[[Reply], Awaitable[None]]


class Admin(commands.GroupCog, group_name="admin", group_description="For moderators."):
    """Every answer is for the moderator alone."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot
        self.learnings = Learnings(bot.services)

    @app_commands.command(description="Stop drawing and free the memory. Jobs wait.")
    async def pause(self, interaction: Interaction) -> None:
        """The switch survives a restart; the dispatcher follows it."""

        async def work(reply: Reply) -> None:
            line, user = self.bot.services.line, interaction.user.id
            if await line.paused():
                await self._say(reply, "admin-already-paused")
                return
            await line.pause(user, self.bot.services.now())
            self.bot.services.dispatcher.wake()
            await self._say(reply, "admin-paused")

        await self._serve(interaction, work, everywhere=True)

    @app_commands.command(description="Draw again.")
    async def resume(self, interaction: Interaction) -> None:
        """Jobs kept their places."""

        async def work(reply: Reply) -> None:
            line, user = self.bot.services.line, interaction.user.id
            if not await line.paused():
                await self._say(reply, "admin-already-running")
                return
            await line.resume(user, self.bot.services.now())
            self.bot.services.dispatcher.wake()
            await self._say(reply, "admin-resumed")

        await self._serve(interaction, work, everywhere=True)

    @app_commands.command(description="Somebody may no longer use the bot in this server.")
    @app_commands.describe(user="Who.", reason="Told to the person.")
    async def ban(
        self,
        interaction: Interaction,
        user: discord.User,
        reason: app_commands.Range[str, 1, 200] = "",
    ) -> None:
        """Jobs that were accepted before are still drawn."""

        async def work(reply: Reply) -> None:
            services = self.bot.services
            why = reason or services.say(str(interaction.guild_locale))("admin-no-reason")
            guild, by = interaction.guild_id or 0, interaction.user.id
            await services.line.ban(guild, user.id, by, why, services.now())
            await self._say(reply, "admin-banned", who=user.id)

        await self._serve(interaction, work)

    @app_commands.command(description="Somebody may use the bot in this server again.")
    @app_commands.describe(user="Who.")
    async def unban(self, interaction: Interaction, user: discord.User) -> None:
        """Only a ban of this server is lifted."""

        async def work(reply: Reply) -> None:
            was = await self.bot.services.line.unban(interaction.guild_id or 0, user.id)
            await self._say(reply, "admin-unbanned" if was else "admin-not-banned", who=user.id)

        await self._serve(interaction, work)

    @app_commands.command(description="What this server likes: heed it, forget it, look at it.")
    @app_commands.describe(what="on, off, export as a file, or delete all of it.")
    @app_commands.choices(what=LEARNING)
    async def learning(self, interaction: Interaction, what: str) -> None:
        """Only this server's; nobody is named in it."""

        async def work(reply: Reply) -> None:
            await self.learnings.do(what, reply)

        await self._serve(interaction, work)

    @app_commands.command(description="What this server draws with when nobody says otherwise.")
    @app_commands.describe(name="A preset, or the usual one of the settings.")
    @app_commands.choices(name=PRESET_NAMES)
    async def preset(self, interaction: Interaction, name: str) -> None:
        """Jobs that were accepted before keep theirs."""

        async def work(reply: Reply) -> None:
            services, chosen = self.bot.services, "" if name == USUAL else name
            note = note_name(interaction.guild_id or 0)
            await services.line.note(note, chosen, services.now(), by=interaction.user.id)
            usual = services.settings.selection.preset
            key = "admin-preset" if chosen else "admin-preset-usual"
            await self._say(reply, key, name=chosen or usual)

        await self._serve(interaction, work)

    @app_commands.command(description="Which presets people here prefer, from /compare.")
    async def comparisons(self, interaction: Interaction) -> None:
        """Only those that were revealed."""

        async def work(reply: Reply) -> None:
            services = self.bot.services
            found = await services.line.results(interaction.guild_id or 0)
            say = services.say(str(interaction.locale))
            await reply.send(Letter(view=lambda: compare.results(say, found), ephemeral=True))

        await self._serve(interaction, work)

    async def _serve(
        self, interaction: Interaction, work: Work, *, everywhere: bool = False
    ) -> None:
        """Discord could hide the command from others; an owner without rights here may use it too."""

        async def allowed(reply: Reply) -> None:
            settings = self.bot.services.settings
            if not everywhere and not origins.manages(interaction, settings):
                await self._say(reply, "admin-only")
            elif everywhere and not origins.stops(interaction, settings):
                await self._say(reply, "admin-owners-only")
            else:
                await work(reply)

        await serve(self.bot.services, interaction, allowed)

    async def _say(self, reply: Reply, key: str, **facts: object) -> None:
        say = self.bot.services.say(str(reply.interaction.locale))
        await reply.send(notice(say, key, **facts))


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Admin(bot))
