"""The wire with a real client on the playground: what its tests share."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import discord
import msgspec
from discord import ui
from PIL import Image

from bot.cards.letter import Enclosure, Letter
from bot.custom_ids import Pressed
from bot.discord_wire import DiscordWire
from bot.jobs.nouns import Job
from tests.bot.cards.examples import JOB
from tests.playground.discord_bot import Bot
from tests.playground.driver import Json, Person, Playground, until

MANY = {"bucket_calls": 1000, "global_calls": 1000}  # limits have a test of their own


def png(colour: str = "red", edge: int = 8) -> bytes:
    made = BytesIO()
    Image.new("RGB", (edge, edge), colour).save(made, "PNG")
    return made.getvalue()


def letter(
    words: str = "a fox", *files: Enclosure, action: str = "info", job: str = JOB.id, **more: Any
) -> Letter:
    def view() -> ui.LayoutView:
        made, box = ui.LayoutView(timeout=None), ui.Container[ui.LayoutView]()
        box.add_item(ui.TextDisplay(words))
        if files:
            gallery = ui.MediaGallery[ui.LayoutView]()
            for each in files:
                gallery.add_item(media=each.url, description=each.alt)
            box.add_item(gallery)
        button = ui.Button[ui.LayoutView](label=action, custom_id=Pressed(job, action).custom_id)
        box.add_item(ui.ActionRow(button))
        made.add_item(box)
        return made

    return Letter(view=view, files=files, **more)


STATUS = letter("working", action="cancel")


@dataclass
class Stage:
    play: Playground
    bot: Bot
    wire: DiscordWire
    ada: Person
    limits: list[None]
    asked: list[discord.Interaction] = field(default_factory=list)

    async def job(self, *, private: bool = False, how: str = "status") -> tuple[Job, Json | None]:
        """Ada's command, answered as `how` says, and the message of the answer."""
        said = await self.ada.slash("imagine", how=how, private=private)
        if how != "never":
            await self.ada.answer(said)

        async def heard() -> bool:
            return bool(self.asked) and str(self.asked[-1].id) == said

        await until(heard, 5, "the bot to hear it")
        asked = self.asked[-1]
        origin = msgspec.structs.replace(
            JOB.origin, interaction=asked.id, token=asked.token, channel=asked.channel_id
        )
        job = msgspec.structs.replace(JOB, origin=origin, private=private)
        seen = await self.ada.messages()
        return job, seen[-1] if how != "never" else None


async def clean(stage: Stage) -> None:
    await stage.play.judged_clean()
