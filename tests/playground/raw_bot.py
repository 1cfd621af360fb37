"""A client of the gateway without a library: every frame and every answer under the test's hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.playground.driver import Json, Playground

GUILDS_AND_MESSAGES = 1 | 1 << 9 | 1 << 12


class RawBot:
    """One socket. Frames that come are kept; `event` waits for one of a kind."""

    def __init__(self, play: Playground, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.play = play
        self.socket = socket
        self.session = ""
        self.seq: int | None = None

    async def frame(self, seconds: float = 5) -> Json:
        """The next frame; AssertionError with the close code when there is none any more."""
        message = await asyncio.wait_for(self.socket.receive(), seconds)
        assert message.type is aiohttp.WSMsgType.TEXT, f"closed {self.socket.close_code}"
        told = json.loads(message.data)
        self.seq = told["s"] or self.seq
        return told

    async def op(self, op: int, seconds: float = 5) -> Json:
        while (told := await self.frame(seconds))["op"] != op:
            pass
        return told

    async def event(self, name: str, seconds: float = 5) -> Json:
        """The data of the next event of that name."""
        while (told := await self.frame(seconds))["t"] != name:
            pass
        return told["d"]

    async def close_code(self, seconds: float = 5) -> int | None:
        """The code the server closes with, frames before it swallowed."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), seconds)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return self.socket.close_code

    async def send(self, op: int, data: object = None) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def identify(self, intents: int = GUILDS_AND_MESSAGES, **more: object) -> None:
        known = {"token": self.play.token, "intents": intents, "properties": {}}
        await self.send(2, known | more)

    async def ready(self, intents: int = GUILDS_AND_MESSAGES, **more: object) -> Json:
        await self.identify(intents, **more)
        told = await self.event("READY")
        self.session = told["session_id"]
        return told

    async def resume(self, session: str, seq: int) -> None:
        await self.send(6, {"token": self.play.token, "session_id": session, "seq": seq})

    # --- answers

    async def callback(self, asked: Json, type_: int, **data: Any) -> tuple[int, Any]:
        """POST the first answer; `data` is its data."""
        path = f"/interactions/{asked['id']}/{asked['token']}/callback"
        body = {"type": type_} | ({"data": data} if data else {})
        query = {"with_response": "1"}
        return await self.play.rest("POST", path, token=None, json=body, params=query)

    async def hook(
        self, method: str, asked: Json, path: str = "/messages/@original", **more: Any
    ) -> tuple[int, Any]:
        """A request by the interaction's token."""
        where = f"/webhooks/{asked['application_id']}/{asked['token']}{path}"
        return await self.play.rest(method, where, token=None, **more)


@asynccontextmanager
async def dialled(play: Playground, **query: str) -> AsyncIterator[RawBot]:
    """Connected and greeted, not identified."""
    params = {"v": "10", "encoding": "json", **query}
    url = play.url.replace("http", "ws") + "/gw/"
    async with play.http.ws_connect(url, params=params) as socket:
        bot = RawBot(play, socket)
        hello = await bot.frame()
        assert hello["op"] == 10
        yield bot


@asynccontextmanager
async def connected(play: Playground, intents: int = GUILDS_AND_MESSAGES) -> AsyncIterator[RawBot]:
    """Identified and past READY."""
    async with dialled(play) as bot:
        await bot.ready(intents)
        yield bot


COMMAND = {"name": "go", "description": "goes", "type": 1, "options": []}


@asynccontextmanager
async def asked(play: Playground, **settings: Any) -> AsyncIterator[tuple[RawBot, Json, str]]:
    """A bot with one command that Ada has just used: bot, interaction, its id for people."""
    app = (await play.world())["bot"]["id"]
    status, _ = await play.rest("PUT", f"/applications/{app}/commands", json=[COMMAND])
    assert status == 200
    async with connected(play) as bot:
        id_ = await play.person("ada").slash("go")
        yield bot, await bot.event("INTERACTION_CREATE"), id_
