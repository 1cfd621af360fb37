"""An import of the paper's 76,724 rows with stored vectors, killed 50 times: what was lost?

`python -m benchmarks.import_kills [--quick]`.  An archive in the format of StylusDocs
(3072 numbers a row) goes into the catalogue and then into the index, in a process that
gets SIGKILL at random moments and is started again until it has come through.  What is
asserted after every kill, and at the end of every row, is in `tests/catalog/kills`.
"""

import argparse
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.table import Report, Row, Spread
from tests.catalog.kills.campaign import Life, Size, campaign

FULL = Size(rows=76_724, dimensions=3072, kills=50, longest=6.0)
QUICK = Size(rows=6_000, dimensions=64, kills=5, longest=1.2)
STAGES = ("archive", "catalogue", "index", "followed")


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_kills", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="6,000 rows, 5 kills")
    size = QUICK if parser.parse_args().quick else FULL
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        lives = []
        for life in campaign(Path(folder), size):
            lives.append(life)
            print(
                f"{len(lives):3} {life.stage:10} {life.seconds:.2f} s, killed: {life.killed}",
                flush=True,
            )
    report = Report("import_kills" if size is FULL else "import_kills-quick")
    report.rows += rows(size, lives, time.monotonic() - began)
    report.print()
    print(f"Written to {report.write()}.")


def rows(size: Size, lives: list[Life], seconds: float) -> list[Row]:
    """Only a campaign in which every assertion held comes here: so nothing was lost."""
    case = f"{size.rows} rows × {size.dimensions}"
    killed = [life for life in lives if life.killed]
    stages = Counter(life.stage for life in killed)
    count = [("kills", len(killed))]
    count += [(f"kills in stage “{stage}”", stages[stage]) for stage in STAGES]
    told = [Row(case, name, "", Spread.of([number])) for name, number in count]
    held = [
        Row(case, f"{name} after {len(killed)} kills", "rows", Spread(0, 0, 0, size.rows), bar=0)
        for name in ("lost", "doubled", "with another's vector")
    ]
    return [*told, *held, Row(case, "whole campaign", "s", Spread.of([seconds]))]


if __name__ == "__main__":
    main()
