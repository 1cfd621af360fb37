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
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from playground.app import listen
from playground.openapi import Spec
from playground.play import Play
from playground.settings import parse

HOUSE = Path(__file__).resolve().parents[2]
DOCUMENT = HOUSE.parent / "shared" / "discord-openapi.json"
Json = dict[str, Any]
Met = Callable[[Json], object]


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
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
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

    def person(self, name: str, *, locale: str = "en-US") -> "Person":
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


class PlaygroundHere(Playground):
    """The same stand-in in the test's own process and loop: the sockets are real, the start is quick.

    Not for tests that block the loop, or that need a process to kill.  Where Discord's
    OpenAPI document lies, it judges all that is said here, and at the end nothing may stand
    against the stand-in's own answers and events.
    """

    async def _start(self) -> None:
        self.play = Play(parse(self._words()))
        self.play.verdict.spec = self.play.verdict.spec or the_document()
        self.runner = await listen(self.play)
        self.url, self.token = self.play.base, self.play.token
        self.page = f"{self.url}/playground/"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        rows = [row for row in self.play.journal.rows if row["direction"] != "request"]
        await super().__aexit__(kind, error, trace)
        assert kind is not None or not rows, json.dumps(rows[:3], indent=1)

    async def _stop(self) -> None:
        await self.runner.cleanup()


@cache
def the_document() -> Spec | None:
    """The OpenAPI judge, read once for all tests of a process; None where it does not lie."""
    return Spec(DOCUMENT) if DOCUMENT.is_file() else None


class Person:
    """One of the playground's people. Interactions are named by their id."""

    def __init__(self, play: Playground, name: str, locale: str) -> None:
        self.play = play
        self.name = name
        self.locale = locale
        self.channel = "pictures"

    def at(self, channel: str | int) -> "Person":
        """The same person in another channel."""
        there = Person(self.play, self.name, self.locale)
        there.channel = str(channel)
        return there

    async def _do(self, what: str, /, **body: object) -> Any:
        whole = {"user": self.name, "channel": self.channel, "locale": self.locale, **body}
        return await self.play.post(what, **whole)

    # --- doing

    async def slash(self, command: str, /, **options: object) -> str:
        """`await ada.slash("adapters browse", query="ink")`"""
        return (await self._do("slash", command=command, options=options))["interaction"]

    async def autocomplete(self, command: str, focused: str, /, **options: object) -> list[Json]:
        told = await self._do("autocomplete", command=command, focused=focused, options=options)
        return told["choices"]

    async def menu(
        self, command: str, message: Json | None = None, target: str | None = None
    ) -> str:
        on = {"target": target} if message is None else {"message": message["id"]}
        return (await self._do("menu", command=command, **on))["interaction"]

    async def press(
        self, message: Json, custom_id: str, values: list[str] | None = None, **more: object
    ) -> str:
        """A button or select of a message; `forged=True` for an id that is not on it."""
        body: Json = {"message": message["id"], "custom_id": custom_id, **more}
        body["channel"] = message["channel_id"]
        body |= {} if values is None else {"values": values}
        return (await self._do("press", **body))["interaction"]

    async def submit(self, interaction: str, /, **values: object) -> str:
        """Fill in the modal that answered `interaction`."""
        return (await self._do("submit", interaction=interaction, values=values))["interaction"]

    async def say(self, content: str, *attachments: str) -> Json:
        """Write a message; attachments are ids of `attach`."""
        return await self._do("messages", content=content, attachments=list(attachments))

    async def attach(self, data: bytes, filename: str = "picture.png", kind: str = "") -> str:
        """Upload a file for an attachment option; its id."""
        query = {"filename": filename} | ({"content_type": kind} if kind else {})
        told = await self.play._ask("POST", "attachments", params=query, data=data)
        return told["id"]

    async def delete(self, message: Json) -> None:
        await self._do("delete", message=message["id"], channel=message["channel_id"])

    async def direct(self) -> "Person":
        """The same person in the direct channel to the bot."""
        return self.at((await self._do("dm"))["channel"])

    # --- seeing

    async def interaction(self, id_: str, wait: float = 0) -> Json:
        return await self.play.get(f"interactions/{id_}", wait=wait)

    async def answer(self, id_: str, seconds: float = 10) -> Json:
        """The interaction once it was answered; fails when the bot did not."""
        told = await self.interaction(id_, wait=seconds)
        assert told["state"] == "answered", f"interaction {id_}: {told}"
        return told

    async def messages(self) -> list[Json]:
        """All that this person sees in the channel, oldest first."""
        return await self.play.get(f"channels/{self.channel}/messages", user=self.name)

    async def message(self, id_: str) -> Json | None:
        """One message as it is now; None when it is gone or hidden."""
        return next((m for m in await self.messages() if m["id"] == str(id_)), None)

    async def message_where(self, met: Met, seconds: float = 20, what: str = "a message") -> Json:
        """The newest visible message that `met` accepts, as soon as there is one."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = [m for m in await self.messages() if met(m)][-1:]
            return bool(found)

        await until(there, seconds, f"{what} for {self.name} in {self.channel}")
        return found[0]

    async def read(self, url: str) -> bytes:
        """Download a link of a message."""
        async with self.play.http.get(url) as answer:
            assert answer.status == 200, f"{answer.status} at {url}"
            return await answer.read()


async def until(met: Callable[[], Any], seconds: float, what: str) -> None:
    """Ask again and again; an AssertionError names what did not come."""
    end = time.monotonic() + seconds
    while not await met():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.03)


def parts(message: Json) -> list[Json]:
    """Every component of a message, nested ones included."""
    return list(_parts(message.get("components", [])))


def _parts(components: list[Json]) -> Any:
    for component in components:
        yield component
        yield from _parts(component.get("components", []))
        if isinstance(component.get("accessory"), dict):
            yield from _parts([component["accessory"]])


def texts(message: Json) -> str:
    """All that stands in a message to be read."""
    shown = [part["content"] for part in parts(message) if part["type"] == 10]
    return "\n".join([message["content"], *shown])


def buttons(message: Json) -> dict[str, str]:
    """label (or emoji) -> custom_id of the buttons one can press."""
    return {
        part.get("label") or part["emoji"]["name"]: part["custom_id"]
        for part in parts(message)
        if part["type"] == 2 and "custom_id" in part and not part.get("disabled")
    }
