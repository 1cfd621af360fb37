"""One day: a playground, its people, one bot after the other, and a list of kills.

In flight stay twenty jobs.  After each kill the world does what the scenario says and
the bot is started again by the next one; at the end everything settles and is judged.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from tests.faults.auditor import Auditor, Finding
from tests.faults.crowd import Crowd, guild_file, insisting
from tests.faults.deeds import (
    AHEAD,
    ALSO,
    AT_START,
    LONG_AFTER,
    PRELUDES,
    UNREGISTERED,
    deed,
    welcome,
)
from tests.faults.lives import Lives, Nursery
from tests.faults.orders import Note, Order, alive
from tests.faults.plan import Kill
from tests.faults.records import Record, Report, complaints, missing
from tests.faults.scenarios import EVERY, NO_FILES, calm
from tests.faults.witness import Witness
from tests.playground.driver import Playground

Json: TypeAlias = dict[str, Any]
Print: TypeAlias = Callable[[str], None]
IN_FLIGHT = 20
TRIES = 3  # one job in five is private
TWICE = 2  # a deed is done once more when something came between
REACHED = 15.0  # seconds until a boundary must have been passed
HEALED = 8.0  # for the job that was hit, before rights are given back
SETTLED = 90.0
ECHO = 0.7  # a second card that somebody still sends would come within
ACK = 4.0
FLAGS: Json = {
    "ack_seconds": ACK, "bucket_calls": 100_000, "global_calls": 100_000, "resume_seconds": 1,
}  # fmt: skip
SETTINGS: Json = {
    "line__running": 2, "line__waiting": 30, "line__lease_seconds": 10, "line__beat_seconds": 0.2,
    "workers__restart_seconds": 0.01, "drawing__steps": 3, "drawing__count": 2,
    "delivery__acknowledge_seconds": ACK, "delivery__edit_seconds": 0.2,
    "delivery__drain_seconds": 2, "delivery__ping_after_seconds": 10_000,
}  # fmt: skip


@asynccontextmanager
async def a_day(folder: Path, nursery: Nursery, **settings: object) -> AsyncGenerator["Day"]:
    folder.mkdir(parents=True, exist_ok=True)
    async with Playground(guild_file=guild_file(folder), **FLAGS) as play:
        lives = Lives(nursery, play, folder, SETTINGS | settings)
        witness = Witness(play)
        ready = asyncio.Event()
        listening = asyncio.create_task(witness.listen(ready))
        await ready.wait()
        try:
            yield Day(lives, Crowd(play, witness, lives.database))
            assert not listening.done(), f"a witness who saw not all: {listening}"
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await lives.stop(10)


class Day:
    """`run` it once."""

    def __init__(self, lives: Lives, crowd: Crowd, say: Print = print) -> None:
        self.lives = lives
        self.crowd = crowd
        self.records: list[Record] = []
        self._say = say
        self._next: dict[str, object] = {}  # settings of the next life
        self._hit = ""  # the job that the last kill met
        self._orders = 0
        self._began = time.monotonic()

    async def run(self, kills: Sequence[Kill], *, tour: bool = False) -> Report:
        """All kills, then peace, then the verdict. `tour`: also visit what was not passed."""
        for kill in (k for k in kills if k.place not in LONG_AFTER):
            await self.kill(kill)
        if tour:
            await self._crash_again()
            await self.visit(missing(self.passed))
        findings = await self.settle()
        for kill in (k for k in kills if k.place in LONG_AFTER):
            await self.kill(kill)
        await self.leave(long_after=tour)
        said = complaints(await self.crowd.play.requests(), self.lives.log)
        report = Report(self.records, findings, self.passed, said)
        report.conclude()
        return report

    @property
    def passed(self) -> set[str]:
        return {note.name for note in self.lives.desk.notes() if note.what == "passed"}

    # --- killing

    async def kill(self, kill: Kill, tries: int = TRIES) -> None:
        """One kill; whoever must crash before it does so first, and counts by itself.

        Where an edit is to be looked at, it is done once more after a job without a message
        that everybody sees: there is nothing to look at.
        """
        if kill.place in PRELUDES:
            crash, scenario = PRELUDES[kill.place]
            await self.kill(Kill("bot", scenario, crash))
        if not kill.boundary:
            await self._at_random(kill)
        elif _at_start(kill.place):
            await self._at_start(kill)
        else:
            await self._at_work(kill)
        if kill.scenario == NO_FILES and tries and not self.crowd.has_a_message(self._hit):
            await self.kill(kill, tries - 1)

    async def _at_random(self, kill: Kill) -> None:
        await self._busy()
        await asyncio.sleep(kill.seconds)
        await self._until(lambda: alive(self._victim(kill)), REACHED)
        if (pid := self._victim(kill)) is not None and alive(pid):
            os.kill(pid, signal.SIGKILL)
            await self._after(kill, Note("killed", "", time.time(), pid))
        else:
            await self._after(kill, None)

    def _victim(self, kill: Kill) -> int | None:
        return self.lives.pid if kill.target == "bot" else self.lives.desk.worker(kill.target)

    async def _at_start(self, kill: Kill) -> None:
        await self.lives.stop(10)
        if kill.place in UNREGISTERED:
            await self._unregister()
        order = self._order(kill)
        ahead = AHEAD if kill.place in LONG_AFTER else 0.0
        await self._start(ahead=ahead)
        await self._after(kill, await self._killing(order, None))

    async def _at_work(self, kill: Kill) -> None:
        await self._busy()
        order, note = self._order(kill), None
        for _ in range(TWICE):
            note = note or await self._killing(order, asyncio.create_task(self._do(kill.place)))
        await self._after(kill, note)

    async def _do(self, place: str) -> None:
        await deed(place)(self.crowd, self.lives)

    def _order(self, kill: Kill) -> Order:
        self._orders += 1
        order = Order(self._orders, kill.boundary, kill.passing, kill.target)
        self.lives.desk.give(order)
        return order

    async def _killing(self, order: Order, doing: "asyncio.Task[None] | None") -> Note | None:
        """Until the order was carried out; whatever people were doing then is cut short."""
        end = time.monotonic() + REACHED
        try:
            while (note := self.lives.desk.killing(order.number)) is None:
                if time.monotonic() > end or not self.lives.lives:
                    return self.lives.desk.killing(order.number)
                await asyncio.sleep(0.03)
            return note
        finally:
            if doing is not None:
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)

    async def _after(self, kill: Kill, note: Note | None) -> None:
        """Write it down; when it was the bot, the world goes on without it."""
        self.lives.desk.give(None)
        if note is not None and kill.target == "bot":
            assert await self.lives.ended(10), "a killed bot lives"
        record = self._record(kill, note)
        self.records.append(record)
        self._say(record.line(len(self.records)))
        if kill.target == "bot" and note is not None:
            self._hit = record.job
            self._next = await EVERY[kill.scenario](self.crowd, record.job)

    def _record(self, kill: Kill, note: Note | None) -> Record:
        job = self._named(note.job) if note is not None else ""
        flight = {one: self.crowd.state(one) for one in self.crowd.open_jobs()}
        state = self.crowd.state(job) if job else ""
        return Record(kill, note is not None, job, state, flight, time.monotonic() - self._began)

    def _named(self, words: str) -> str:
        """The job that a note means: by its own name, its interaction or its message."""
        match words.split():
            case ["interaction", number]:
                return self.crowd.job_of(number)
            case ["message", number]:
                return self.crowd.job_at(number)
            case _:
                return words

    # --- living

    async def _start(self, *, ahead: float = 0.0) -> None:
        await self.lives.start(ahead=ahead, **self._next)
        self._next = {}

    async def _busy(self) -> None:
        """A bot that works, rights as they should be, and twenty jobs in flight."""
        await self.awake()
        await self._healed()
        await self.crowd.wave(max(0, IN_FLIGHT - len(self.crowd.open_jobs())))

    async def awake(self) -> None:
        if not self.lives.lives:
            await self._start()
        await self.lives.online()
        await welcome(self.crowd)

    async def _healed(self) -> None:
        """Rights come back when the job that was hit has its end."""
        if self.crowd.channel == "pictures":
            return
        await self._until(lambda: self._hit not in self.crowd.open_jobs(), HEALED)
        await calm(self.crowd)

    async def _unregister(self) -> None:
        bot = (await self.crowd.play.world())["bot"]["id"]
        await self.crowd.play.rest("PUT", f"/applications/{bot}/commands", json=[])

    # --- the end

    async def visit(self, places: Iterable[str]) -> None:
        """Go where no kill has led; only a boundary that is out of reach stays unpassed."""
        for place in places:
            if _at_start(place):
                continue
            await self.awake()
            await self._healed()
            if place in missing(self.passed):
                await insisting(lambda place=place: self._do(place))
                await self._until(lambda place=place: place not in missing(self.passed), REACHED)
        for also in ALSO:
            await self.awake()
            await insisting(lambda also=also: also(self.crowd, self.lives))

    async def _crash_again(self) -> None:
        """Where only a crash leads: which job it meets is chance, and not each leads there."""
        for place, (crash, scenario) in PRELUDES.items():
            for _ in range(TRIES):
                await self.awake()
                await self._healed()
                if place not in missing(self.passed):
                    break
                await self.kill(Kill("bot", scenario, crash))

    async def settle(self) -> list[Finding]:
        """Nothing is left to do, by the bot's own book or after a long time; then the verdict."""
        await self.awake()
        await self._healed()
        await calm(self.crowd)
        await self._until(lambda: not self.crowd.open_jobs(), SETTLED)
        await asyncio.sleep(ECHO)
        return await Auditor(self.crowd, self._in_doubt).findings()

    @property
    def _in_doubt(self) -> set[str]:
        """Jobs whose posting a dead bot had begun."""
        bots = [record for record in self.records if record.kill.target == "bot"]
        return {job for record in bots for job, at in record.flight.items() if at == "posting"}

    async def leave(self, *, long_after: bool) -> None:
        """Stop in order; `long_after`: and look in after a hundred days."""
        await self.lives.stop(20)
        if long_after:
            await self._start(ahead=AHEAD)
            await self._until(lambda: "after line.forgotten" in self.passed, REACHED)
            await self.lives.stop(20)

    async def _until(self, met: Callable[[], bool], seconds: float) -> None:
        """Look again and again: what is waited for happens in other processes."""
        end = time.monotonic() + seconds
        while not met() and time.monotonic() < end:  # noqa: ASYNC110  no event reaches us from there
            await asyncio.sleep(0.1)


def _at_start(place: str) -> bool:
    """What a start passes by itself."""
    return place in AT_START | UNREGISTERED | LONG_AFTER or place.startswith("rest ")
