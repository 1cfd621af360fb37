"""One day: processes up, people busy, everything ended, processes down; what was seen."""

import asyncio
import json
import socket
import sqlite3
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.load.crowd import Asked, Crowd, Doing, spread
from benchmarks.load.town import Town
from benchmarks.load.witness import Card, Entry, Seen, Witness, between, book, cpu
from bot.sections import LineSettings
from tests.bot_process import SLEEPY, BotProcess
from tests.playground.driver import DOCUMENT, Playground

BEAT_SECONDS = LineSettings().beat_seconds
PICTURES, STEPS = 4, 20  # what /imagine draws unless told otherwise
GLANCE = 0.3
START_SECONDS = 60.0
OK = 200
OPEN = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'planned', 'drawn', 'posting')"
WAITING = 40  # how many wishes of one person may wait: above what anybody here asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Who does what. `heavy` and `light` are (people, wishes of each) of the unequal half."""

    people: int
    equal: int
    heavy: tuple[int, int] = (0, 0)
    light: tuple[int, int] = (0, 0)
    cancels: int = 0
    looks: int = 0
    burst: int
    pause: float
    step_seconds: float
    slots: int = 8
    burners: int = 0  # drawers that burn a core; 0: one that sleeps
    patience: float

    @property
    def jobs(self) -> int:
        """Wishes that nobody takes back."""
        heavy, light = self.heavy, self.light
        return self.people * self.equal + heavy[0] * heavy[1] + light[0] * light[1]

    @property
    def fastest(self) -> float:
        """Jobs a minute that the naps allow."""
        drawers = max(1, self.burners)
        return 60 * drawers * self.slots / PICTURES / (STEPS * self.step_seconds)


@dataclass
class Part:
    """A stretch of a day: its name, when it began, what the loop did meanwhile."""

    name: str
    began: float
    ended: float = 0.0
    stalls: Mapping[float, int] = field(default_factory=dict[float, int])


@dataclass
class Busy:
    """What came of a day."""

    day: Day
    asked: list[Asked]
    seen: Seen
    entries: list[Entry]
    sizes: list[tuple[float, float]]
    parts: list[Part]
    processor: Mapping[str, float]
    log: str

    def of(self, part: str) -> list[Entry]:
        """The jobs that were asked for in a part."""
        mine = {asked.interaction for asked in self.asked if asked.part == part}
        return [entry for entry in self.entries if entry.interaction in mine]


async def spend(day: Day, folder: Path) -> Busy:
    """Live through it. Ends early, with what there is, when `patience` is over."""
    town, port = Town(day.people), free_port()
    async with _playground(town, folder) as play, _bot(day, play, folder, port) as bot:
        await _healthy(f"http://127.0.0.1:{port}/healthz")
        witness = Witness(play, bot.process.pid, f"http://127.0.0.1:{port}")
        crowd = Crowd(play, town)
        processes = {"bot": bot.process.pid, "playground": play.process.pid}
        before = {name: cpu(pid) or 0.0 for name, pid in processes.items()}
        async with witness.watching():
            database = folder / "data" / "stylus.db"
            parts = [part async for part in _parts(day, crowd, witness, database)]
        after = {name: cpu(pid) or 0.0 for name, pid in processes.items()}
        used = {name: after[name] - before[name] for name in processes}
        entries = book(database)
        return Busy(day, crowd.asked, witness.seen, entries, witness.sizes, parts, used, bot.log)


async def _healthy(page: str) -> None:
    """Until planner and drawers are there: a start is no load."""
    end = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < end:
            async with http.get(page) as answer:
                if answer.status == OK:
                    return
            await asyncio.sleep(GLANCE)
    raise TimeoutError(f"not healthy after {START_SECONDS:g} s: {page}")


def free_port() -> int:
    """A port that nobody has at this moment."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _playground(town: Town, folder: Path) -> Playground:
    document = {"openapi": DOCUMENT} if DOCUMENT.is_file() else {}
    return Playground(guild_file=town.write(folder), **document)


def _bot(day: Day, play: Playground, folder: Path, port: int) -> BotProcess:
    command = [
        *SLEEPY, "--pictures", str(folder / "data" / "pictures"),
        "--step-seconds", str(day.step_seconds), "--slots", str(day.slots),
        "--beat-seconds", str(BEAT_SECONDS),
        *(["--burn"] if day.burners else []),
    ]  # fmt: skip
    return BotProcess(
        play,
        folder,
        workers__command=json.dumps(command),
        workers__drawers=max(1, day.burners),
        line__waiting=WAITING,
        delivery__edit_seconds=3,
        health__port=port,
    )


# --- what people do


async def _parts(
    day: Day, crowd: Crowd, witness: Witness, database: Path
) -> AsyncGenerator[Part, None]:
    equal = [crowd.imagine(n) for _ in range(day.equal) for n in range(day.people)]
    looks = [crowd.queue(n * 7 % day.people) for n in range(day.looks)]
    half = len(looks) // 2
    yield await _part(day, crowd, witness, database, "equal", spread(equal, looks[:half]))
    if day.heavy[0]:
        deeds = _unequal(day, crowd, witness.seen, looks[half:])
        yield await _part(day, crowd, witness, database, "unequal", deeds)


async def _part(
    day: Day, crowd: Crowd, witness: Witness, database: Path, name: str, deeds: Sequence[Doing]
) -> Part:
    """Bursts, then quiet until everything has ended."""
    crowd.part, before = name, await witness.stalls()
    part = Part(name, time.time())
    await crowd.bursts(deeds, day.burst, day.pause)
    await _ended(database, day.patience)
    await witness.look()
    part.ended = time.time()
    part.stalls = between(before, await witness.stalls())
    return part


def _unequal(day: Day, crowd: Crowd, seen: Seen, looks: Sequence[Doing]) -> list[Doing]:
    """Everybody presses 🧩 and 🎲 on a card of theirs; what is left of their wishes is new ones."""
    first_light = day.heavy[0]
    first_cancel = first_light + day.light[0]
    cards = _cards_of(crowd, seen)
    heavy = _rounds(crowd, cards, range(first_light), day.heavy[1])
    light = _rounds(crowd, cards, range(first_light, first_cancel), day.light[1])
    regrets = [crowd.regret(n) for n in range(first_cancel, first_cancel + day.cancels)]
    return spread(heavy, light, regrets, looks)


def _rounds(
    crowd: Crowd, cards: Mapping[int, Sequence[Card]], people: Iterable[int], wishes: int
) -> list[Doing]:
    mine = {n: _wishes(crowd, cards.get(n, ()), n, wishes) for n in people}
    return [doings[turn] for turn in range(wishes) for doings in mine.values()]


def _wishes(crowd: Crowd, cards: Sequence[Card], person: int, wishes: int) -> list[Doing]:
    presses = [
        crowd.press(person, card, action)
        for card, action in zip(cards, ("mask", "seed"), strict=False)
    ][:wishes]
    return presses + [crowd.imagine(person) for _ in range(wishes - len(presses))]


def _cards_of(crowd: Crowd, seen: Seen) -> dict[int, list[Card]]:
    whose = {asked.interaction: asked.person for asked in crowd.asked}
    cards: dict[int, list[Card]] = {}
    for card in seen.cards.values():
        cards.setdefault(whose[card.interaction], []).append(card)
    return cards


async def _ended(database: Path, seconds: float) -> bool:
    """Until the bot's book has no open job; False when that took too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as line:
            if line.execute(OPEN).fetchone()[0] == 0:
                return True
        await asyncio.sleep(GLANCE)
    return False
