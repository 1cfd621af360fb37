"""`[drawing] check` as people have it on the miniature: its small CLIP looks, its judge keeps the score.

    python -m benchmarks.repair [--quick] [--prompts 64]

The prompts and pictures are those of `benchmarks.strength`; there the judge itself looks.
Truth with a look and without, over the same seeds; how many were drawn twice; the time.
"""

import argparse
import os
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.health import DATA, opened
from benchmarks.strength import NOTES, PROMPTS, QUICK, Bench, wishes
from benchmarks.table import Report
from miniature.clip import ClipScorer
from miniature.drawing import Album


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} prompts; says nothing yet")
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with TemporaryDirectory() as scratch, closing(opened(Path(scratch), album := Album())) as house:
        bench = Bench(house, album, wishes(QUICK if given.quick else given.prompts))
        rows = bench.checked(bench.plain(), ClipScorer(DATA / "clip"))
    report = Report("repair", notes=[*NOTES, "The small CLIP looks."], rows=rows)
    report.print()
    if not given.quick:
        print(f"written to {report.write()}")


if __name__ == "__main__":
    main()
