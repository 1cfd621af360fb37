"""A small embedder whose truth a test can compute: sums of one random unit vector per word."""

import hashlib
from collections.abc import Sequence

import numpy as np

from stylus_engine.model import Adapter
from stylus_engine.ports import Vectors

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
