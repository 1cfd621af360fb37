"""Getting to Discord: patient with the network, plain about what will never work."""

import asyncio
from typing import Any

import aiohttp
import discord
import discord.http
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.ext import commands

from bot import connecting
from bot.address import pointed_at
from stylus_engine.errors import BadSettings


class Door:
    """A client whose tries end as they are told; discord.py's own is tested on the wire."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = iter(ends)
        self.tries = 0
        self.closed = False
        self.http = discord.http.HTTPClient(asyncio.get_running_loop())

    def is_closed(self) -> bool:
        return self.closed

    async def login(self, token: str) -> None:
        await self.connect()

    async def connect(self) -> None:
        self.tries += 1
        end = next(self.ends)
        if end is not None:
            raise end
        self.closed = True


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "FIRST_WAIT", 0.0)


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = type("Socket", (), {"close_code": code})()
    return discord.ConnectionClosed(socket, shard_id=0, code=code)


PASSING = [
    aiohttp.ClientConnectionError("no route"),
    OSError("refused"),
    TimeoutError(),
    discord.GatewayNotFound(),
]


@pytest.mark.asyncio
@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
async def test_what_passes_is_waited_out(error: Exception):
    for way in (lambda door: connecting.logged_in(door, "t"), connecting.connected):
        door: Any = Door(error, error, None)
        await asyncio.wait_for(way(door), 5)
        assert door.tries == 3


@pytest.mark.asyncio
async def test_each_try_closes_what_it_opened(monkeypatch: pytest.MonkeyPatch):
    """Or asyncio tells of every session that was left open, as errors, while Discord is away."""
    opened: list[aiohttp.ClientSession] = []

    session = aiohttp.ClientSession

    def noted(**options: Any) -> aiohttp.ClientSession:
        opened.append(session(**options))
        return opened[-1]

    async def me(request: web.Request) -> web.Response:
        assert request.transport is not None
        if len(opened) < 3:
            request.transport.abort()
        return web.json_response({}, status=401)

    pages = web.Application()
    pages.router.add_get("/api/v10/users/@me", me)
    monkeypatch.setattr(aiohttp, "ClientSession", noted)
    async with TestServer(pages) as server:
        bot = commands.AutoShardedBot((), intents=discord.Intents.none())
        with pointed_at(f"http://127.0.0.1:{server.port}"), pytest.raises(BadSettings):
            await connecting.logged_in(bot, "t")
        assert [each.closed for each in opened] == [True, True, False]
        await bot.close()


@pytest.mark.asyncio
async def test_a_token_that_discord_does_not_know_ends_it():
    for way, end in (
        (lambda door: connecting.logged_in(door, "t"), discord.LoginFailure("no")),
        (connecting.connected, closed(4004)),
    ):
        door: Any = Door(end)
        with pytest.raises(BadSettings, match="does not know this token"):
            await way(door)


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [4010, 4011, 4012, 4013, 4014])
async def test_closed_for_good(code: int):
    door: Any = Door(closed(code))
    with pytest.raises(BadSettings, match=str(code)):
        await connecting.connected(door)


@pytest.mark.asyncio
async def test_privileged_intents_are_named():
    door: Any = Door(discord.PrivilegedIntentsRequired(0))
    with pytest.raises(BadSettings, match="intents"):
        await connecting.connected(door)


@pytest.mark.asyncio
async def test_another_close_is_tried_again():
    door: Any = Door(closed(1006), closed(4000), None)
    await connecting.connected(door)
    assert door.tries == 3


@pytest.mark.asyncio
async def test_what_nobody_foresaw_is_not_hidden():
    door: Any = Door(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await connecting.connected(door)
