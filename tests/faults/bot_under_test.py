"""The real bot, told where to die: `bot.app.run` with its parts wrapped in this process alone.

Settings come from the environment as they always do; FAULTS_FOLDER says where orders
are, FAULTS_AHEAD by how many seconds this bot's clock runs ahead.
"""

import asyncio
import functools
import logging
import os
import re
import signal
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import discord
from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter
from ulid import ULID

from bot import app, housekeeping
from bot.clock import SystemClock
from bot.delivery.wire import Wire
from bot.discord_wire import DiscordWire
from bot.jobs.line import Line
from bot.jobs.nouns import Job, Wish
from bot.refusals import LineAway
from bot.routing.reply import Reply
from bot.settings import load
from stylus_engine.workers.process import Launch, WorkerProcess
from tests.faults.boundaries import calls, requests, writes
from tests.faults.orders import LOST, Desk, Note, Order, alive

AsyncCall = Callable[..., Awaitable[Any]]
HOLD_SECONDS = 0.5  # a bot under test lives for seconds: its lease is renewed within them
NAME = 26  # characters of a ULID
NONCE = re.compile(r"[\w-]{22}[ep]?", re.ASCII)  # of a card, of an end, of a ping
INSIDE: ContextVar[bool] = ContextVar("inside", default=False)


class Watchman:
    """Hears every boundary; carries out the order that holds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: set[str] = set()
        self._stamp = (-1, -1)
        self._order: Order | None = None
        self._passed = 0

    def passes(self, boundary: str, job: str = "") -> None:
        if boundary not in self._known:
            self._known.add(boundary)
            self._tell("passed", boundary, os.getpid(), job)
        self._look()
        order = self._order
        if order is None or order.boundary != boundary:
            return
        self._passed += 1
        victim = self._victim(order)
        if self._passed >= order.passing and alive(victim):
            self._kill(order, victim or 0, job)

    def began(self, role: str, pid: int) -> None:
        self._tell("worker", role, pid)

    def _look(self) -> None:
        if (stamp := self._desk.stamp()) != self._stamp:
            self._stamp, self._order, self._passed = stamp, self._desk.order(), 0

    def _victim(self, order: Order) -> int | None:
        return os.getpid() if order.target == "bot" else self._desk.worker(order.target)

    def _kill(self, order: Order, pid: int, job: str) -> None:
        self._order = None
        self._tell("killed", order.boundary, pid, job, order.number)
        os.kill(pid, signal.SIGKILL)

    def _tell(self, what: Any, name: str, pid: int, job: str = "", order: int = 0) -> None:
        self._desk.note(Note(what, name, time.time(), pid, job, order))


def watched(watchman: Watchman, place: str, inner: AsyncCall) -> AsyncCall:
    """The same call with a boundary before and after it, however it ends."""

    @functools.wraps(inner)
    async def around(*arguments: Any, **named: Any) -> Any:
        job = _job_in((*arguments, *named.values()))
        watchman.passes(f"before {place}", job)
        try:
            with inside():
                answer = await inner(*arguments, **named)
        except Exception:
            watchman.passes(f"after {place}", job)
            raise
        watchman.passes(f"after {place}", job)
        return answer

    return around


@contextmanager
def inside() -> Iterator[None]:
    token = INSIDE.set(True)
    try:
        yield
    finally:
        INSIDE.reset(token)


def _job_in(arguments: tuple[object, ...]) -> str:
    """Which job a call is about, as far as its arguments tell."""
    for one in arguments:
        match one:
            case Job(id=name):
                return name
            case Wish(origin=origin):
                return f"interaction {origin.interaction}"
            case Reply(interaction=interaction):
                return f"interaction {interaction.id}"
            case str(name) if len(name) == NAME and name.isalnum():
                return name
            case str(nonce) if NONCE.fullmatch(nonce):
                return str(ULID.from_bytes(urlsafe_b64decode(nonce[:22] + "==")))
            case _:
                pass
    numbers = [one for one in arguments if isinstance(one, int)]
    return f"message {numbers[1]}" if len(numbers) == len(("channel", "message")) else ""


def lined(watchman: Watchman, lost: Path) -> Callable[..., Awaitable[Line]]:
    """`Line.open` of a line whose every write is a boundary. `lost`: see `losing`."""
    parts = {name: getattr(Line, name) for name in writes(Line) if name != "open"}
    parts["claim_draw"] = losing(lost, Line.claim_draw)
    methods = {name: watched(watchman, f"line.{name}", part) for name, part in parts.items()}
    return watched(watchman, "line.open", type("WatchedLine", (Line,), methods).open)


def losing(lost: Path, claim: AsyncCall) -> AsyncCall:
    """The same claim; where the file lies, the database is gone before its next answer comes."""

    @functools.wraps(claim)
    async def claimed(*arguments: Any, **named: Any) -> Job | None:
        job = await claim(*arguments, **named)
        if job is not None and lost.exists():
            lost.unlink()
            raise LineAway
        return job

    return claimed


def wired(watchman: Watchman) -> Callable[[discord.Client], DiscordWire]:
    names = calls(Wire)
    methods = {n: watched(watchman, f"wire.{n}", getattr(DiscordWire, n)) for n in names}
    return type("WatchedWire", (DiscordWire,), methods)


def watch_replies(watchman: Watchman) -> None:
    for name in requests(Reply):
        setattr(Reply, name, watched(watchman, f"reply.{name}", getattr(Reply, name)))


def watch_rest(watchman: Watchman) -> None:
    """What nobody of ours asked for inside a boundary is one by itself."""
    by_token, by_bot = AsyncWebhookAdapter.request, HTTPClient.request

    async def hook(self: Any, route: Route, *more: Any, **named: Any) -> Any:
        return await _bare(watchman, route, by_token, (self, route, *more), named)

    async def http(self: Any, route: Route, *more: Any, **named: Any) -> Any:
        return await _bare(watchman, route, by_bot, (self, route, *more), named)

    AsyncWebhookAdapter.request, HTTPClient.request = hook, http


async def _bare(
    watchman: Watchman, route: Route, ask: AsyncCall, arguments: tuple[Any, ...],
    named: Mapping[str, Any],
) -> Any:  # fmt: skip
    call = ask if INSIDE.get() else watched(watchman, _named(route), ask)
    return await call(*arguments, **named)


def _named(route: Route) -> str:
    """Discord.py makes routes of a template, or of an address that is whole already."""
    return f"rest {route.method} {route.path}"


def watch_workers(watchman: Watchman) -> None:
    start = WorkerProcess.start

    async def started(launch: Launch, *, name: str) -> WorkerProcess:
        process = await start(launch, name=name)
        watchman.began(launch.role, process.pid)
        return process

    WorkerProcess.start = started


class Ahead(SystemClock):
    """A clock of another day."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> float:
        return super().now() + self._seconds


def main(environment: Mapping[str, str]) -> int:
    folder = Path(environment["FAULTS_FOLDER"])
    watchman = Watchman(Desk(folder))
    housekeeping.HOLD_SECONDS = HOLD_SECONDS
    watch_replies(watchman)
    watch_rest(watchman)
    watch_workers(watchman)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    clock = Ahead(float(environment.get("FAULTS_AHEAD", "0")))
    settings = load(None, environment)
    parts: dict[str, Any] = {
        "open_line": lined(watchman, folder / LOST),
        "make_wire": wired(watchman),
    }
    return asyncio.run(app.run(settings, clock=clock, **parts))


if __name__ == "__main__":
    raise SystemExit(main(os.environ))
