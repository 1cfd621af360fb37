"""A small Discord in memory for the courier, and everything around it."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from bot.crew.bus import Bus, News
from bot.delivery.courier import Courier
from bot.delivery.office import Office
from bot.delivery.status import Status
from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Job, Made, Origin, Place, Wish
from stylus_engine.model import Request, Shot
from tests.bot.cards.examples import MASKS, PLAN, PROMPT, picture, shot
from tests.bot.delivery.memory_wire import (
    CHANNEL,
    DISCORD_EPOCH,
    GUILD,
    LIMITS,
    USER,
    HandClock,
    MemoryWire,
    Paper,
)


class PaperClerk:
    """Writes papers; `errors` are raised instead, one a card, for every job or the `unlucky` one."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.unlucky: str | None = None

    async def status(
        self, job: Job, news: News | None, place: Place | None, *, quiet: bool = False
    ) -> Paper:
        said = f"{news.what} {news.step}/{news.of}" if news else "?"
        where = f" #{place.number}" if place else ""
        return Paper("status", job.id, said + where, quiet=quiet)

    async def result(self, job: Job, *, shrink: int = 0, quiet: bool = False) -> Paper:
        if self.errors and self.unlucky in {None, job.id}:
            raise self.errors.pop(0)
        return Paper("result", job.id, shrink=shrink, quiet=quiet)

    async def ended(self, job: Job, *, quiet: bool = False) -> Paper:
        return Paper("ended", job.id, job.state, quiet=quiet)

    async def notice(self, job: Job, key: str, **facts: object) -> Paper:
        return Paper(key, job.id)


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

    async def plan(self, job: Job) -> tuple[Shot, ...]:
        """What is to be drawn for it."""
        now = self.clock.now()
        held = await self.line.claim_plan("planner", now)
        assert held is not None
        assert held.id == job.id
        planned = msgspec.structs.replace(held, plan=PLAN)
        shots = tuple(shot(planned, index, code) for index, code in enumerate(MASKS))
        made = Made(plan=PLAN, order=tuple(MASKS), total=26, shots=shots)
        assert await self.line.planned(held.id, held.fence, made, now)
        return shots

    async def draw(self, job: Job) -> Job:
        """Plan and draw it."""
        shots, now = await self.plan(job), self.clock.now()
        held = await self.line.claim_draw("drawer", now)
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
