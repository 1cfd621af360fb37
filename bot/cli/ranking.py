"""The table of `stylus eval` on the screen: arms down, the figures that decide across."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from stylus_engine.evaluation.tables import Gap, Table

SHORT = {
    "truth": "truth", "truth, where an adapter is needed": "needed",
    "truth, where none is needed": "no need", "pictures with every part": "whole",
    "likeness": "alike", "dFID": "dFID", "pictures without an adapter": "bare",
    "seconds to plan": "plan s",
}  # fmt: skip
GAPS = tuple(SHORT)[:4]


def show(out: Console, found: "Table") -> None:
    """Figures with their intervals are in the report; here stand the middles, and ours against each."""
    by = ", ".join(f"{what} by {name}" for what, name in found.instruments.items())
    out.print(f"{found.prompts} prompts, {found.images} pictures; {by}.", soft_wrap=True)
    out.print(_figures(found))
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
    for gap in found.gaps:
        if gap.difference is not None and gap.what in GAPS:
            grid.add_row(*_line(gap))
    return grid


def _line(gap: "Gap") -> tuple[str, ...]:
    from stylus_engine.evaluation.report import span, told

    away = gap.difference
    style = "" if away is None else "green" if away.low > 0 else "red" if away.high < 0 else ""
    said = told(gap.what, away)
    ratio = f"{gap.ratio.mean:.2f}" if gap.ratio else "–"
    marked = f"[{style}]{said}[/]" if style else said
    return gap.theirs, SHORT[gap.what], marked, span(gap.what, away, signed=True), ratio
