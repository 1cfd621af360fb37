"""At which weight an adapter is used: by its example pictures, else by a number in its text. Pure."""

import math
import re
from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple

from stylus_engine.model import Adapter

MOST = 2.0  # no text and no example is believed beyond it
LEAST = 0.05  # below this an adapter does nothing: the paper's own file holds such zeros
ENOUGH = 4  # examples, before their quartiles say something
ROOM = 0.1  # a range is at least this wide on either side
_NUMBER = r"(\d?[.,]\d{1,2}|[012])(?![\d.]*\d)"
_TOLD = re.compile(
    r"\b(?:weights?|strength|scale|works? best|recommend\w*|use(?: it)?(?: at| with| between)?|"
    r"set(?: it)?(?: to)?)\b[^.\d\n]{0,24}?"
    rf"(?<![\d.v]){_NUMBER}(?:\s*(?:-|–|~|to|and)\s*{_NUMBER})?(?!\s*(?:steps?|pictures?|images?|epochs?|k\b|%))",
    re.IGNORECASE,
)


class Weighing(NamedTuple):
    """A weight and its range; None leaves the card's own."""

    weight: float | None = None
    low: float | None = None
    high: float | None = None


def weigh(card: Adapter, weights: Sequence[float | None], description: str) -> Weighing:
    """The median of the examples and their quartiles; without examples what the text says."""
    used = [weight for weight in weights if weight is not None and usable(weight)]
    if used:
        return _by_examples(card, used)
    return _by_text(card, description)


def usable(weight: float) -> bool:
    """A finite weight that does something and is not absurd."""
    return math.isfinite(weight) and LEAST <= weight <= MOST


def _by_examples(card: Adapter, used: list[float]) -> Weighing:
    middle = round(median(used), 2)
    if len(used) < ENOUGH:
        return _around(card, middle)
    first, _, third = quantiles(used, n=4, method="inclusive")
    low, high = min(first, middle - ROOM), max(third, middle + ROOM)
    return Weighing(middle, round(max(low, 0.0), 2), round(min(high, MOST), 2))


def _by_text(card: Adapter, description: str) -> Weighing:
    told = [_number(text) for match in _TOLD.finditer(description) for text in match.groups()]
    found = [number for number in told[:2] if number is not None]
    if not found or not all(map(usable, found)):
        return Weighing()
    if len(found) == 2 and found[0] < found[1]:
        return Weighing(round(sum(found) / 2, 2), *found)
    return _around(card, found[0])


def _around(card: Adapter, weight: float) -> Weighing:
    """The card's range, where a text may set one, made to hold the weight."""
    low, high = max(card.weight_low, 0.0), min(card.weight_high, MOST)
    return Weighing(weight, min(low, weight), max(high, weight))


def _number(text: str | None) -> float | None:
    return None if text is None else float(text.replace(",", "."))
