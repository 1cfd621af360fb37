"""Drives the playground from a test: starts the process, and acts as its people.

    async with Playground(ack_seconds=1) as play:
        ada = play.person("ada")
        pressed = await ada.slash("imagine", prompt="a fox")
        answer = await ada.answer(pressed)          # the callback, with its message
        message = await ada.message_where(lambda m: not m["flags"] & 128)
        await ada.press(message, "custom-id")

Channels and users go by name or id. All waiting has a limit and ends in an AssertionError
that says what was seen.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.playground.person import Json, Person, buttons, parts, texts, until

HOUSE = Path(__file__).resolve().parents[2]
__all__ = [
    "DOCUMENT",
    "HOUSE",
    "Json",
    "Person",
    "Playground",
    "Refusal",
    "buttons",
    "parts",
    "texts",
    "until",
]
DOCUMENT = HOUSE.parent / "shared" / "discord-openapi.json"


class Refusal(AssertionError):
    """The people's API said no."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status
        self.sentence = sentence


class Playground:
    """The process of the stand-in, as an asynchronous context manager.

    Keyword arguments are its flags (`ack_seconds=1`, `openapi=DOCUMENT`); what a real
    Discord would make slow is quick unless asked for: no pause between two IDENTIFYs.
    """

    def __init__(self, **flags: object) -> None:
        self.flags: dict[str, object] = {"identify_seconds": 0, **flags}
        self.url = self.token = self.page = ""

    async def __aenter__(self) -> Self:
        await self._start()
        self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.close()
        await self._stop()

    async def _start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "playground",
            "--with-parent",
            *self._words(),
            cwd=HOUSE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        assert line, "the playground ended before it listened"
        told = json.loads(line)
        self.url, self.token, self.page = told["url"], told["token"], told["page"]

    async def _stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise

    def _words(self) -> list[str]:
        words: list[str] = []
        for name, value in self.flags.items():
            flag = "--" + name.replace("_", "-")
            if value is True:
                words.append(flag)
            elif value is not False and value is not None:
                words += [flag, str(value)]
        return words

    # --- plain requests

    async def get(self, path: str, /, **query: object) -> Any:
        """GET of the people's API; `path` without /playground/api/."""
        return await self._ask("GET", path, params={k: str(v) for k, v in query.items()})

    async def post(self, path: str, /, **body: object) -> Any:
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.url}/playground/api/{path}"
        async with self.http.request(method, url, **more) as answer:
            told = await answer.json()
        if answer.status >= 400:
            raise Refusal(answer.status, told.get("error", ""))
        return told

    async def rest(
        self, method: str, path: str, *, token: str | None = "", **more: Any
    ) -> tuple[int, Any]:
        """A bare request to Discord's API as the bot: status and decoded body.

        `token` None sends none; more keywords go to aiohttp (json=, data=, headers=, params=).
        """
        headers = {"User-Agent": "DiscordBot (https://stylus.example, 1)"}
        if token is not None:
            headers["Authorization"] = f"Bot {token or self.token}"
        headers |= more.pop("headers", {})
        url = f"{self.url}/api/v10{path}"
        async with self.http.request(method, url, headers=headers, **more) as answer:
            raw = await answer.read()
        return answer.status, json.loads(raw) if raw else None

    # --- people and mischief

    def person(self, name: str, *, locale: str = "en-US") -> Person:
        return Person(self, name, locale)

    async def world(self) -> Json:
        return await self.get("world")

    async def channel(self, name: str) -> int:
        """The id of a guild's channel."""
        for guild in (await self.world())["guilds"]:
            for channel in guild["channels"]:
                if channel["name"] == name:
                    return int(channel["id"])
        raise AssertionError(f"no channel {name}")

    async def fault(self, kind: str, path: str = ".*", method: str = "*", **more: object) -> int:
        """Order a fault; `more`: status, code, seconds, times."""
        told = await self.post("faults", kind=kind, path=path, method=method, **more)
        return told["id"]

    async def no_faults(self) -> None:
        await self._ask("DELETE", "faults")

    async def gateway(self, do: str, **more: object) -> int:
        """Do something to the bot's sockets; how many there were."""
        return (await self.post("gateway", do=do, **more))["sockets"]

    async def deny(self, channel: str | int, *names: str) -> None:
        await self.post("permissions", channel=str(channel), deny=list(names))

    async def thread(
        self, channel: str | int, *, archived: bool = False, locked: bool = False
    ) -> None:
        """Somebody closes or locks a thread; with neither, it is open again."""
        await self.post("thread", channel=str(channel), archived=archived, locked=locked)

    async def clock(self, **what: object) -> None:
        await self.post("clock", **what)

    async def settings(self, **what: object) -> None:
        await self.post("settings", **what)

    async def journal(self, since: int = 0) -> list[Json]:
        return await self.get("journal", since=since)

    async def requests(self, method: str = "", path: str = "") -> list[Json]:
        """The journal's requests whose path contains `path`."""
        rows = await self.journal()
        return [
            row
            for row in rows
            if row["direction"] == "request" and method in row["method"] and path in row["path"]
        ]

    async def faults_of_ours(self) -> list[Json]:
        """What the OpenAPI document found in the stand-in's own answers and events."""
        return [row for row in await self.journal() if row["direction"] != "request"]

    async def judged_clean(self) -> None:
        """Assert that neither judge found anything, in requests or in the stand-in itself."""
        found = [row for row in await self.journal() if row["findings"]]
        told = [{key: row[key] for key in ("method", "path", "findings")} for row in found]
        assert not told, json.dumps(told[:5], indent=1)

    async def online(self, *, up: bool = True, seconds: float = 15) -> None:
        """Until the bot is connected (or no longer)."""

        async def there() -> bool:
            return (await self.world())["bot"]["online"] is up

        await until(there, seconds, f"the bot to be {'on' if up else 'off'}line")

    async def commands(self, *names: str, seconds: float = 15) -> list[Json]:
        """Until these commands are registered."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = (await self.world())["commands"]
            return {command["name"] for command in found} >= set(names)

        await until(there, seconds, f"the commands {names}")
        return found

    @asynccontextmanager
    async def events(self, user: str | None = None) -> AsyncIterator["asyncio.Queue[Json]"]:
        """The news a page of `user` hears, as they come."""
        news: asyncio.Queue[Json] = asyncio.Queue()
        query = f"?user={user}" if user else ""
        async with self.http.ws_connect(f"{self.url}/playground/api/events{query}") as socket:

            async def read() -> None:
                async for frame in socket:
                    news.put_nowait(frame.json())

            reading = asyncio.create_task(read())
            try:
                yield news
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
