"""A busy day: the real bot, 200 people in bursts, a sampler that sleeps. Does it hold?

`python -m benchmarks.bot_load [--quick]`.  The playground, the bot and its workers are
processes that speak over sockets; the workers know no torch (`tests/workers/sleepy.py`).
In the first half of the day everybody asks equally often, in the second a few people ask
ten times as often as the rest.  Two shorter days have workers that burn one core, and
two.  The bars are issue 3's.  A real Discord is further away; what is measured here is
the bot's own part.
"""

import argparse
import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.load import rows
from benchmarks.load.day import Busy, Day, spend
from benchmarks.load.town import CHANNELS_PER_SERVER, PER_CHANNEL
from benchmarks.table import Report
from tests.playground.driver import DOCUMENT

FULL = Day(
    people=200, equal=2, heavy=(20, 20), light=(100, 2), cancels=40, looks=100,
    burst=50, pause=3.0, step_seconds=0.02, patience=240.0,
)  # fmt: skip
QUICK = replace(
    FULL, people=32, heavy=(4, 6), light=(16, 2), cancels=4, looks=8, burst=16, pause=1.0,
    patience=16.0,
)  # fmt: skip
BURNING = replace(
    FULL, people=50, heavy=(0, 0), light=(0, 0), cancels=0, looks=10, burst=25, patience=60.0
)
KEPT = 12  # sentences of what went wrong
LONG_ID = re.compile(r"\d{12,}")


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report("bot_load-quick" if asked.quick else "bot_load")
    with TemporaryDirectory() as folder:
        for case, day in _days(quick=asked.quick):
            _spend(report, case, day, Path(folder) / case.replace(" ", "-"))
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bot_load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, fewer people")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _days(*, quick: bool) -> Iterator[tuple[str, Day | None]]:
    """Each case with its day; None: not run."""
    whole = QUICK if quick else FULL
    yield f"{whole.jobs} jobs", whole
    for cores in (1, 2):
        burning = replace(BURNING, burners=cores)
        case = f"{burning.jobs} jobs, {cores} {'cores' if cores > 1 else 'core'} burnt"
        yield case, None if quick else burning


def _spend(report: Report, case: str, day: Day | None, folder: Path) -> None:
    if day is None:
        report.rows += rows.not_run(case)
        return
    folder.mkdir()
    load = os.getloadavg()[0]
    busy = asyncio.run(spend(day, folder))
    report.rows += rows.of_burning(busy, case) if day.burners else rows.of_day(busy, case)
    report.notes += [*_told(case, busy), f"{case}: load average before it {load:.1f}."]


def _told(case: str, busy: Busy) -> Iterator[str]:
    """The mix, the assumptions, and what went wrong word for word."""
    day, kinds = busy.day, sorted({asked.what for asked in busy.asked})
    mix = ", ".join(f"{sum(one.what == kind for one in busy.asked)} {kind}" for kind in kinds)
    yield (
        f"{case}: {day.people} people, {len(busy.asked)} interactions ({mix}), "
        f"{day.burst} at once every {day.pause:g} s."
    )
    yield (
        f"{case}: {day.slots} slots, a step naps {day.step_seconds * 1000:g} ms, 20 steps, four "
        f"small pictures a job; {PER_CHANNEL} people to a channel, {CHANNELS_PER_SERVER} channels "
        f"to a server; buckets of 5 calls in 5 s, 50 a second for the bot; "
        f"{busy.seen.pings} messages “your pictures are ready”."
    )
    seen = busy.seen
    told = [*seen.findings, *seen.refused, *seen.own_faults, *rows.open_ends(busy.entries)]
    for sentence, times in Counter(LONG_ID.sub("…", one) for one in told).most_common(KEPT):
        yield f"{case}: {times} × {sentence[:200]}"
    if not DOCUMENT.is_file():
        yield f"{case}: judged by the playground's own rules alone, Discord's document is not here."


if __name__ == "__main__":
    sys.exit(main())
