"""The menus of a message: Remix, and Image details.

By the message, when it is a card of ours; else by what its PNG says of itself.
"""

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot import origins
from bot.attachments import manifest_of
from bot.cards import details
from bot.client import StylusBot
from bot.jobs.nouns import Job
from bot.routing.reply import Reply
from bot.routing.serving import notice, serve
from stylus_engine.model import Manifest

Interaction = discord.Interaction[StylusBot]


class Menus(commands.Cog):
    """Both look at one message that somebody chose."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot
        self._menus = (
            app_commands.ContextMenu(name="Remix", callback=self.remix),
            app_commands.ContextMenu(name="Image details", callback=self.details),
        )

    async def cog_load(self) -> None:
        """A cog's menus are not found by discord.py itself."""
        for menu in self._menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """What was added is taken away."""
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    async def remix(self, interaction: Interaction, message: discord.Message) -> None:
        """The edit window, filled with how the picture was made."""

        async def work(reply: Reply) -> None:
            job = await self._job(message, reply)
            manifest = None if job else await self._manifest(message, reply)
            if job is not None:
                await self.bot.router.acts.open_window(job, reply)
            elif manifest is not None:
                await self.bot.router.acts.open_window(
                    self.bot.router.acts.draft(manifest, reply), reply
                )

        await serve(self.bot.services, interaction, work)

    async def details(self, interaction: Interaction, message: discord.Message) -> None:
        """How it was made, for the person who asks."""

        async def work(reply: Reply) -> None:
            say = self.bot.services.say(str(interaction.locale))
            job = await self._job(message, reply)
            if job is not None:
                await reply.send(await self.bot.services.clerk.details(job, say), ephemeral=True)
                return
            manifest = await self._manifest(message, reply)
            if manifest is not None:
                await reply.send(details.manifest(say, manifest), ephemeral=True)

        await serve(self.bot.services, interaction, work)

    async def _job(self, message: discord.Message, reply: Reply) -> Job | None:
        """The job whose card this is, if this person may see it."""
        found = await self.bot.services.line.by_message(message.id)
        return origins.visible(found, reply.interaction, found.id) if found else None

    async def _manifest(self, message: discord.Message, reply: Reply) -> Manifest | None:
        """What the picture says; when there is nothing to hear, that is told here."""
        say = self.bot.services.say(str(reply.interaction.locale))
        pictures = _attachments(message)
        if not pictures:
            await reply.send(notice(say, "notice-no-picture"))
            return None
        found = await manifest_of(self.bot.services, pictures)
        if found is None:
            await reply.send(notice(say, "notice-no-manifest"))
        return found


def _attachments(message: discord.Message) -> Sequence[discord.Attachment]:
    """Of the message, or of what it forwards: Discord puts that into snapshots."""
    snapshots = message.message_snapshots
    return message.attachments or [file for each in snapshots for file in each.attachments]


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Menus(bot))
