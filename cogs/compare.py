"""/compare: two presets draw the same prompt with the same seeds; people say which is better."""

import discord
from discord import app_commands
from discord.ext import commands

from bot import origins, wishes
from bot.client import StylusBot
from bot.jobs.nouns import Wish
from bot.refusals import SamePreset
from bot.routing.reply import Reply
from bot.routing.serving import serve
from stylus_engine.model import LIMITS, PRESETS

Interaction = discord.Interaction[StylusBot]
NAMES = [app_commands.Choice(name=name, value=name) for name in PRESETS]
MOST_EACH = 4  # pictures of an arm: two galleries, and eight files of ten
EACH = 2


class Compare(commands.Cog):
    """One job with two arms: one place in the line, one card, one cancel."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

    @app_commands.command(description="Two ways of drawing beside each other, blind: you vote.")
    @app_commands.describe(
        prompt="What the pictures should show.",
        a="The one preset.",
        b="The other preset.",
        count="How many pictures of each.",
        seed="The same seed draws the same pictures again.",
    )
    @app_commands.choices(a=NAMES, b=NAMES)
    async def compare(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, wishes.MOST_PROMPT],
        a: str = "stylus",
        b: str = wishes.BARE_PRESET,
        count: app_commands.Range[int, 1, MOST_EACH] | None = None,
        seed: app_commands.Range[int, 0, LIMITS.seed] | None = None,
    ) -> None:
        """Which is which is decided by the job's id, after it was asked for."""
        asked = wishes.Asked(prompt=prompt, count=count, usual=EACH, seed=seed)

        async def work(reply: Reply) -> None:
            if a == b:
                raise SamePreset(name=a)
            await self._admit(asked, (a, b), reply)

        await serve(self.bot.services, interaction, work, ephemeral=False)

    async def _admit(self, asked: wishes.Asked, arms: tuple[str, str], reply: Reply) -> None:
        services, interaction = self.bot.services, reply.interaction
        ceiling = origins.ceiling(interaction, services.settings)
        wish = Wish(
            origin=origins.origin(interaction, services.settings, services.now()),
            action="compare",
            request=wishes.request(asked, services.settings, ceiling),
            arms=arms,
        )
        await self.bot.entrance.admit(wish, reply)


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Compare(bot))
