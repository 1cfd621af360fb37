"""Means with intervals: prompts are drawn anew, and with a prompt all its arms (Efron's bootstrap)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stylus_engine.model.noun import Noun

RESAMPLES, SEED = 2000, 5
# No interval within n values is surer of their middle than the one from least to most: 1 - 2 ** (1 - n),
# which is 0.94 for five and 0.97 for six.
FEWEST = 6


class Estimate(Noun, frozen=True):
    """A mean over `n` prompts and its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def sure(self) -> bool:
        """Whether so few prompts can hold a 95 % interval at all; where not, it is their range at most."""
        return self.n >= FEWEST


def mean(values: Sequence[float]) -> Estimate | None:
    """None of nothing."""
    found = np.asarray(values, float)
    return _of(found.mean(), found[_drawn(len(found))].mean(axis=1), len(found)) if values else None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Estimate | None:
    """Mean over mean, the same prompts drawn for both. None where some draw has nothing to divide by."""
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    if not len(a) or b.mean() <= 0:
        return None
    rows = _drawn(len(a))
    below = b[rows].mean(axis=1)
    if (below <= 0).any():
        return None
    return _of(a.mean() / b.mean(), a[rows].mean(axis=1) / below, len(a))


def _drawn(n: int) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n))


def _of(middle: float, spread: NDArray[np.float64], n: int) -> Estimate:
    low, high = np.quantile(spread, (0.025, 0.975), method="nearest")
    return Estimate(float(middle), float(low), float(high), n)
