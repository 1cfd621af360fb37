"""/adapters browse, info and add: what is on the shelf, and what somebody brings to it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.paging import Page
from bot.client import StylusBot
from bot.routing.reply import Reply
from bot.routing.serving import serve

Interaction = discord.Interaction[StylusBot]


class Adapters(
    commands.GroupCog, group_name="adapters", group_description="The adapters there are."
):
    """Looking at cards; adding is for those who manage the server."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

    @app_commands.command(description="Leaf through the adapters, or search them.")
    @app_commands.describe(query="What they should be good for; empty for all of them.")
    async def browse(
        self, interaction: Interaction, query: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """Pages, only for the person who asks."""

        async def work(reply: Reply) -> None:
            page = Page("adapters", 0, (query or "").strip())
            await reply.send(await self.bot.router.lists.letter(page, reply.interaction))

        await serve(self.bot.services, interaction, work)

    @app_commands.command(description="One adapter: what it does, whose it is, what is allowed.")
    @app_commands.describe(name="Its name.")
    async def info(self, interaction: Interaction, name: app_commands.Range[str, 1, 200]) -> None:
        """One card, only for the person who asks."""

        async def work(reply: Reply) -> None:
            await reply.send(await self.bot.router.lists.adapter(name, reply.interaction))

        await serve(self.bot.services, interaction, work)

    @app_commands.command(description="Bring an adapter: it can be drawn with at once.")
    @app_commands.describe(
        url="A page of Civitai or Hugging Face, or a link to a .safetensors file.",
        file="A .safetensors file.",
    )
    async def add(
        self,
        interaction: Interaction,
        url: app_commands.Range[str, 1, 500] | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Told only to the person who brings it."""

        async def work(reply: Reply) -> None:
            await self.bot.router.adding.add(reply, url or "", file)

        await serve(self.bot.services, interaction, work)

    @info.autocomplete("name")
    async def names(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """What the shelf has near what is being typed."""
        return await self.bot.router.lists.shelf.suggestions(interaction, current)


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Adapters(bot))
