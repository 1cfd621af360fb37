"""How often one of two was preferred, and how sure that is: Wilson's interval, 95 %."""

from math import sqrt
from typing import Final, NamedTuple

Z: Final = 1.959963984540054  # of the normal distribution at 97.5 %


class Share(NamedTuple):
    """Of those who decided: 0 … 1."""

    rate: float
    low: float
    high: float


def rate(wins: int, losses: int) -> Share | None:
    """None where nobody decided. Ties are not in it; whoever tells the share tells them, too.

    E. B. Wilson, 1927: unlike the usual ± it holds for few votes and never leaves 0 … 1.
    """
    n = wins + losses
    if not n:
        return None
    share, square = wins / n, Z * Z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))
