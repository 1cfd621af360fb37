"""The bot as Discord meets it: intents, mentions, commands, the router's table."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio

from bot import custom_ids
from bot.client import COGS, StylusBot, digest
from bot.routing.router import Router
from bot.settings import Settings
from bot.texts import Texts
from bot.texts.catalogue import Catalogue
from bot.translating import CommandTexts

PRIVILEGED = ("members", "presences", "message_content")
Json = dict[str, Any]


class Notes:
    """The line's notes, and nothing else of it."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def noted(self, name: str) -> str | None:
        return self.kept.get(name)

    async def note(self, name: str, value: str, now: float) -> None:
        self.kept[name] = value


def services(texts: Texts | None = None) -> Any:
    return SimpleNamespace(
        settings=Settings(), line=Notes(), texts=texts or Texts.load(), now=lambda: 0.0
    )


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[StylusBot]:
    made = StylusBot(lambda _: services(), trace=aiohttp.TraceConfig())
    async with made:
        for name in COGS:
            await made.load_extension(name)
        await made.tree.set_translator(CommandTexts(made.services.texts))
        yield made


@pytest.mark.asyncio
async def test_it_asks_for_nothing_privileged_and_pings_nobody(bot: StylusBot):
    assert bot.intents.guilds
    assert not any(getattr(bot.intents, name) for name in PRIVILEGED)
    assert bot.intents == discord.Intents(guilds=True)
    assert bot.allowed_mentions is not None
    assert bot.allowed_mentions.to_dict() == discord.AllowedMentions.none().to_dict()


@pytest.mark.asyncio
async def test_every_command_is_for_servers_only(bot: StylusBot):
    for command in await bot.payload():
        assert command["contexts"] == [0]
        assert command["integration_types"] == [0]
        assert not command["nsfw"]


@pytest.mark.asyncio
async def test_the_commands_of_the_product(bot: StylusBot):
    names = {command["name"] for command in await bot.payload()}
    assert names == {
        "imagine", "inpaint", "compare", "queue", "cancel", "show", "history", "adapters", "help",
        "about", "admin", "Remix", "Image details",
    }  # fmt: skip


@pytest.mark.asyncio
async def test_imagine_needs_a_prompt_and_no_more(bot: StylusBot):
    imagine = next(c for c in await bot.payload() if c["name"] == "imagine")
    options = {option["name"]: option for option in imagine["options"]}
    assert [name for name, option in options.items() if option["required"]] == ["prompt"]
    assert options["prompt"]["max_length"] == 1500
    assert options["adapters"]["autocomplete"]
    assert (options["count"]["min_value"], options["count"]["max_value"]) == (1, 4)
    assert options["seed"]["max_value"] == 2**32 - 1
    assert {c["value"] for c in options["style_strength"]["choices"]} == {"low", "normal", "high"}


@pytest.mark.asyncio
async def test_descriptions_come_in_other_languages_where_there_are_words():
    german = Catalogue("de", "command-imagine = Male etwas.\noption-imagine-prompt = Was?\n")
    known = Texts.load()
    texts = Texts({**known.catalogues, "de": german})
    async with StylusBot(lambda _: services(texts), trace=aiohttp.TraceConfig()) as bot:
        await bot.load_extension("cogs.imagine")
        await bot.tree.set_translator(CommandTexts(texts))
        [imagine] = await bot.payload()
    assert imagine["description_localizations"] == {"de": "Male etwas."}
    prompt = next(option for option in imagine["options"] if option["name"] == "prompt")
    assert prompt["description_localizations"] == {"de": "Was?"}
    assert not imagine.get("name_localizations")


def test_the_same_commands_have_the_same_hash_in_any_order():
    assert digest([{"a": 1, "b": 2}]) == digest([{"b": 2, "a": 1}])
    assert digest([{"a": 1}]) != digest([{"a": 2}])


def test_every_action_has_its_row():
    router = Router(services(), SimpleNamespace())  # pyright: ignore[reportArgumentType] - only the table is asked for
    assert set(router.handlers) == set(custom_ids.ACTIONS)
