"""How well a figure tells another one: rank correlations, and how sure one may be of them."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row, Spread

Numbers: TypeAlias = NDArray[np.float64]


def correlated(case: str, metric: str, values: Sequence[float]) -> Row:
    """What there was to predict."""
    return Row(case, metric, "", Spread.of(list(values)))


def correlation(
    case: str, metric: str, guess: Numbers, lost: Numbers, group: NDArray[np.int64]
) -> Row:
    """Spearman's rho in the middle, its interval as least and most; pairs are drawn, not directions."""
    dice, pairs = np.random.default_rng(0), np.unique(group)
    places = [np.flatnonzero(group == pair) for pair in pairs]
    draws = []
    for _ in range(2000):
        chosen = np.concatenate([places[i] for i in dice.integers(len(pairs), size=len(pairs))])
        draws.append(spearman(guess[chosen], lost[chosen]))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    spread = Spread(spearman(guess, lost), float(low), float(high), len(pairs))
    return Row(case, f"rank correlation with what is lost, {metric}", "", spread)


def spearman(a: Numbers, b: Numbers) -> float:
    """Pearson's correlation of ranks, ties by their mean rank; 0 where nothing varies."""
    first, second = ranks(a), ranks(b)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def ranks(values: Numbers) -> Numbers:
    """1 … n; equal values share the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]
