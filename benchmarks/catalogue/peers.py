"""What others would do: numpy over all vectors, and the paper's way; and the exact truth."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.catalogue import cards
from stylus_engine.model import Query
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.rows import RATINGS, usable

PAPER_DIMENSIONS = 3072  # text-embedding-3-large, kept as float64 by the published code
PAPER_K = 150


class Exact:
    """All vectors in memory, and for each row what policy asks."""

    def __init__(self, pieces: list[NDArray[np.float32]]) -> None:
        self.matrix = np.concatenate(pieces)
        told = [_facts(number) for number in range(len(self.matrix))]
        self._families = np.array([one[0] for one in told])
        self._numbers = np.array([one[1:] for one in told], np.int8)

    def mask(self, query: Query) -> NDArray[np.bool_]:
        """The rows that may answer, by the cards themselves."""
        rating, commercial, able = self._numbers.T
        most = RATINGS.index(query.policy.most_rating)
        open_to = (self._families == query.family) & (rating <= most) & (able == 1)
        return open_to & (commercial == 1) if query.policy.commercial_only else open_to

    def nearest(self, query: Query, vectors: Vectors, k: int) -> NDArray[np.int64]:
        """Rows of the `k` nearest for each question, any order: (questions, k)."""
        scores = np.where(self.mask(query), vectors @ self.matrix.T, -2)
        return np.argpartition(-scores, k, axis=1)[:, :k]

    def all_nearest(self, vectors: Vectors, k: int) -> NDArray[np.int64]:
        """Without policy: the peer's best case."""
        return np.argpartition(-(vectors @ self.matrix.T), k, axis=1)[:, :k]

    def share(self, query: Query, vectors: Vectors, found: list[list[int]]) -> list[float]:
        """Recall of each question: how many found rows are as near as the worst true one."""
        shares: list[float] = []
        mask = self.mask(query)
        for vector, rows in zip(vectors, found, strict=True):
            scores = np.where(mask, self.matrix @ vector, -2)
            k = min(len(rows) or 1, int(mask.sum()))
            bar = np.partition(scores, -k)[-k] - 1e-6
            shares.append(float((scores[rows] >= bar).sum()) / k)
        return shares


class Paper:
    """float64 × 3072, one question after the other, everything sorted: as it was published."""

    def __init__(self, rows: int, seed: int = 1) -> None:
        dice = np.random.default_rng(seed)
        self._matrix = dice.standard_normal((rows, PAPER_DIMENSIONS))
        self._matrix /= np.linalg.norm(self._matrix, axis=1, keepdims=True)
        self._questions = dice.standard_normal((5, PAPER_DIMENSIONS))

    def five(self) -> list[NDArray[np.int64]]:
        return [np.argsort(-(self._matrix @ one))[:PAPER_K] for one in self._questions]


def _facts(number: int) -> tuple[str, int, bool, bool]:
    card = cards.card(number)
    return card.family, RATINGS.index(card.rating), card.licence.commercial, usable(card)
