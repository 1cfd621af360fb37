"""/help and /about."""

from importlib.metadata import PackageNotFoundError, version

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards import pages
from bot.cards.letter import Letter
from bot.client import StylusBot
from bot.routing.reply import Reply
from bot.routing.serving import serve
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

Interaction = discord.Interaction[StylusBot]
MOST_CARDS = 500  # whose licences are counted


class Help(commands.Cog):
    """What it is and how it is used."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

    @app_commands.command(name="help", description="How to use Stylus.")
    async def how(self, interaction: Interaction) -> None:
        """One screen."""

        async def work(reply: Reply) -> None:
            say = self.bot.services.say(str(interaction.locale))
            await reply.send(Letter(view=lambda: pages.help_page(say), ephemeral=True))

        await serve(self.bot.services, interaction, work)

    @app_commands.command(description="Whose work Stylus draws with, and under which licences.")
    async def about(self, interaction: Interaction) -> None:
        """Models, adapters, the bot itself."""
        await serve(self.bot.services, interaction, self._about)

    async def _about(self, reply: Reply) -> None:
        services = self.bot.services
        facts = pages.About(
            version=_version(),
            checkpoints=[(name, "") for name in services.settings.checkpoints.by_name],
            adapters=await self._cards(reply),
            days=services.settings.line.retention_days,
        )
        say = services.say(str(reply.interaction.locale))
        await reply.send(Letter(view=lambda: pages.about(say, facts), ephemeral=True))

    async def _cards(self, reply: Reply) -> list[Adapter]:
        """Those of the shelf; without a planner the page is still worth reading."""
        try:
            shelf = self.bot.router.lists.shelf
            found = await shelf.search("", reply.interaction, k=MOST_CARDS)
        except StylusError:
            return []
        return [candidate.adapter for candidate in found.candidates]


def _version() -> str:
    try:
        return version("stylus")
    except PackageNotFoundError:
        return "from source"


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Help(bot))
