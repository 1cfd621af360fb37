"""A second, independent client: what two libraries read alike, we did not only fit to one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hikari
import pytest

from tests.playground.driver import DOCUMENT, Playground, buttons
from tests.playground.everything import picture


@asynccontextmanager
async def running(play: Playground) -> AsyncIterator[hikari.GatewayBot]:
    """command → defer → edit with PNG and a button → the button changes the message."""
    bot = hikari.GatewayBot(
        play.token,
        banner=None,
        logs=None,
        rest_url=f"{play.url}/api/v10",
        intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES,
        suppress_optimization_warning=True,
    )

    @bot.listen()
    async def _(event: hikari.StartedEvent) -> None:
        me = bot.get_me()
        assert me is not None
        command = bot.rest.slash_command_builder("draw", "draws a square")
        await bot.rest.set_application_commands(me.id, [command])

    @bot.listen()
    async def _(event: hikari.InteractionCreateEvent) -> None:
        if isinstance(event.interaction, hikari.CommandInteraction):
            await draw(bot, event.interaction)
        elif isinstance(event.interaction, hikari.ComponentInteraction):
            await event.interaction.create_initial_response(
                hikari.ResponseType.MESSAGE_UPDATE, "pressed", components=[]
            )

    await bot.start(check_for_updates=False)
    try:
        yield bot
    finally:
        await bot.close()


async def draw(bot: hikari.GatewayBot, interaction: hikari.CommandInteraction) -> None:
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    row = bot.rest.build_message_action_row()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "again", label="Again")
    await interaction.edit_initial_response(
        "drawn", attachment=hikari.Bytes(picture(), "square.png"), component=row
    )


@pytest.mark.slow
@pytest.mark.asyncio
async def test_hikari_runs_a_command_a_picture_and_a_button():
    where = {"openapi": DOCUMENT} if DOCUMENT.is_file() else {}
    async with Playground(**where) as play, running(play) as bot:
        await play.commands("draw")
        assert len(bot.cache.get_guilds_view()) == 2
        ada = play.person("ada")
        assert (await ada.answer(await ada.slash("draw")))["type"] == 5
        message = await ada.message_where(lambda m: m["content"] == "drawn")
        assert await ada.read(message["attachments"][0]["url"]) == picture()
        await ada.answer(await ada.press(message, buttons(message)["Again"]))
        pressed = await ada.message_where(lambda m: m["content"] == "pressed")
        assert pressed["components"] == []
        await asyncio.sleep(0)
        await play.judged_clean()
