"""A discord.py client, unchanged, that lives in the test process and dials the playground."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import yarl
from discord import Client, Intents, app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.playground.driver import Playground


class Bot(Client):
    """Its tree is filled by the test before it starts."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("intents", Intents(guilds=True, guild_messages=True))
        super().__init__(guild_ready_timeout=0.1, max_ratelimit_timeout=30.0, **options)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []

    async def setup_hook(self) -> None:
        await self.tree.sync()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.heard.append(event)
        super().dispatch(event, *args, **kwargs)


@asynccontextmanager
async def dialled(play: Playground, monkeypatch: Any) -> AsyncIterator[None]:
    """discord.py's addresses point to the playground meanwhile."""
    monkeypatch.setattr(Route, "BASE", f"{play.url}/api/v10")
    gateway = yarl.URL(play.url.replace("http", "ws") + "/gw/")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
    yield


@asynccontextmanager
async def running(play: Playground, bot: Bot, monkeypatch: Any) -> AsyncIterator[Bot]:
    """The bot, ready; closed at the end."""
    async with dialled(play, monkeypatch):
        task = asyncio.create_task(bot.start(play.token))
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            await asyncio.wait({task, ready}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            assert bot.is_ready(), "the bot did not get ready"
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.gather(task, ready, return_exceptions=True)
