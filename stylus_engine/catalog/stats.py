"""What a catalogue is made of, in figures: the paper's characterisation of its 75,000 adapters.

Pure counting: cards in, a noun out; `plotting` draws it.  How popularity falls is told as
the exponent of a power law, fitted as Clauset, Shalizi and Newman (2009) do: the tail
begins where the fitted law is nearest to the data (Kolmogorov-Smirnov), and above it the
exponent is the one under which the data are likeliest.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stylus_engine.model import Adapter
from stylus_engine.model.noun import Noun

Values: TypeAlias = NDArray[np.float64]
SHORTEST_TAIL = 30  # cards; fewer say nothing of a law
STARTS = 60  # places tried for the beginning of the tail
POINTS = 240  # of the curve that is drawn
HALF = 0.5  # counts are whole: the continuous law, shifted by half (their equation 3.7)


class Share(Noun, frozen=True):
    """How many cards have this in common."""

    name: str
    count: int


class PowerLaw(Noun, frozen=True, kw_only=True):
    """p(x) ~ x^-exponent for x >= `least`, which `tail` cards are.

    `error` is the standard error of the exponent, `distance` the Kolmogorov-Smirnov
    distance between data and law in the tail: below about 1/sqrt(tail) they agree.
    """

    exponent: float
    error: float
    least: int
    tail: int
    distance: float


class Sizes(Noun, frozen=True, kw_only=True):
    """Bytes of the files whose size is known. `each` holds at most `POINTS` quantiles, for drawing."""

    known: int = 0
    total: int = 0
    median: int = 0
    ninth: int = 0  # nine of ten are no larger
    largest: int = 0
    each: tuple[int, ...] = ()


class Stats(Noun, frozen=True, kw_only=True):
    """All that is counted. Shares are sorted, the largest first.

    `curve` is downloads by rank, thinned evenly on a logarithmic axis; `half` is how many
    of the most popular cards have half of all downloads.
    """

    cards: int
    drawable: int
    previews: int
    categories: tuple[Share, ...]
    families: tuple[Share, ...]
    kinds: tuple[Share, ...]
    ratings: tuple[Share, ...]
    licences: tuple[Share, ...]
    describers: tuple[Share, ...]
    health: tuple[Share, ...]
    downloads: int
    half: int
    curve: tuple[tuple[int, int], ...]
    law: PowerLaw | None
    sizes: Sizes


def stats(cards: Iterable[Adapter]) -> Stats:
    """Count every card once."""
    all_cards = tuple(cards)
    popular = descending([card.popularity for card in all_cards])
    return Stats(
        cards=len(all_cards),
        drawable=sum(card.drawable for card in all_cards),
        previews=sum(bool(card.previews) for card in all_cards),
        categories=shares(card.category for card in all_cards),
        families=shares(card.base or card.family or "unknown" for card in all_cards),
        kinds=shares(card.kind for card in all_cards),
        ratings=shares(card.rating for card in all_cards),
        licences=shares(card.licence.name or "unknown" for card in all_cards),
        describers=shares(card.described_by or "card" for card in all_cards),
        health=shares(card.health for card in all_cards),
        downloads=int(popular.sum()),
        half=half_of(popular),
        curve=curve(popular),
        law=power_law(popular),
        sizes=sizes([card.file_bytes for card in all_cards if card.file_bytes > 0]),
    )


def shares(names: Iterable[str]) -> tuple[Share, ...]:
    """The commonest first; equal ones by name."""
    counted = Counter(names)
    return tuple(Share(*pair) for pair in sorted(counted.items(), key=lambda p: (-p[1], p[0])))


def descending(counts: Sequence[int]) -> Values:
    """The counts above zero, the largest first: nobody knows how often the others were wanted."""
    found = np.asarray([count for count in counts if count > 0], dtype=np.float64)
    return np.sort(found)[::-1]


def half_of(popular: Values) -> int:
    """How many of the largest make up half of the sum."""
    if not len(popular):
        return 0
    growing: Values = np.cumsum(popular, dtype=np.float64)
    return int(np.count_nonzero(growing < growing[-1] / 2)) + 1


def curve(popular: Values) -> tuple[tuple[int, int], ...]:
    """(rank, count), at most `POINTS` of them, as dense in every decade."""
    if not len(popular):
        return ()
    steps = np.geomspace(1, len(popular), min(POINTS, len(popular)))
    ranks = np.unique(steps.round().astype(int))
    return tuple((int(rank), int(popular[rank - 1])) for rank in ranks)


def power_law(popular: Values) -> PowerLaw | None:
    """The law whose tail is nearest to the data; None where no tail is long enough."""
    laws = [law for least in _starts(popular) if (law := law_from(popular, least)) is not None]
    return min(laws, key=lambda law: law.distance, default=None)


def law_from(popular: Values, least: float) -> PowerLaw | None:
    """The likeliest law for the counts from `least` on; None where they are too few or all equal."""
    tail = popular[popular >= least]
    logs = np.log(tail / (least - HALF))
    if len(tail) < SHORTEST_TAIL or tail[0] == tail[-1]:
        return None
    slope = len(tail) / float(logs.sum())  # exponent - 1
    return PowerLaw(
        exponent=1 + slope,
        error=slope / len(tail) ** 0.5,
        least=int(least),
        tail=len(tail),
        distance=_distance(tail, least, slope),
    )


def _starts(popular: Values) -> Values:
    """Where a tail may begin: distinct counts, spread over the ranks from short tails to all."""
    if len(popular) < SHORTEST_TAIL:
        return popular[:0]
    ranks = np.geomspace(SHORTEST_TAIL, len(popular), STARTS).round().astype(int)
    return np.unique(popular[ranks - 1])


def _distance(tail: Values, least: float, slope: float) -> float:
    """The farthest that shares of the data at or above a count lie from the law's."""
    values, firsts = np.unique(tail[::-1], return_index=True)
    found = 1 - firsts / len(tail)
    told = ((values - HALF) / (least - HALF)) ** -slope
    return float(np.abs(found - told).max())


def sizes(known: Sequence[int]) -> Sizes:
    """Of files whose size a card or the disk tells."""
    if not known:
        return Sizes()
    ordered = np.sort(np.asarray(known, dtype=np.float64))
    thinned = np.quantile(ordered, np.linspace(0, 1, min(POINTS, len(known))))
    return Sizes(
        known=len(known),
        total=int(ordered.sum()),
        median=int(np.median(ordered)),
        ninth=int(np.quantile(ordered, 0.9)),
        largest=int(ordered[-1]),
        each=tuple(int(size) for size in thinned),
    )
