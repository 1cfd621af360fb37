"""Every adapter of the miniature, checked by drawing: is each good one let pass, and each bad one caught?

    python -m benchmarks.health [--quick]

The checks are the ones of `stylus catalog health`: real file, real sampler, real
figures; that two of the cards are quarantined is not told to them.  `--quick` checks
the two bad adapters and six good ones.  What no look at pictures alone can find, an
adapter that draws well but something else than its card says, is a row that says so.
"""

import argparse
import asyncio
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from benchmarks.table import Report, Row, Spread
from miniature.cards import card_id
from miniature.drawing import Album
from miniature.training.shelf import SHELF, Spec
from stylus_engine.assembly import House, Setup
from stylus_engine.catalog import LocalFiles
from stylus_engine.catalog.health.checking import Practice, check
from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Adapter

DATA = Path(__file__).parent.parent / "miniature" / "data"
QUICK = (
    "hyper_castle", "oil_masterpiece", "old_woodcut", "neon_tubes", "cathedral_glass",
    "storybook_dragon", "moonlit", "grandmas_thread",
)  # fmt: skip
BELOW_ONE = 0.99
UNSEEN = "not run: that takes something which reads words and pictures both"
NOTES = [
    "Pictures of 64 × 64, 8 steps, 3 prompts × 2 seeds, without and at one weight or more.",
    "hyper_castle is burnt on purpose; oil_masterpiece draws well, but halftone for watercolour.",
]
LEFT = "weight it may be drawn at (0 = quarantined)"


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="eight adapters")
    quick = parser.parse_args().quick
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    specs = [spec for spec in SHELF if not quick or spec.name in QUICK]
    with TemporaryDirectory() as scratch:
        found = asyncio.run(examined(specs, Path(scratch)))
    report = Report("health", notes=NOTES, rows=[row for each in found for row in rows(*each)])
    show(found)
    report.print()
    if not quick:
        print(f"written to {report.write()}")


async def examined(specs: list[Spec], scratch: Path) -> list[tuple[Spec, Checked, float]]:
    """Each adapter's verdict, and the seconds it took. Raises what a check raises."""
    house = opened(scratch, pictures := Album())
    practice = Practice(house.checkpoints.find(""), pictures, LocalFiles())
    found: list[tuple[Spec, Checked, float]] = []
    try:
        await check(unjudged(house, specs[0]), house.draw, practice)  # the first one loads torch
        for spec in specs:
            began = time.perf_counter()
            checked = await check(unjudged(house, spec), house.draw, practice)
            found.append((spec, checked, time.perf_counter() - began))
    finally:
        house.close()
    return found


def opened(scratch: Path, pictures: Album) -> House:
    """A house over the miniature's committed files that keeps its pictures in memory."""
    setup = Setup(
        checkpoints={"miniature": DATA / "checkpoint"},
        default_checkpoint="miniature",
        cards=(DATA / "cards.jsonl",),
        pictures=scratch,
        index=scratch,
        catalog=scratch,
        cache=scratch,
        slots=18,
    )
    return House(setup, pictures)


def unjudged(house: House, spec: Spec) -> Adapter:
    """The card without what it already says of its health."""
    return replace(house.cards.get(card_id(spec)), health="unknown", quarantine="")


def rows(spec: Spec, checked: Checked, seconds: float) -> list[Row]:
    """Figures, and what is held to them: a good one passes, a burnt one is stopped or turned down."""
    figures = {
        name: getattr(checked, name)
        for name in ("strength", "direction", "consistency", "saturation", "scale")
    }
    told = [Row(spec.name, name, "", once(value)) for name, value in figures.items()]
    return [*told, Row(spec.name, "time of the check", "s", once(seconds)), held(spec, checked)]


def held(spec: Spec, checked: Checked) -> Row:
    """The one row with a bar."""
    if spec.flaw == "mislabelled":
        return Row(spec.name, "found to show something else than its card says", "", UNSEEN)
    if spec.flaw:
        left = 0.0 if checked.broken else checked.scale
        return Row(spec.name, LEFT, "", once(left), bar=BELOW_ONE)
    return Row(spec.name, "quarantined", "", once(float(bool(checked.broken))), bar=0.0)


def show(found: list[tuple[Spec, Checked, float]]) -> None:
    """One line an adapter, for people."""
    table = Table(title="the miniature's adapters, by drawing with and without")
    columns = ("adapter", "strength", "direction", "consistency", "saturation", "scale", "verdict")
    for name in columns:
        table.add_column(name, justify="left" if name in {"adapter", "verdict"} else "right")
    for spec, c, _ in found:
        figures = (c.strength, c.direction, c.consistency, c.saturation)
        verdict = f"quarantined: {c.broken}" if c.broken else "; ".join(("good", *c.caveats))
        table.add_row(spec.name, *(f"{each:.2f}" for each in figures), f"{c.scale:g}", verdict)
    Console(width=140).print(table)


def once(value: float) -> Spread:
    """One measurement; a check of the same bytes gives the same figures."""
    return Spread(value, value, value, 1)


if __name__ == "__main__":
    main()
