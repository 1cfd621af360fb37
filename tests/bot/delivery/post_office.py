"""A small Discord in memory for the courier: our own Wire, with a clock turned by hand.

It remembers what a person could have seen: every message that ever carried a job's
card.  `faults` are said once each, before or after the effect; `hang` stops a call for
ever, so that a test can end the process that made it.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bot.crew.bus import Bus, News
from bot.delivery.courier import Courier
from bot.delivery.office import Office
from bot.delivery.roads import Limits
from bot.delivery.status import Status
from bot.delivery.wire import (
    MessageGone,
    NoRights,
    Sent,
    TokenGone,
    Unreadable,
    WireError,
)
from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Job, Made, Origin, Place, Wish
from bot.sections import DeliverySettings
from stylus_engine.model import Request
from tests.bot.cards.examples import MASKS, PLAN, PROMPT, picture, shot

START = 1_800_000_000.0
DISCORD_EPOCH = 1_420_070_400.0
CHANNEL, USER, GUILD = 4001, 1001, 3001
DM = 7001
LIMITS = Limits.of(DeliverySettings())


class HandClock:
    """Time stands still until somebody turns it."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._sleepers: list[tuple[float, asyncio.Event, asyncio.Task[object] | None]] = []

    def now(self) -> float:
        return self._now

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


class PaperClerk:
    """Writes papers; `errors` are raised instead, one a card, for every job or the `unlucky` one."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.unlucky: str | None = None

    async def status(self, job: Job, news: News | None, place: Place | None) -> Paper:
        said = f"{news.what} {news.step}/{news.of}" if news else "?"
        return Paper("status", job.id, said + (f" #{place.number}" if place else ""))

    async def result(self, job: Job, *, shrink: int = 0, quiet: bool = False) -> Paper:
        if self.errors and self.unlucky in {None, job.id}:
            raise self.errors.pop(0)
        return Paper("result", job.id, shrink=shrink, quiet=quiet)

    async def ended(self, job: Job) -> Paper:
        return Paper("ended", job.id, job.state)

    async def notice(self, job: Job, key: str, **facts: object) -> Paper:
        return Paper(key, job.id)


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
            if self.clock.now() >= job.origin.token_until:
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
        if self.clock.now() >= job.origin.token_until:
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
        made = Message(next(self._numbers), channel, self.clock.now(), paper)
        made.write(paper)
        self.messages[made.id] = made
        return made


class World:
    """A line, a wire and one bot process that can die."""

    def __init__(self, line: Line, clock: HandClock) -> None:
        self.line = line
        self.clock = clock
        self.wire = MemoryWire(clock)
        self.clerk = PaperClerk()
        self._interactions = itertools.count(1)
        self.loops: list[asyncio.Task[None]] = []  # of `run`, where a test has started one
        self.born()

    def born(self) -> None:
        """A new process over the same database and the same Discord."""
        self.bus = Bus()
        self.office = Office(
            line=self.line,
            wire=self.wire,
            clerk=self.clerk,
            bus=self.bus,
            clock=self.clock,
            limits=LIMITS,
        )
        self.status = Status(self.office, workers=lambda: 1)
        self.courier = Courier(self.office, self.status)

    async def die(self) -> None:
        """kill -9: whatever is under way is never heard of again."""
        tasks: list[asyncio.Task[Any]] = [*self.loops, *self.courier._hands.values()]
        self.loops = []
        tasks += [each.task for each in self.status._watches.values() if each.task]
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)

    async def wished(self, *, private: bool = False, member: bool = True) -> Job:
        """Accepted and not yet answered."""
        now, count = self.clock.now(), next(self._interactions)
        origin = Origin(
            interaction=(int((now - DISCORD_EPOCH) * 1000) << 22) + count,
            token=f"token-{count}",
            token_until=now + 900,
            user=USER + count,
            guild=GUILD,
            channel=CHANNEL,
            roads_beside_token=member,
        )
        wish = Wish(origin=origin, request=Request(prompt=PROMPT, seed=7), private=private)
        return (await self.line.accept(wish, now)).job

    async def waiting(self, *, private: bool = False, member: bool = True) -> Job:
        """Accepted and answered."""
        job = await self.wished(private=private, member=member)
        sent = self.wire.answer(job)
        await self.line.acknowledged(
            job.id, message=sent.message, channel=sent.channel, now=self.clock.now()
        )
        return await self.job(job.id)

    async def draw(self, job: Job) -> Job:
        """Plan and draw it."""
        now = self.clock.now()
        held = await self.line.claim_plan("planner", now)
        assert held is not None
        planned = msgspec.structs.replace(held, plan=PLAN)
        shots = [shot(planned, index, code) for index, code in enumerate(MASKS)]
        made = Made(plan=PLAN, order=tuple(MASKS), total=26, shots=tuple(shots))
        done = await self.line.planned(held.id, held.fence, made, now)
        held = await self.line.claim_draw("drawer", now)
        assert done
        assert held is not None
        assert held.id == job.id
        for index, each in enumerate(shots):
            await self.line.picture(held.id, held.fence, index, picture(each), now)
        return await self.job(job.id)

    async def drawn(self, *, private: bool = False, member: bool = True) -> Job:
        """Answered, and its pictures are there."""
        return await self.draw(await self.waiting(private=private, member=member))

    async def job(self, name: str) -> Job:
        found = await self.line.job(name)
        assert found is not None
        return found

    async def settle(self) -> None:
        """Until every task is done or sleeps."""
        for _ in range(10_000):
            await asyncio.sleep(0.001)
            tasks: list[asyncio.Task[Any]] = [*self.loops, *self.courier._hands.values()]
            tasks += [each.task for each in self.status._watches.values() if each.task]
            if all(self.clock.sleeps(task) for task in tasks):
                return
        raise AssertionError("the courier never came to rest")

    async def later(self, seconds: float) -> None:
        self.clock.turn(seconds)
        await self.settle()

    async def deliver(self) -> None:
        """Look into the line until there is nothing more to do now."""
        for _ in range(3):
            await self.courier._look()
            await self.settle()


@asynccontextmanager
async def a_world(database: Path) -> AsyncGenerator[World]:
    clock = HandClock()
    rules = Rules(waiting=50)
    line = await Line.open(f"sqlite:///{database}", rules, owner="test", now=clock.now())
    world = World(line, clock)
    try:
        yield world
    finally:
        await world.die()
        await line.close()
