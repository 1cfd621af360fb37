"""The table of `stylus eval` on the screen: arms across, the figures that decide down."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from stylus_engine.evaluation.tables import Gap, Table

SHORT = (
    "truth", "truth, where an adapter is needed", "truth, where none is needed",
    "pictures with every part", "likeness", "likeness, best of N", "dFID", "Vendi", "saturation",
    "pictures without an adapter", "lit adapters that are needed", "needs that are served",
    "seconds to plan", "seconds to draw a picture",
)  # fmt: skip


def show(out: Console, found: "Table") -> None:
    """Figures with their intervals are in the report; here stand the middles, and ours against each."""
    by = ", ".join(f"{what} by {name}" for what, name in found.instruments.items())
    out.print(f"{found.prompts} prompts, {found.images} pictures; {by}.", soft_wrap=True)
    out.print(_figures(found))
    out.print(_gaps(found))


def _figures(found: "Table") -> Grid:
    from stylus_engine.evaluation.report import told

    grid = Grid(box=None, pad_edge=False)
    grid.add_column("")
    for arm in found.arms:
        grid.add_column(arm.arm, justify="right")
    for name in SHORT:
        values = [arm.figures.get(name) for arm in found.arms]
        if any(values):
            grid.add_row(name, *(told(name, value) for value in values))
    grid.add_row("FID", *(f"{a.distance.fid:.3g}" if a.distance else "–" for a in found.arms))
    grid.add_row("KID", *(f"{a.distance.kid:.3g}" if a.distance else "–" for a in found.arms))
    return grid


def _gaps(found: "Table") -> Grid:
    grid = Grid("stylus less …", "figure", "difference", "95 %", "ratio", box=None, pad_edge=False)
    for gap in found.gaps:
        if gap.difference is not None and gap.what in SHORT[:4]:
            grid.add_row(*_line(gap))
    return grid


def _line(gap: "Gap") -> tuple[str, ...]:
    from stylus_engine.evaluation.report import span, told

    away = gap.difference
    style = "" if away is None else "green" if away.low > 0 else "red" if away.high < 0 else ""
    said = told(gap.what, away)
    ratio = f"{gap.ratio.mean:.2f}" if gap.ratio else "–"
    marked = f"[{style}]{said}[/]" if style else said
    return gap.theirs, gap.what, marked, span(gap.what, away, signed=True), ratio
