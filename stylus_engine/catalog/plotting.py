# matplotlib's figures are typed loosely; they stay inside this file.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false
"""The figures of a catalogue as one picture: six panels, drawn without a display.

Figure and canvas are made by hand: `pyplot` keeps figures of its own for the whole process.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from stylus_engine.catalog.stats import PowerLaw, Share, Sizes, Stats
from stylus_engine.errors import StoreFailed
from stylus_engine.model import Rating

INK, BAR, SHADE, LAW = "#2b2f36", "#5b8db8", "#dfe5ec", "#b8604f"
MOST_BARS = 9
MOST_LABEL = 22  # characters
SIZE, DPI = (15.0, 9.0), 110  # inches
MIB = 2**20
FEW_SIZES = 2  # fewer are no distribution
RATINGS: tuple[str, ...] = get_args(Rating)


def plot(stats: Stats, path: Path, title: str = "") -> None:
    """Write the picture as PNG. Raises `StoreFailed`."""
    layout = ConstrainedLayoutEngine(rect=(0.01, 0.015, 0.98, 0.965), wspace=0.03, hspace=0.06)
    figure = Figure(figsize=SIZE, dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    told = title or f"{stats.cards:,} adapters"
    figure.suptitle(told, fontsize=16, color=INK, x=0.012, ha="left")
    panels = figure.subplots(2, 3)
    for panel, draw in zip(panels.flat, _drawings(stats), strict=True):
        draw(panel)
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise StoreFailed(path=str(path), why=error.strerror or "unknown") from error


def _drawings(stats: Stats) -> tuple[Callable[[Axes], None], ...]:
    return (
        lambda panel: _bars(panel, "What they add", stats.categories),
        lambda panel: _popularity(panel, stats),
        lambda panel: _bars(panel, "What they were made for", stats.families),
        lambda panel: _bars(panel, "Rating", _mildest_first(stats.ratings)),
        lambda panel: _bars(panel, "Licence", stats.licences),
        lambda panel: _sizes(panel, stats.sizes),
    )


def _frame(panel: Axes, title: str) -> None:
    panel.set_title(title, loc="left", fontsize=12, color=INK, pad=10)
    panel.tick_params(which="both", colors=INK, labelsize=10, length=0)
    panel.set_axisbelow(True)
    for side in panel.spines.values():
        side.set_visible(False)


def _bars(panel: Axes, title: str, shares: Sequence[Share]) -> None:
    """The commonest ones, the rest as one bar; the count stands at each bar's end."""
    shown = _most(shares)
    _frame(panel, title)
    places = list(range(len(shown), 0, -1))
    drawn = panel.barh(places, [share.count for share in shown], color=BAR, height=0.66)
    panel.set_yticks(places, [_label(share.name) for share in shown])
    panel.bar_label(
        drawn, [f"{share.count:,}" for share in shown], padding=4, color=INK, fontsize=9
    )
    panel.margins(x=0.16)
    panel.set_xticks([])
    panel.set_ylim(min(0.4, len(shown) - MOST_BARS + 0.4), len(shown) + 0.6)


def _most(shares: Sequence[Share]) -> list[Share]:
    """At most `MOST_BARS`."""
    if len(shares) <= MOST_BARS:
        return list(shares)
    rest = shares[MOST_BARS - 1 :]
    others = Share(f"{len(rest)} others", sum(share.count for share in rest))
    return [*shares[: MOST_BARS - 1], others]


def _mildest_first(shares: Sequence[Share]) -> list[Share]:
    """Ratings have an order of their own."""
    return sorted(shares, key=lambda share: RATINGS.index(share.name))


def _label(name: str) -> str:
    """A dollar sign would begin a formula."""
    cut = name if len(name) <= MOST_LABEL else f"{name[: MOST_LABEL - 1]}…"
    return cut.replace("$", r"\$")


def _popularity(panel: Axes, stats: Stats) -> None:
    _frame(panel, "Downloads by rank")
    if not stats.curve:
        _nothing(panel, "no downloads are known")
        return
    ranks, counts = zip(*stats.curve, strict=True)
    panel.loglog(ranks, counts, "o", color=BAR, markersize=3.5, markeredgewidth=0)
    panel.grid(color=SHADE, linewidth=0.8)
    _law(panel, stats.law)
    panel.set_xlabel("rank", color=INK)
    panel.set_ylabel("downloads", color=INK)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(LogLocator(base=10))
        axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _law(panel: Axes, law: PowerLaw | None) -> None:
    """Rank falls as count^-(exponent - 1): so many cards have at least so many downloads."""
    if law is None:
        return
    ranks = (1, law.tail)
    slope = -1 / (law.exponent - 1)
    counts = [law.least * (rank / law.tail) ** slope for rank in ranks]
    panel.loglog(ranks, counts, color=LAW, linewidth=1.6)
    told = (
        f"$p(x) \\sim x^{{-{law.exponent:.2f} \\pm {law.error:.2f}}}$\n"
        f"from {law.least:,} downloads on ({law.tail:,} cards)\n"
        f"maximum likelihood, KS {law.distance:.3f}"
    )
    panel.text(0.03, 0.05, told, transform=panel.transAxes, color=LAW, fontsize=9, va="bottom")


def _sizes(panel: Axes, sizes: Sizes) -> None:
    _frame(panel, "File size, MiB")
    if len(sizes.each) < FEW_SIZES:
        _nothing(panel, "no sizes are known")
        return
    shares = [100 * n / (len(sizes.each) - 1) for n in range(len(sizes.each))]
    panel.semilogx([size / MIB for size in sizes.each], shares, color=BAR, linewidth=2)
    panel.axvline(sizes.median / MIB, color=LAW, linewidth=1.2)
    told = f"  median {sizes.median / MIB:,.3g} MiB"
    panel.text(sizes.median / MIB, 4, told, color=LAW, fontsize=9)
    panel.grid(color=SHADE, linewidth=0.8)
    panel.margins(x=0.06)
    panel.set_ylabel("% that are no larger", color=INK)
    panel.set_ylim(0, 100)
    panel.yaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))


def _nothing(panel: Axes, why: str) -> None:
    panel.set_xticks([])
    panel.set_yticks([])
    panel.text(0.5, 0.5, why, transform=panel.transAxes, ha="center", color=INK)
