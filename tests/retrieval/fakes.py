"""A small embedder whose truth a test can compute, and cards as a sequence of changes.

A text's vector is the sum of one random unit vector per word.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from stylus_engine.model import Adapter
from stylus_engine.ports import Change, Vectors
from stylus_engine.retrieval.following import anew
from stylus_engine.retrieval.index import CardIndex

FAMILY = "sd1-96"


class WordEmbedder:
    """Texts that share words are near. Counts what it was asked."""

    def __init__(self, name: str = "words@1", dimensions: int = 48) -> None:
        self.name = name
        self.dimensions = dimensions
        self.texts = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        rows = [sum(map(self._vector, text.casefold().split() or [""])) for text in texts]
        array = np.asarray(rows, np.float32).reshape(len(texts), self.dimensions)
        return array / np.linalg.norm(array, axis=1, keepdims=True).clip(1e-9)

    def _vector(self, word: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(word.strip(".,").encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=self.dimensions)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def card(number: int, name: str = "", **fields: object) -> Adapter:
    """A drawable card of `FAMILY`."""
    known: dict[str, object] = {
        "card_id": f"test:{number}:1",
        "name": name or f"thing{number}",
        "family_declared": FAMILY,
        "path": f"/adapters/{number}.safetensors",
    }
    return Adapter(**(known | fields))  # pyright: ignore[reportArgumentType] - the noun checks itself


class Log:
    """Cards as a sequence of changes: the reference that the catalogue's own is like."""

    def __init__(self, cards: Iterable[Adapter] = (), name: str = "") -> None:
        self.name = name
        self._changes: dict[str, Change] = {}
        self._last = 0
        self.asked: list[int] = []
        self.put(*cards)

    def put(self, *cards: Adapter, vector: Vectors | None = None) -> None:
        for one in cards:
            self._note(one.card_id, one, vector)

    def remove(self, *card_ids: str) -> None:
        for card_id in card_ids:
            self._note(card_id, None, None)

    def cards(self) -> dict[str, Adapter]:
        return {i: change.card for i, change in self._changes.items() if change.card}

    def identity(self) -> str:
        return self.name

    def last(self) -> int:
        return self._last

    def card_of(self, seq: int) -> str:
        return next((i for i, change in self._changes.items() if change.seq == seq), "")

    def number_of(self, card_id: str) -> int:
        known = self._changes.get(card_id)
        return known.seq if known else 0

    def after(self, seq: int, limit: int, vectors_of: str = "") -> Sequence[Change]:
        assert vectors_of
        self.asked.append(seq)
        later = sorted(
            (change for change in self._changes.values() if change.seq > seq),
            key=lambda change: change.seq,
        )
        return later[:limit]

    def _note(self, card_id: str, one: Adapter | None, vector: Vectors | None) -> None:
        self._last += 1
        self._changes[card_id] = Change(self._last, card_id, one, vector)


async def build(index: CardIndex, cards: Iterable[Adapter]) -> None:
    """An index of exactly these cards."""
    await anew(index, Log(cards))


async def held(index: CardIndex) -> list[str]:
    """The id of every row, sorted; a card that is in it twice is told twice."""
    return sorted(await (await index.view()).ids())
