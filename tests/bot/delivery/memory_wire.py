"""A wire that delivers into memory, and a clock turned by hand.

It remembers what a person could have seen: every message that ever carried a job's
card.  `faults` are said once each, before or after the effect; `hang` stops a call for
ever, so that a test can end the process that made it.  Its own clock is never set.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.delivery.roads import Limits
from bot.delivery.wire import (
    MessageGone,
    NoRights,
    Sent,
    TokenGone,
    Unreadable,
    WireError,
)
from bot.jobs.nouns import Job
from bot.sections import DeliverySettings

START = 1_800_000_000.0
DISCORD_EPOCH = 1_420_070_400.0
CHANNEL, USER, GUILD = 4001, 1001, 3001
DM = 7001
LIMITS = Limits.of(DeliverySettings())


class HandClock:
    """Time stands still until somebody turns it."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._set = 0.0
        self._sleepers: list[tuple[float, asyncio.Event, asyncio.Task[object] | None]] = []

    def now(self) -> float:
        return self._now + self._set

    def set(self, seconds: float) -> None:
        """What a person or a time server does: no time passes."""
        self._set += seconds

    def ticks(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        sleeper = (self._now + seconds, asyncio.Event(), asyncio.current_task())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    def turn(self, seconds: float) -> None:
        self._now += seconds
        for due, event, _ in self._sleepers:
            if due <= self._now:
                event.set()

    def sleeps(self, task: "asyncio.Task[object] | None") -> bool:
        return any(who is task and not event.is_set() for _, event, who in self._sleepers)


@dataclass(frozen=True)
class Paper:
    """What the clerk here writes on."""

    kind: str
    job: str
    text: str = ""
    shrink: int = 0
    quiet: bool = False


@dataclass
class Message:
    id: int
    channel: int
    at: float
    paper: Paper
    ephemeral: bool = False
    nonce: str = ""
    reply_to: int | None = None
    gone: bool = False
    was: list[Paper] = field(default_factory=list)

    def write(self, paper: Paper) -> None:
        self.paper = paper
        self.was.append(paper)


@dataclass
class Fault:
    method: str
    error: WireError | None  # None: hangs until `release`
    after: bool = False
    met: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


class MemoryWire:
    """Implements `Wire[Paper]`."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.messages: dict[int, Message] = {}
        self.originals: dict[int, int] = {}  # interaction -> message
        self.nonces: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.searched: list[float] = []
        self.unreadable = False
        self.dms_closed = False
        self._numbers = itertools.count(9001)

    # --- what tests ask and arrange

    def fail(self, method: str, error: WireError | None, *, after: bool = False) -> Fault:
        self.faults.append(Fault(method, error, after))
        return self.faults[-1]

    def answer(self, job: Job) -> Sent:
        """The bot's first answer, with the status."""
        made = self._write(job.origin.channel, Paper("status", job.id, "first"))
        made.ephemeral = job.private
        self.originals[job.origin.interaction] = made.id
        return Sent(made.id, made.channel)

    def papers(self, job: str, kind: str) -> list[int]:
        """Messages that ever carried such a paper of this job, deleted ones too."""
        return [
            each.id
            for each in self.messages.values()
            if any((paper.kind, paper.job) == (kind, job) for paper in each.was)
        ]

    # --- the Wire

    async def edit_by_token(self, job: Job, letter: Paper) -> Sent:
        async with self._call("edit_by_token"):
            return self._edit(self._original(job), letter)

    async def original(self, job: Job) -> Sent | None:
        async with self._call("original"):
            if self.clock.ticks() >= job.origin.token_until:
                raise TokenGone
            found = self.originals.get(job.origin.interaction)
            if found is None:
                return None
            if self.messages[found].gone:
                raise MessageGone
            return Sent(found, self.messages[found].channel)

    async def edit_by_bot(self, channel: int, message: int, letter: Paper) -> Sent:
        async with self._call("edit_by_bot"):
            if self.messages[message].ephemeral:
                raise MessageGone
            return self._edit(message, letter)

    async def send(
        self, channel: int, nonce: str, letter: Paper, *, reply_to: int | None = None
    ) -> Sent:
        async with self._call("send"):
            assert len(nonce) <= 25
            if channel == DM and self.dms_closed:
                raise NoRights
            if nonce in self.nonces:
                return Sent(self.nonces[nonce], channel)
            made = self._write(channel, letter)
            made.nonce, made.reply_to = nonce, reply_to
            self.nonces[nonce] = made.id
            return Sent(made.id, channel)

    async def private(self, user: int) -> int:
        async with self._call("private"):
            return DM

    async def find(self, channel: int, since: float, job: str) -> Sent | None:
        self.searched.append(since)
        async with self._call("find"):
            if self.unreadable:
                raise Unreadable
            for each in self.messages.values():
                card = each.paper.job == job and each.paper.kind in {"result", "ended"}
                if card and each.channel == channel and each.at >= since and not each.gone:
                    return Sent(each.id, channel)
            return None

    async def holds(self, channel: int, message: int, job: str) -> bool:
        async with self._call("holds"):
            if self.unreadable:
                raise Unreadable
            if self.messages[message].gone:
                raise MessageGone
            return self.messages[message].paper.kind in {"result", "ended"}

    async def delete(self, channel: int, message: int) -> None:
        async with self._call("delete"):
            self.messages[message].gone = True

    # --- inside

    @asynccontextmanager
    async def _call(self, method: str) -> AsyncGenerator[None]:
        self.calls.append(method)
        fault = next((each for each in self.faults if each.method == method), None)
        if fault is not None:
            self.faults.remove(fault)
        await asyncio.sleep(0)  # every request takes a moment
        if fault is not None and not fault.after:
            await self._strike(fault)
        yield
        if fault is not None and fault.after:
            await self._strike(fault)

    @staticmethod
    async def _strike(fault: Fault) -> None:
        fault.met.set()
        if fault.error is not None:
            raise fault.error
        await fault.release.wait()

    def _original(self, job: Job) -> int:
        if self.clock.ticks() >= job.origin.token_until:
            raise TokenGone
        if job.origin.interaction not in self.originals:
            raise TokenGone
        return self.originals[job.origin.interaction]

    def _edit(self, message: int, letter: Paper) -> Sent:
        found = self.messages[message]
        if found.gone:
            raise MessageGone
        found.write(letter)
        return Sent(message, found.channel)

    def _write(self, channel: int, paper: Paper) -> Message:
        made = Message(next(self._numbers), channel, self.clock.ticks(), paper)
        made.write(paper)
        self.messages[made.id] = made
        return made
