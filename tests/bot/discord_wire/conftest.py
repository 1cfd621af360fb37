"""One playground and one client for a file of tests."""

from collections.abc import AsyncGenerator

import discord
import pytest
import pytest_asyncio

from bot.discord_wire import DiscordWire, watching_limits
from tests.bot.discord_wire.wire_stage import MANY, STATUS, Stage
from tests.playground.discord_bot import Bot, running
from tests.playground.driver import DOCUMENT, Playground


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncGenerator[Stage]:
    limits: list[None] = []
    bot = Bot(http_trace=watching_limits(lambda: limits.append(None)))
    asked: list[discord.Interaction] = []

    @bot.tree.command(description="draws")
    async def imagine(interaction: discord.Interaction, how: str, private: bool):
        asked.append(interaction)
        if how == "status":
            await interaction.response.send_message(view=STATUS.view(), ephemeral=private)
        elif how == "defer":
            await interaction.response.defer(ephemeral=private)

    document = DOCUMENT if DOCUMENT.exists() else None
    flags = MANY | {"openapi": document, "old_edits": 1}
    with pytest.MonkeyPatch.context() as patch:
        async with Playground(**flags) as play, running(play, bot, patch):
            wire = DiscordWire(bot, seconds=2.0, seconds_with_files=4.0)
            yield Stage(play, bot, wire, play.person("ada"), limits, asked)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(whole: Stage) -> AsyncGenerator[Stage]:
    yield whole
    await whole.play.no_faults()
    for channel in ("pictures", "general", "no-files"):
        await whole.play.deny(channel, *(["ATTACH_FILES"] if channel == "no-files" else []))
    await whole.play.settings(dms_closed=[], automod=[], upload_limit=10 << 20)
