"""What was seen while the town was busy: the playground's journal, the bot's numbers and size."""

import asyncio
import json
import os
import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from tests.playground.driver import Playground

Json: TypeAlias = dict[str, Any]
LOOK_SECONDS = 0.5
DISCORD_EPOCH = 1_420_070_400.0
DEFERRED = 5  # the callback type of "thinking"
CARD = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})_1\.")  # the first file of a result card
CANCEL = ":cancel"  # in the custom_id that only a status message has
STALL = re.compile(r'stylus_loop_stall_seconds_bucket\{le="([^"]+)"\} ([\d.e+]+)')


def sent_at(interaction: str) -> float:
    """When the playground told the bot of it: an id carries its milliseconds."""
    return (int(interaction) >> 22) / 1000 + DISCORD_EPOCH


@dataclass(frozen=True, slots=True)
class Card:
    """A result as it was posted."""

    job: str
    interaction: str
    at: float


@dataclass
class Seen:
    """What the playground wrote down, as far as a load asks for it. Times are its own."""

    answered: dict[str, float] = field(default_factory=dict[str, float])
    thinking: set[str] = field(default_factory=set[str])
    cards: dict[str, Card] = field(default_factory=dict[str, Card])
    edits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pings: int = 0
    requests: int = 0
    limited: int = 0
    refused: list[str] = field(default_factory=list[str])
    findings: list[str] = field(default_factory=list[str])
    own_faults: list[str] = field(default_factory=list[str])  # of the stand-in's answers, events

    def hear(self, row: Json) -> None:
        """One row of the journal."""
        theirs = row["direction"] == "request"
        if row["findings"]:
            said = f"{row['method']} {row['path']}: {row['findings'][0]['message']}"
            (self.findings if theirs else self.own_faults).append(said)
        if not theirs:
            return
        self.requests += 1
        status, path = row["status"], row["path"]
        if status == 429:
            self.limited += 1
        elif status >= 400:
            self.refused.append(f"{row['method']} {path}: {status}")
        else:
            self._done(row, path, row["at"] + row["ms"] / 1000)

    def _done(self, row: Json, path: str, at: float) -> None:
        asked = row.get("interaction", "")
        if path.endswith("/callback"):
            self.answered[asked] = at
            if row["body"]["type"] == DEFERRED:
                self.thinking.add(asked)
        elif row["method"] == "PATCH" and path.endswith("@original"):
            files = " ".join(name for name, _ in row["files"])
            if found := CARD.search(files):
                self.cards[found[1]] = Card(found[1], asked, at)
            elif CANCEL in json.dumps(row["body"]):  # a status; what has ended says so at once
                self.edits[asked].append(row["at"])  # as they came: the pace is the sender's
        elif row["method"] == "POST" and path.endswith("/messages"):
            self.pings += 1


@dataclass
class Witness:
    """Follows one bot before one playground."""

    play: Playground
    pid: int
    health: str
    seen: Seen = field(default_factory=Seen)
    sizes: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    _read: int = 0

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator["Witness", None]:
        """Look twice a second until the block ends."""
        watch = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await self.look()

    async def look(self) -> None:
        """Read on in the journal, and note how big the bot is."""
        if (size := resident(self.pid)) is not None:
            self.sizes.append((time.time(), size))
        for row in await self.play.journal(since=self._read):
            self._read = row["n"]
            self.seen.hear(row)

    async def _watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def stalls(self) -> dict[float, int]:
        """The bot's own histogram: upper edge in seconds -> how often the loop came late by that."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.health}/metrics") as answer:
            text = await answer.text()
        rows = [(float(edge), int(float(count))) for edge, count in STALL.findall(text)]
        below = [0, *(count for _, count in rows)]
        return {edge: count - less for (edge, count), less in zip(rows, below, strict=False)}

    def size_at(self, moment: float) -> float | None:
        """MiB of the bot at the look nearest to a moment."""
        near = min(self.sizes, key=lambda one: abs(one[0] - moment), default=None)
        return near[1] if near else None


def between(before: Mapping[float, int], after: Mapping[float, int]) -> dict[float, int]:
    """A histogram of what happened between two looks."""
    return {edge: count - before.get(edge, 0) for edge, count in after.items()}


def resident(pid: int) -> float | None:
    """MiB of memory a process holds; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu(pid: int) -> float | None:
    """Seconds of processor time a process has used; None where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Entry:
    """One job in the bot's own book."""

    job: str
    interaction: str
    user: int
    action: str
    state: str
    made: float
    began: float | None
    drawn: float | None


def book(database: Path) -> list[Entry]:
    """Every job, in the order of acceptance."""
    query = "SELECT id, interaction, user, action, state, made_at, began_at, drawn_at FROM jobs"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as line:
        rows = line.execute(f"{query} ORDER BY made_at, id").fetchall()
    return [Entry(row[0], str(row[1]), *row[2:]) for row in rows]
