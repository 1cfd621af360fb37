"""The table of `stylus eval` on the screen: arms down, the figures that decide across."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from stylus_engine.evaluation.statistics import Estimate
    from stylus_engine.evaluation.tables import Gap, Table

SHORT = {
    "truth": "truth", "truth, where an adapter is needed": "needed",
    "truth, where none is needed": "no need", "pictures with every part": "whole",
    "likeness": "alike", "dFID": "dFID", "pictures without an adapter": "bare",
    "seconds to plan": "plan s",
}  # fmt: skip
GAPS = tuple(SHORT)[:4]
BARE_GAPS = ("likeness", "dFID")  # where no truth is known


def show(out: Console, found: "Table") -> None:
    """Figures with their intervals are in the report; here stand the middles, and ours against each."""
    by = ", ".join(f"{what} by {name}" for what, name in found.instruments.items())
    lost = f" {found.failed} pictures failed." if found.failed else ""
    out.print(f"{found.prompts} prompts, {found.images} pictures; {by}.{lost}", soft_wrap=True)
    out.print(_figures(found))
    if found.gaps:
        out.print(_gaps(found))


def _figures(found: "Table") -> Grid:
    from stylus_engine.evaluation.report import told

    names = [name for name in SHORT if any(arm.figures.get(name) for arm in found.arms)]
    grid = Grid(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("")
    for head in (*(SHORT[name] for name in names), "FID"):
        grid.add_column(head, justify="right")
    for arm in found.arms:
        away = f"{arm.distance.fid:.3g}" if arm.distance else "–"
        grid.add_row(arm.arm, *(told(name, arm.figures.get(name)) for name in names), away)
    return grid


def _gaps(found: "Table") -> Grid:
    grid = Grid("stylus less …", "figure", "difference", "95 %", "ratio", box=None, pad_edge=False)
    told = {gap.what for gap in found.gaps if gap.difference is not None}
    names = GAPS if told.intersection(GAPS) else BARE_GAPS
    for gap in found.gaps:
        if gap.difference is not None and gap.what in names:
            grid.add_row(*_line(gap, gap.difference))
    return grid


def _line(gap: "Gap", away: "Estimate") -> tuple[str, ...]:
    from stylus_engine.evaluation.report import gained, sides, span

    above, below = sides(away)
    style = "green" if above else "red" if below else ""
    said = gained(gap.what, away)
    ratio = f"{gap.ratio.mean:.2f}" if gap.ratio else "–"
    marked = f"[{style}]{said}[/]" if style else said
    return gap.theirs, SHORT[gap.what], marked, span(gap.what, away, signed=True), ratio
