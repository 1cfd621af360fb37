"""/inpaint: a part of a picture is drawn anew, the rest stays bit for bit."""

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
from stylus_engine.model import LIMITS

Interaction = discord.Interaction[StylusBot]
SPEEDS = [app_commands.Choice(name=name, value=name) for name in wishes.SPEEDS]


class Inpaint(commands.Cog):
    """What is transparent in the picture is drawn anew, or what is white in a mask."""

    def __init__(self, bot: StylusBot) -> None:
        self.bot = bot

    @app_commands.command(description="Draw a part of a picture anew.")
    @app_commands.describe(
        prompt="What the whole picture should show.",
        image="The picture. What is transparent in it is drawn anew.",
        mask="Instead of transparency: a picture of the same size, white where it is drawn anew.",
        strength="How much of that part is redone: 0.05 hardly anything, 1 all of it.",
        count="How many pictures, each with other adapters.",
        seed="The same seed and prompt draw the same pictures again.",
        negative="What the pictures should not show.",
        speed=wishes.SPEED_SAYS,
        guidance=wishes.GUIDANCE_SAYS,
        private="Only you see the result.",
    )
    @app_commands.choices(speed=SPEEDS)
    async def inpaint(  # noqa: PLR0917  discord.py reads the options off the function
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, wishes.MOST_PROMPT],
        image: discord.Attachment,
        mask: discord.Attachment | None = None,
        strength: app_commands.Range[float, 0.05, 1.0] | None = None,
        count: app_commands.Range[int, 1, wishes.MOST_COUNT] | None = None,
        seed: app_commands.Range[int, 0, LIMITS.seed] | None = None,
        negative: app_commands.Range[str, 1, wishes.MOST_NEGATIVE] | None = None,
        speed: str = "",
        guidance: app_commands.Range[float, 0.0, LIMITS.guidance] | None = None,
        private: bool = False,
    ) -> None:
        """One wish, at the person's own charge."""
        asked = wishes.Asked(
            prompt=prompt,
            negative=negative,
            count=count,
            seed=seed,
            speed=speed,
            guidance=guidance,
        )

        async def work(reply: Reply) -> None:
            services, cut = self.bot.services, mask is None
            bring = partial(start_of, services, image, mask, cut=cut, strength=strength)
            await self.bot.entrance.begin(await self._wish(asked, private, reply), bring, reply)

        await serve(self.bot.services, interaction, work, ephemeral=private)

    async def _wish(self, asked: wishes.Asked, private: bool, reply: Reply) -> Wish:
        services, interaction = self.bot.services, reply.interaction
        preset = await preset_of(services.line, interaction.guild_id)
        return Wish(
            origin=origins.origin(interaction, services.settings, services.now()),
            request=wishes.request(
                replace(asked, preset=preset),
                services.settings,
                origins.ceiling(interaction, services.settings),
            ),
            private=private,
        )


async def setup(bot: StylusBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Inpaint(bot))
