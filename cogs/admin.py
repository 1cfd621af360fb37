"""/admin ban, unban: for people who may manage the server, and the bot's owners.

pause and resume stop every server's drawing: where it is one of several, or owners are
named, they are the owners'.
"""

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot import origins
from bot.client import StylusBot
from bot.routing.reply import Reply
from bot.routing.serving import notice, serve

Interaction = discord.Interaction[StylusBot]
Work = Callable[[Reply], Awaitable[None]]


class Admin(commands.GroupCog, group_name="admin", group_description="For moderators."):
    """Every answer is for the moderator alone."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

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
