"""From marks to rows: what each arm is worth, and how far ours is from it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

import numpy as np

from stylus_engine.evaluation import spread, statistics
from stylus_engine.evaluation.campaign import Arm
from stylus_engine.evaluation.marks import Mark
from stylus_engine.evaluation.questions import Ask
from stylus_engine.evaluation.statistics import Estimate
from stylus_engine.model.noun import Noun

Grid: TypeAlias = Sequence[Mark]
Grids: TypeAlias = Mapping[str, Grid]  # by prompt
Value: TypeAlias = Callable[[Grid], float | None]
OURS, BASE = "stylus", "base"
RIGHT = "dFID among pictures with every part"


class Distance(Noun, frozen=True, kw_only=True):
    """FID and KID of an arm's pictures."""

    fid: float
    kid: float
    kid_spread: float
    n: int


class Worth(Noun, frozen=True, kw_only=True):
    """One arm. An estimate is None where nothing could be measured."""

    arm: str
    method: str
    guidance: float
    figures: dict[str, Estimate | None]
    categories: dict[str, Estimate | None]
    distance: Distance | None = None


class Gap(Noun, frozen=True, kw_only=True):
    """Ours less theirs over the same prompts; `ratio`: ours over theirs."""

    theirs: str
    guidance: float
    what: str
    difference: Estimate | None
    ratio: Estimate | None = None


class Duel(Noun, frozen=True, kw_only=True):
    """What a model that sees said. `share`: of wins and losses those that are wins; `odd`: answers of no use."""

    by: str
    theirs: str
    wins: int
    ties: int
    losses: int
    odd: int
    share: Estimate | None


class Table(Noun, frozen=True, kw_only=True):
    """Everything that was measured, with what."""

    instruments: dict[str, str]
    prompts: int
    images: int
    failed: int
    arms: list[Worth]
    gaps: list[Gap]
    duels: tuple[Duel, ...] = ()


def grids(marks: Iterable[Mark], arm: str) -> Grids:
    """An arm's pictures by prompt, in the order of the grid."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.shown.arm == arm:
            found[mark.ask.id].append(mark)
    return {ask: sorted(grid, key=lambda m: m.shown.index) for ask, grid in found.items()}


def truth(grid: Grid) -> float | None:
    """The mean share of named parts that came out."""
    return _mean(mark.truth for mark in grid)


def entire(grid: Grid) -> float | None:
    """The share of pictures that show every named part."""
    return _mean(None if m.truth is None else float(m.truth == 1.0) for m in grid)


def likeness(grid: Grid) -> float | None:
    """The scorer's, over the whole grid."""
    return _mean(mark.likeness for mark in grid)


def best_likeness(grid: Grid) -> float | None:
    """The best of N by the scorer, N the same in all arms."""
    return max((m.likeness for m in grid if m.likeness is not None), default=None)


def best_truth(grid: Grid) -> float | None:
    """The truth of the picture that the scorer likes best."""
    liked = [m for m in grid if m.likeness is not None]
    return max(liked, key=lambda m: m.likeness or 0.0).truth if liked else None


def dfid(grid: Grid) -> float | None:
    """See `spread.dfid`."""
    return spread.dfid(_features(grid)) if len(grid) > 1 else None


def vendi(grid: Grid) -> float | None:
    """See `spread.vendi`."""
    return spread.vendi(_features(grid)) if len(grid) > 1 else None


def dfid_of_right(grid: Grid) -> float | None:
    """Of the pictures that show every named part: guesses differ too, and that is no diversity."""
    return dfid([mark for mark in grid if mark.truth == 1.0])


def hits(grid: Grid) -> float | None:
    """Of the adapters that are lit somewhere in the grid the share that the prompt needs; None where nobody said."""
    lit, needs = _lit(grid), {card for cards in grid[0].ask.needs for card in cards}
    return len(lit & needs) / len(lit) if lit and grid[0].ask.stated else None


def found(grid: Grid) -> float | None:
    """Of the needs of a prompt the share that some lit adapter serves."""
    lit, needs = _lit(grid), grid[0].ask.needs
    return _mean(float(bool(lit & set(cards))) for cards in needs)


def needed(grid: Grid) -> float | None:
    """Of prompts with one need: how often the part came out that only an adapter can draw."""
    part = grid[0].ask.category
    return _mean(float(m.parts[part]) for m in grid if part in m.parts)


FIGURES: dict[str, Value] = {
    "truth": truth,
    "truth, where an adapter is needed": lambda g: truth(g) if g[0].ask.needy else None,
    "truth, where none is needed": lambda g: None if g[0].ask.needy else truth(g),
    "the part that needs an adapter": needed,
    "pictures with every part": entire,
    "likeness": likeness,
    "likeness, best of N": best_likeness,
    "truth of the best of N by likeness": best_truth,
    "dFID": dfid,
    RIGHT: dfid_of_right,
    "Vendi": vendi,
    "saturation": lambda g: _mean(m.saturation for m in g),
    "pictures without an adapter": lambda g: _mean(float(not m.shown.lit) for m in g),
    "adapters per picture": lambda g: _mean(float(len(m.shown.lit)) for m in g),
    "lit adapters that are needed": hits,
    "needs that are served": found,
    "seconds to plan": lambda g: g[0].shown.planned_s,
    "seconds to draw a picture": lambda g: _mean(m.shown.drawn_s for m in g),
}  # fmt: skip
COMPARED = ("truth", "truth, where an adapter is needed", "truth, where none is needed",
            "the part that needs an adapter", "pictures with every part", "likeness", "dFID", RIGHT, "Vendi",
            "truth of the best of N by likeness")  # fmt: skip


def worth(arm: Arm, found: Grids, distance: Distance | None) -> Worth:
    """All figures of one arm, over the prompts it has."""
    figures = {name: statistics.mean(_values(found, value)) for name, value in FIGURES.items()}
    kinds = sorted({_kind(g[0].ask) for g in found.values()} - {""})
    by_kind = {k: {a: g for a, g in found.items() if _kind(g[0].ask) == k} for k in kinds}
    return Worth(
        arm=arm.name,
        method=arm.method,
        guidance=arm.guidance,
        figures=figures,
        categories={k: statistics.mean(_values(some, truth)) for k, some in by_kind.items()},
        distance=distance,
    )


def gaps(ours: Grids, theirs: Grids, against: Arm) -> list[Gap]:
    """Paired: only prompts for which both have a value count."""
    return [_gap(name, ours, theirs, against) for name in COMPARED]


def _gap(name: str, ours: Grids, theirs: Grids, against: Arm) -> Gap:
    value = FIGURES[name]
    both = [
        (a, b)
        for ask in ours.keys() & theirs.keys()
        if (a := value(ours[ask])) is not None and (b := value(theirs[ask])) is not None
    ]
    both.sort()  # a set has no order, and the bootstrap must have one
    return Gap(
        theirs=against.name,
        guidance=against.guidance,
        what=name,
        difference=statistics.mean([a - b for a, b in both]),
        ratio=statistics.ratio([a for a, _ in both], [b for _, b in both]),
    )


def _kind(ask: Ask) -> str:
    return ", ".join(word for word in (ask.category, ask.kind) if word)


def _values(found: Grids, value: Value) -> list[float]:
    each = (value(found[ask]) for ask in sorted(found))
    return [one for one in each if one is not None]


def _lit(grid: Grid) -> set[str]:
    return {card for mark in grid for card, _ in mark.shown.lit}


def _features(grid: Grid) -> spread.Vectors:
    return np.stack([mark.feature for mark in grid])


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
