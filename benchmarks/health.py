"""Every adapter of the miniature, checked by drawing: do the good ones pass, and are bad ones caught?

    python -m benchmarks.health [--quick]

The checks are the ones of `stylus catalog health`: real file, real sampler, real
figures; that two of the cards are quarantined is not told to them.  Five styles are
checked once more with cards that ask for three times too much.  `--quick` checks the
two bad adapters and six good ones.  What no look at pictures alone can find, an
adapter that draws well but something else than its card says, is a row that says so.
"""

import argparse
import asyncio
import os
from contextlib import aclosing
from dataclasses import dataclass
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
from stylus_engine.catalog.health.checking import Practice
from stylus_engine.catalog.health.examining import chosen
from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Adapter

DATA = Path(__file__).parent.parent / "miniature" / "data"
QUICK = (
    "hyper_castle", "oil_masterpiece", "old_woodcut", "neon_tubes", "cathedral_glass",
    "storybook_dragon", "moonlit", "grandmas_thread",
)  # fmt: skip
OVERDRIVEN = ("cathedral_glass", "neon_tubes", "drafting_table", "old_woodcut", "golden_hour")
TOO_MUCH = 3.0  # times its own weight
BELOW_ONE = 0.99
UNSEEN = "not run: that takes something which reads words and pictures both"
NOTES = [
    "Pictures of 64 × 64, 8 steps, 3 prompts × 2 seeds, without and at one weight or more.",
    "Asked for three times too much, a style is turned down only where it burns clearly.",
    "hyper_castle is burnt on purpose; oil_masterpiece draws well, but halftone for watercolour.",
]
LEFT = "weight it may be drawn at (0 = quarantined)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a check found of one adapter, asked for at `times` its weight; what it cost to draw."""

    spec: Spec
    times: float
    checked: Checked
    variety: float
    steps: int


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="eight adapters")
    quick = parser.parse_args().quick
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    specs = [spec for spec in SHELF if not quick or spec.name in QUICK]
    with TemporaryDirectory() as scratch:
        found = asyncio.run(examined(specs, Path(scratch)))
    report = Report("health", notes=NOTES, rows=[row for each in found for row in rows(each)])
    show(found)
    report.print()
    if not quick:
        print(f"written to {report.write()}")


async def examined(specs: list[Spec], scratch: Path) -> list[Found]:
    """Each adapter at its own weight, then some asked for too much. Raises what a check raises."""
    house = opened(scratch, pictures := Album())
    practice = Practice(house.checkpoints.find(""), pictures, LocalFiles())
    asked = [(spec, 1.0) for spec in specs]
    asked += [(spec, TOO_MUCH) for spec in specs if spec.name in OVERDRIVEN]
    try:
        return [await one(house, practice, spec, times) for spec, times in asked]
    finally:
        house.close()


async def one(house: House, practice: Practice, spec: Spec, times: float) -> Found:
    """One check, as `checking.check` makes it; what it measured on the way is kept too."""
    examination = await practice.examine(
        asked_for(house, spec, times), job=f"{spec.name}-{times:g}"
    )
    while shots := examination.shots():
        async with aclosing(house.draw(examination.job, shots)) as events:
            async for event in events:
                examination.heard(event)
    checked, best = examination.verdict(), chosen(examination.rungs)
    steps = examination.steps
    return Found(spec=spec, times=times, checked=checked, variety=best.variety, steps=steps)


def opened(scratch: Path, pictures: Album, *, sketches: bool = False) -> House:
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
        sketches=sketches,
    )
    return House(setup, pictures)


def asked_for(house: House, spec: Spec, times: float) -> Adapter:
    """The card without what it says of its health, its author wanting `times` its weight."""
    card = replace(house.cards.get(card_id(spec)), health="unknown", quarantine="")
    if times == 1:
        return card
    most = card.weight * times
    return replace(card, weight_low=0.0, weight=most, weight_high=most)


def rows(found: Found) -> list[Row]:
    """Figures, and what is held to them: a good one passes, a burnt one is stopped or turned down."""
    case = (
        found.spec.name if found.times == 1 else f"{found.spec.name}, asked for at {found.times:g}"
    )
    checked = found.checked
    figures = {
        "strength": checked.strength,
        "direction": checked.direction,
        "consistency": checked.consistency,
        "saturation": checked.saturation,
        "variety": round(found.variety, 4),
        "cost": found.steps,
    }
    told = [
        Row(case, name, "picture steps" if name == "cost" else "", once(value))
        for name, value in figures.items()
    ]
    return [*told, held(case, found)]


def held(case: str, found: Found) -> Row:
    """The one row with a bar. Asking for too much has none: saturation tells only some of those."""
    spec, checked = found.spec, found.checked
    left = 0.0 if checked.broken else checked.scale
    if found.times > 1:
        return Row(case, LEFT, "", once(left))
    if spec.flaw == "mislabelled":
        return Row(case, "found to show something else than its card says", "", UNSEEN)
    if spec.flaw:
        return Row(case, LEFT, "", once(left), bar=BELOW_ONE)
    return Row(case, "quarantined or turned down", "", once(float(left < spec.weight)), bar=0.0)


def show(found: list[Found]) -> None:
    """One line an adapter, for people."""
    table = Table(title="the miniature's adapters, by drawing with and without")
    columns = ("adapter", "asked for", "strength", "direction", "consistency", "saturation")
    for name in (*columns, "variety", "scale", "verdict"):
        table.add_column(name, justify="left" if name in {"adapter", "verdict"} else "right")
    for each in found:
        c = each.checked
        figures = (c.strength, c.direction, c.consistency, c.saturation, each.variety)
        verdict = f"quarantined: {c.broken}" if c.broken else "; ".join(("good", *c.caveats))
        asked = f"{each.spec.weight * each.times:g}"
        cells = (each.spec.name, asked, *(f"{one:.2f}" for one in figures))
        table.add_row(*cells, f"{c.scale:g}", verdict)
    Console(width=150).print(table)


def once(value: float) -> Spread:
    """One measurement; a check of the same bytes gives the same figures."""
    return Spread(value, value, value, 1)


if __name__ == "__main__":
    main()
