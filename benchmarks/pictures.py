"""Who draws better, on the miniature: every preset over the held-out questions, paired.

    python -m benchmarks.pictures FOLDER     of `stylus eval --out FOLDER`
    python -m benchmarks.pictures --quick    draws a few open questions first; writes no result

Reads the table that `stylus eval` wrote and holds it against the bars of DESIGN: truth above
every other preset, the whole 95 % interval of the paired difference; 1.5 times the base
where an adapter is needed; no loss where none is; at least the base's diversity.  Beside it, without a bar, diversity among the pictures
that show all that was asked, over the prompts of which both arms drew two such pictures.
A bar is the most that a row may be, so a difference is told as *theirs less ours*.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.table import Report, Row, Spread
from stylus_engine.evaluation.statistics import Estimate
from stylus_engine.evaluation.tables import FIGURES, RIGHT, Gap, Table, Worth

NEEDED, NONE = "truth, where an adapter is needed", "truth, where none is needed"


def rows(table: Table) -> Iterator[Row]:
    """What each arm is worth, then the bars."""
    for arm in table.arms:
        yield from _worth(arm)
    for gap in table.gaps:
        yield from _bars(gap)


def _worth(arm: Worth) -> Iterator[Row]:
    for name in FIGURES:
        if (value := arm.figures.get(name)) is not None:
            yield Row(arm.arm, name, "", _spread(value))
    if arm.distance:
        fid, kid, n = arm.distance.fid, arm.distance.kid, arm.distance.n
        yield Row(arm.arm, "FID", "", Spread(fid, fid, fid, n))
        yield Row(arm.arm, "KID", "", Spread(kid, kid, kid, n))


def _bars(gap: Gap) -> Iterator[Row]:
    """The interval's ends are the row's least and most."""
    away, base = gap.difference, gap.theirs.startswith("base ")
    if away is None:
        return
    behind = Spread(-away.mean, -away.high, -away.low, away.n)
    if gap.what == "truth":
        yield Row(f"{gap.theirs} less stylus", "truth", "", behind, bar=0.0)
    if base and gap.what == "dFID":
        yield Row(f"{gap.theirs} less stylus", "diversity (dFID)", "", behind, bar=0.0)
    if base and gap.what == RIGHT:
        yield Row(f"{gap.theirs} less stylus, prompts that both draw", RIGHT, "", behind)
    if base and gap.what == NONE:
        surely = Spread(-away.high, -away.high, -away.high, away.n)
        yield Row(f"{gap.theirs} less stylus, at least", NONE, "", surely, bar=0.0)
    if base and gap.what == NEEDED and gap.ratio is not None:
        share = 1 / gap.ratio.mean
        yield Row("base over stylus", NEEDED, "", Spread(share, share, share, away.n), bar=1 / 1.5)


def _spread(value: Estimate) -> Spread:
    return Spread(value.mean, value.low, value.high, value.n)


def _quick(folder: Path) -> None:
    words = ["--set", f"paths.data={folder / 'data'}", "eval", "--quick", "--most", "4"]
    subprocess.run(
        [sys.executable, "-m", "bot", *words, "-m", "stylus", "-m", "base", "--out", str(folder)],
        check=True,
    )


def main() -> None:
    """Print, and write the result of a full run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if not given.quick and given.folder is None:
        parser.error("name the folder of an evaluation, or say --quick")
    with TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if given.quick:
            _quick(folder)
        table = msgspec.json.decode((folder / "table.json").read_bytes(), type=Table)
    by = ", ".join(f"{what} by {name}" for what, name in table.instruments.items())
    notes = [f"On the miniature: {table.prompts} prompts, {table.images} pictures; {by}."]
    report = Report("pictures", notes=notes, rows=list(rows(table)))
    report.print()
    if not given.quick:
        report.write()


if __name__ == "__main__":
    main()
