"""What all benchmarks share: interleaved measurements, rows, the table and the JSON of DESIGN §2.

A row compares ours with one peer.  `ratio` is ours / theirs (below 1 = we need
less); `bar` is the most that `ratio` may be, and `holds` says whether it is.  A row
that could not run says "not run" instead of numbers, never a number.
"""

import datetime as dt
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
NOT_RUN = "not run"


@dataclass(frozen=True)
class Spread:
    """Some measurements of one thing. The p95 is theirs who have enough of them."""

    median: float
    min: float
    max: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values), len(values))


@dataclass(frozen=True)
class Row:
    """One line of a table. Without a peer (`theirs` None) `ours` itself is held against `bar`."""

    case: str
    metric: str
    unit: str
    ours: Spread | str
    peer: str = ""
    theirs: Spread | str | None = None
    bar: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours / theirs by their medians; None where there is nothing to divide."""
        if isinstance(self.ours, Spread) and isinstance(self.theirs, Spread):
            return self.ours.median / self.theirs.median if self.theirs.median else None
        return None

    @property
    def holds(self) -> bool | str | None:
        """Whether the bar is kept, or "not run"; None without a bar."""
        if self.bar is None:
            return None
        if isinstance(self.ours, str) or isinstance(self.theirs, str):
            return NOT_RUN
        value = self.ours.max if self.theirs is None else self.ratio
        return value is not None and value <= self.bar

    def as_json(self) -> dict[str, object]:
        sides = {"ours": _plain(self.ours), "peer": self.peer, "theirs": _plain(self.theirs)}
        verdict = {"ratio": self.ratio, "bar": self.bar, "holds": self.holds}
        return {"case": self.case, "metric": self.metric, "unit": self.unit, **sides, **verdict}


@dataclass
class Report:
    """All rows of one program. `device` is the accelerator's name where one was measured."""

    name: str
    device: str = ""
    notes: list[str] = field(default_factory=list[str])
    rows: list[Row] = field(default_factory=list[Row])

    def print(self) -> None:
        """The table for people."""
        table = Table(title=f"{self.name} on {machine(self.device)}")
        for column in ("case", "metric", "ours", "n", "peer", "theirs", "ratio", "bar", "holds"):
            table.add_column(column, overflow="fold")
        for row in self.rows:
            table.add_row(*_cells(row))
        console = Console(width=None if sys.stdout.isatty() else 150)
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False)

    def write(self, by_machine: bool = True) -> Path:
        """The JSON for machines, whole or not at all."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / (
            f"{self.name}-{machine(self.device)}.json" if by_machine else f"{self.name}.json"
        )
        whole = {
            "name": self.name,
            "machine": machine(self.device),
            "commit": commit(),
            "date": dt.date.today().isoformat(),
            "rows": [row.as_json() for row in self.rows],
        }
        part = path.with_suffix(".part")
        part.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)
        return path


Contender: TypeAlias = Callable[[], object]


def interleaved(
    contenders: Mapping[str, Contender],
    rounds: int,
    seconds: float,
    settle: Callable[[], None] = lambda: None,
) -> dict[str, Spread]:
    """Seconds of each contender, one after the other, forth and back (ABBA). Warm them up before.

    Stops after `rounds` rounds, or after `seconds` once each was measured three times.
    `settle` runs after a contender, within its time: it waits for what the device still does.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    settle()
    began = time.perf_counter()
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            start = time.perf_counter()
            contenders[name]()
            settle()
            taken[name].append(time.perf_counter() - start)
        if number >= 2 and time.perf_counter() - began > seconds:
            break
    return {name: Spread.of(values) for name, values in taken.items()}


def machine(device: str = "") -> str:
    """The processor's model and cores as a slug, never a host's name; an accelerator comes first."""
    parts = [device, _cpu(), f"{os.cpu_count()}-cores"]
    return "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts if part)


def commit() -> str:
    """The commit that was measured; "+" after it when files had been changed."""
    root = Path(__file__).parent
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.machine()
    return re.sub(r"\((R|TM)\)|CPU|@.*|Processor", "", name).strip()


def _plain(side: Spread | str | None) -> object:
    return asdict(side) if isinstance(side, Spread) else side


def _cells(row: Row) -> list[str]:
    n = str(row.ours.n) if isinstance(row.ours, Spread) else ""
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    bar = "" if row.bar is None else f"{row.bar:.3g}"
    holds = {True: "yes", False: "NO", None: ""}.get(row.holds, NOT_RUN)
    sides = (_side(row.ours, row.unit), n, row.peer, _side(row.theirs, row.unit))
    return [row.case, row.metric, *sides, ratio, bar, holds]


def _side(side: Spread | str | None, unit: str) -> str:
    if not isinstance(side, Spread):
        return side or ""
    return f"{side.median:.3g} {unit} ({side.min:.3g}…{side.max:.3g})"
