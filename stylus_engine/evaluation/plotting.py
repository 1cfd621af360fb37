"""The Pareto plot over guidance and the bars of the failure modes, as SVG that a page holds."""

# matplotlib leaves most of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Sequence
from io import StringIO
from itertools import groupby
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Sheet

from stylus_engine.evaluation.failures import Figure
from stylus_engine.evaluation.tables import OURS, Worth

INK, FAINT = "#2b2b33", "#d9d9e0"
COLOURS = ("#3355cc", "#888890", "#cc6633", "#229977", "#aa3377", "#bb9922", "#5599cc", "#663399")
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "stylus",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
}


def pareto(arms: Sequence[Worth], across: str, up: str) -> str:
    """Each method's arms as one line over guidance; right and up is better."""
    with rc_context(STYLE):
        sheet = Sheet(figsize=(7.2, 4.2), layout="constrained")
        axes = _axes(sheet)
        methods = sorted(arms, key=lambda arm: (arm.method != OURS, arm.method))
        for number, (method, some) in enumerate(groupby(methods, lambda arm: arm.method)):
            _line(axes, method, list(some), across, up, COLOURS[number % len(COLOURS)])
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return _svg(sheet)


def bars(figure: Figure) -> str:
    """One bar an arm, with its interval."""
    with rc_context(STYLE):
        sheet = Sheet(figsize=(6.4, 0.6 + 0.36 * len(figure.bars)), layout="constrained")
        axes = _axes(sheet)
        for at, bar in enumerate(figure.bars):
            mean, low, high = bar.value.mean, bar.value.low, bar.value.high
            axes.barh(at, mean, color=COLOURS[0] if bar.label.startswith("stylus") else "#b9bac4")
            if bar.value.sure:
                axes.plot([low, high], [at, at], color=INK, linewidth=1.2)
            axes.annotate(
                f"{mean:.3g}", (max(high, mean) if bar.value.sure else mean, at), (5, 0),
                textcoords="offset points", va="center", fontsize=9,
            )  # fmt: skip
        axes.set_yticks(range(len(figure.bars)), [bar.label for bar in figure.bars])
        axes.invert_yaxis()
        axes.margins(x=0.12)
        return _svg(sheet)


def _line(
    axes: Axes, method: str, arms: Sequence[Worth], across: str, up: str, colour: str
) -> None:
    points = [
        (arm.guidance, x, y)
        for arm in sorted(arms, key=lambda arm: arm.guidance)
        if (x := arm.figures.get(across)) and (y := arm.figures.get(up))
    ]
    if not points:
        return
    xs, ys = [x.mean for _, x, _ in points], [y.mean for _, _, y in points]
    below = [y.mean - y.low if y.sure else 0.0 for *_, y in points]
    above = [y.high - y.mean if y.sure else 0.0 for *_, y in points]
    axes.errorbar(
        xs, ys, yerr=[below, above], marker="o", color=colour, linewidth=1.2, label=method
    )
    for guidance, x, y in points:
        axes.annotate(f" {guidance:g}", (x.mean, y.mean), fontsize=8, color=colour, va="bottom")


def _axes(sheet: Sheet) -> Axes:
    axes = sheet.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _svg(sheet: Sheet) -> str:
    """The drawing alone: what stands before it belongs to files, not to pages."""
    text = StringIO()
    FigureCanvasSVG(sheet).print_svg(text, metadata={"Date": None})
    whole = text.getvalue()
    return whole[whole.index("<svg") :]
