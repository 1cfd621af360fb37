"""`python -m tests.faults.campaign` (= `make faults`): 220 kills, and what became of every job.

Real processes, twenty jobs in flight, a sampler that sleeps.  Prints each kill; writes
benchmarks/results/faults.json.  Ends with 1 when a job was lost or posted twice, when a
boundary was never hit, or when something happened that no kill explains.
"""

import argparse
import asyncio
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import RESULTS, machine
from tests.faults.auditor import counted
from tests.faults.boundaries import HARMLESS, SIDES, boundaries, places
from tests.faults.day import a_day
from tests.faults.lives import Nursery
from tests.faults.plan import Kill, days, schedule
from tests.faults.records import Record, Report

# ruff: noqa: T201 - a program: it prints how far it is
ROOT = Path(__file__).parents[2]
A_DAY = 25  # kills with one playground and one database


async def campaign(kills: Sequence[Kill], folder: Path) -> list[Report]:
    """Day after day."""
    reports: list[Report] = []
    async with Nursery() as nursery:
        for number, day in enumerate(days(kills, A_DAY), start=1):
            began = time.monotonic()
            async with a_day(folder / f"day-{number}", nursery) as one:
                reports.append(await one.run(day, tour=number == 1))
            print("".join(f"{one}\n" for one in bad(reports[-1])), end="")
            summary = dict(counted(reports[-1].findings))
            print(f"day {number}: {time.monotonic() - began:.0f} s, {summary}", flush=True)
    return reports


def told(reports: Sequence[Report], seconds: float) -> dict[str, Any]:
    """The JSON: kills one by one, totals as rows."""
    findings = [found for report in reports for found in report.findings]
    records = [record for report in reports for record in report.records]
    passed = {name for report in reports for name in report.passed}
    hit = {record.kill.boundary for record in records if record.hit and bots(record)}
    count = counted(findings)
    whole = {
        "kills": len(records),
        "jobs asked for": len(findings),
        "jobs accepted": len(findings) - count["never accepted"],
        **{name: count[name] for name in OUTCOMES},
        "posted twice": count["twice"],
        "boundaries": len(boundaries()),
        "boundaries passed": len(passed & set(boundaries())),
        "boundaries where the bot was killed": len(hit & set(boundaries())),
        "complaints": sum(len(report.complaints) for report in reports),
    }
    return {
        "name": "faults",
        "machine": machine(),
        "commit": commit(),
        "date": dt.date.today().isoformat(),
        "seconds": round(seconds),
        "rows": [{"what": what, "number": number} for what, number in whole.items()],
        "targets": dict(Counter(record.kill.target for record in records)),
        "scenarios": dict(Counter(r.kill.scenario for r in records if bots(r))),
        "kills": [record.as_json() for record in records],
    }


OUTCOMES = ("posted", "failed", "cancelled", "undeliverable", "untold", "taken away", "lost")


def troubles(reports: Sequence[Report], *, everywhere: bool) -> list[str]:
    """Everything that breaks the promise, or leaves it untried. `everywhere`: each boundary hit."""
    said = [one for report in reports for one in bad(report)]
    records = [record for report in reports for record in report.records]
    said += [f"not reached: {record.kill.where}" for record in records if not record.hit]
    passed = {name for report in reports for name in report.passed}
    said += [f"never passed: {one}" for one in boundaries() if one not in passed]
    said += [f"unknown: {one}" for one in sorted(passed - known())]
    if everywhere:
        hit = {record.kill.boundary for record in records if record.hit and bots(record)}
        said += [f"never hit: {one}" for one in boundaries() if one not in hit]
    return said + [one for report in reports for one in report.complaints]


def bad(report: Report) -> list[str]:
    """Broken promises."""
    lost = [f"LOST: {found}" for found in report.findings if found.outcome == "lost"]
    return lost + [f"TWICE: {found}" for found in report.findings if found.twice]


def bots(record: Record) -> bool:
    return record.kill.target == "bot"


def known() -> set[str]:
    """What may be passed."""
    return {f"{side} {place}" for side in SIDES for place in (*places(), *HARMLESS)}


def commit() -> str:
    """The commit that was tried."""
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def main() -> int:
    """Run, print, write."""
    asked = _arguments()
    kills = schedule(asked.kills, asked.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stylus-faults-") as folder:
        reports = asyncio.run(campaign(kills, Path(asked.folder or folder)))
    whole = told(reports, time.monotonic() - began)
    wrong = troubles(reports, everywhere=len(kills) >= len(boundaries()))
    for row in whole["rows"]:
        print(f"{row['what']:40} {row['number']:6}")
    print("\n".join(wrong) or "Nothing lost, nothing twice.")
    if asked.write:
        print(f"Written to {_written(whole)}.")
    return 1 if wrong else 0


def _written(whole: dict[str, Any]) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / "faults.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=220, help="how many (220)")
    parser.add_argument("--seed", type=int, default=0, help="which random times and order (0)")
    parser.add_argument("--folder", default="", help="keep databases and logs there")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
