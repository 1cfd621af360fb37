"""The failure modes that the paper's appendix admits, each as one question that figures answer.

Saturation, task blocking, low diversity, a bad adapter, an error of retrieval.  Three are
read off the arms that are drawn anyway; two need arms of their own: weights turned up, and
an adapter whose card says what its file does not do, forced upon every prompt.
"""

from collections.abc import Sequence

from stylus_engine.evaluation.campaign import Arm
from stylus_engine.evaluation.statistics import Estimate
from stylus_engine.evaluation.tables import BASE, OURS, Table, Worth
from stylus_engine.model.noun import Noun

LOUD = (1.5, 2.0)


class Bar(Noun, frozen=True, kw_only=True):
    """One bar of a figure."""

    label: str
    value: Estimate


class Figure(Noun, frozen=True, kw_only=True):
    """One failure mode: what is asked, how to read it, the bars."""

    title: str
    asks: str
    unit: str
    bars: tuple[Bar, ...]


def arms_of_failure(guidance: float, bad: Sequence[str]) -> tuple[Arm, ...]:
    """`bad`: card ids of adapters that do not do what they say."""
    loud = tuple(Arm(preset=OURS, guidance=guidance, strength=s) for s in LOUD)
    worn = (Arm(preset=OURS, guidance=guidance, forced=tuple(bad)),) if bad else ()
    return loud + worn


def figures(table: Table) -> tuple[Figure, ...]:
    """Those that something was drawn for, at the first guidance that was asked for."""
    at = [arm for arm in table.arms if arm.guidance == table.arms[0].guidance]
    usual = [arm for arm in at if "×" not in arm.method and "+" not in arm.method]
    pushed = [
        arm for arm in at if arm.method.partition(" ×")[0] in {OURS, BASE} and "+" not in arm.method
    ]
    bad = [arm for arm in at if arm.method in {OURS, BASE} or "+" in arm.method]
    pushed = pushed if any("×" in arm.method for arm in pushed) else []
    bad = bad if any("+" in arm.method for arm in bad) else []
    every = (
        _figure("Saturation", "Do stronger weights burn the colours? Distance from base is the harm.", "saturation", pushed),
        _figure("Saturation: the price", "And does what was asked for survive them?", "truth", pushed),
        _figure("Task blocking", "Does one adapter erase what another part asked for? The share of pictures with every named part.", "pictures with every part", usual),
        _figure("Low diversity", "Do adapters make the pictures of a prompt alike? Above base is well.", "dFID", usual),
        _figure("A bad adapter", "One whose card promises what its file does not do, forced upon every prompt.", "truth", bad),
        _figure("Retrieval error", "Of the adapters that were lit, the share that the prompt needed.", "lit adapters that are needed", usual),
    )  # fmt: skip
    return tuple(figure for figure in every if figure.bars)


def _figure(title: str, asks: str, unit: str, arms: Sequence[Worth]) -> Figure:
    bars = [
        Bar(label=arm.method, value=value)
        for arm in arms
        if (value := arm.figures.get(unit)) is not None
    ]
    return Figure(title=title, asks=asks, unit=unit, bars=tuple(bars))
