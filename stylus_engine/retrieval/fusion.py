"""Several rankings become one list of candidates: pure arithmetic on ids and cosines."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from stylus_engine.ports import Vectors

T = TypeVar("T", bound=Hashable)
RRF = 60  # Cormack, Clarke, Buettcher 2009: the constant that everybody uses
CONCEPTS_EACH = 2  # an adapter serves one concept in the end; more pairs only push others out
ALIKE = 0.92  # cosine between two cards from which they are one adapter told twice


class Pair(NamedTuple):
    """An adapter found for part number `part`; `rank` counts from 1 within the part."""

    card_id: str
    part: int
    rank: int
    similarity: float


def fused(*rankings: Sequence[T]) -> list[T]:
    """Reciprocal-rank fusion: best first; equal sums keep the order of the first ranking."""
    sums: dict[T, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            sums[one] = sums.get(one, 0.0) + 1 / (RRF + rank)
    return sorted(sums, key=lambda one: -sums[one])


def chosen(pairs: Iterable[Pair], most: int) -> list[Pair]:
    """At most `most` pairs: first the best of every part, then the most similar.

    A quota for each part, because a loud concept would starve a quiet one; beside
    these, an adapter keeps its `CONCEPTS_EACH` nearest concepts and the whole prompt, its
    nearest of all before any adapter's second: an adapter that is not told at all cannot
    be chosen.
    """
    seen: Counter[tuple[str, bool]] = Counter()
    told: set[str] = set()
    kept: list[tuple[bool, bool, Pair]] = []  # the most similar first, which sorting keeps
    for pair in sorted(pairs, key=lambda p: -p.similarity):
        place = pair.card_id, pair.part > 0
        seen[place] += 1
        if pair.rank == 1 or seen[place] <= CONCEPTS_EACH:
            kept.append((pair.rank > 1, pair.card_id in told, pair))
            told.add(pair.card_id)
    best = [pair for *_, pair in sorted(kept, key=lambda one: one[:2])[:most]]
    return sorted(best, key=lambda p: (p.part, p.rank))


def clusters(card_ids: Sequence[str], vectors: Vectors) -> dict[str, int]:
    """Card id -> number of its cluster of look-alikes; `vectors` are unit rows (n, d).

    Each card joins the first earlier card it resembles, so the order decides, not chance.
    """
    if not card_ids:
        return {}
    # Not `@`: BLAS wakes its threads for so little, and they spin: 10 ms a recall (measured).
    alike = np.einsum("id,jd->ij", vectors, vectors) >= ALIKE
    first = [int(np.argmax(row[: at + 1])) for at, row in enumerate(alike)]
    roots: list[int] = []
    for at, earlier in enumerate(first):
        roots.append(at if earlier == at else roots[earlier])
    return dict(zip(card_ids, roots, strict=True))
