"""/imagine: from what was typed to a place in the line."""

from functools import partial

import discord
from discord import app_commands
from discord.ext import commands
from msgspec.structs import replace

from bot import origins, wishes
from bot.attachments import start_of
from bot.client import StylusBot
from bot.jobs.nouns import Wish
from bot.presets import preset_of
from bot.routing.reply import Reply
from bot.routing.serving import serve
from bot.shelf import Shelf
from stylus_engine.model import LIMITS

Interaction = discord.Interaction[StylusBot]
ASPECTS = [app_commands.Choice(name=aspect, value=aspect) for aspect in wishes.ASPECTS]
SPEEDS = [app_commands.Choice(name=name, value=name) for name in wishes.SPEEDS]
STRENGTHS = [app_commands.Choice(name=name, value=name) for name in wishes.STRENGTHS]


class Imagine(commands.Cog):
    """The one command that matters."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot
        self.shelf = Shelf(bot.services)

    @app_commands.command(description="Draw pictures of what you describe.")
    @app_commands.describe(
        prompt="What the pictures should show.",
        adapters="auto, off, or the ones you pick by name, separated by commas.",
        style_strength="How strongly the adapters count.",
        aspect="The shape: width to height.",
        count="How many pictures, each with other adapters.",
        seed="The same seed and prompt draw the same pictures again.",
        negative="What the pictures should not show.",
        speed=wishes.SPEED_SAYS,
        guidance=wishes.GUIDANCE_SAYS,
        image="A picture to start from.",
        strength="How much of that picture is redone: 0.05 hardly anything, 1 all of it.",
        private="Only you see the result.",
    )
    @app_commands.choices(aspect=ASPECTS, style_strength=STRENGTHS, speed=SPEEDS)
    async def imagine(  # noqa: PLR0917  discord.py reads the options off the function
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, wishes.MOST_PROMPT],
        adapters: app_commands.Range[str, 1, 400] = wishes.AUTO,
        style_strength: str = "normal",
        aspect: str = "",
        count: app_commands.Range[int, 1, wishes.MOST_COUNT] | None = None,
        seed: app_commands.Range[int, 0, LIMITS.seed] | None = None,
        negative: app_commands.Range[str, 1, wishes.MOST_NEGATIVE] | None = None,
        speed: str = "",
        guidance: app_commands.Range[float, 0.0, LIMITS.guidance] | None = None,
        image: discord.Attachment | None = None,
        strength: app_commands.Range[float, 0.05, 1.0] | None = None,
        private: bool = False,
    ) -> None:
        """One wish, at the person's own charge."""
        asked = wishes.Asked(
            prompt=prompt,
            negative=negative,
            aspect=aspect,
            strength=style_strength,
            count=count,
            seed=seed,
            bare=adapters.strip().lower() == wishes.OFF,
            pinned=wishes.named(adapters),
            speed=speed,
            guidance=guidance,
        )

        async def work(reply: Reply) -> None:
            bring = image and partial(start_of, self.bot.services, image, strength=strength)
            await self.bot.entrance.begin(await self._wish(asked, private, reply), bring, reply)

        await serve(self.bot.services, interaction, work, ephemeral=private)

    async def _wish(self, asked: wishes.Asked, private: bool, reply: Reply) -> Wish:
        services, interaction = self.bot.services, reply.interaction
        pinned = await self.shelf.known(asked.pinned)
        preset = await preset_of(services.line, interaction.guild_id)
        return Wish(
            origin=origins.origin(interaction, services.settings, services.now()),
            request=wishes.request(
                replace(asked, pinned=pinned, preset=preset),
                services.settings,
                origins.ceiling(interaction, services.settings),
            ),
            private=private,
        )

    @imagine.autocomplete("adapters")
    async def adapters(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """auto, off, and what the shelf has near the last name that is being typed."""
        return await self.shelf.suggestions(interaction, current, several=True)


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Imagine(bot))
