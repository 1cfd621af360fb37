"""Texts that were encoded lately: a grid with one text encodes it once, and so does the next mask."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeAlias

from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Key, Row, key
from stylus_engine.sampling.text import Encoded, Words

Phrase: TypeAlias = tuple[str, Key]  # a text, and what the text encoder wore for it
Encode: TypeAlias = Callable[[Sequence[Words]], list[Encoded]]
BYTES = 64 * 2**20


class Phrasebook:
    """Encodes what it does not know, all of it together. `forwards` and `hits` count.

    An adapter that leaves the text encoders alone is no part of a phrase, so pictures
    whose masks differ in nothing else share it.
    """

    def __init__(self, encode: Encode, denoiser: Component, most_bytes: int = BYTES) -> None:
        self.forwards = 0
        self.hits = 0
        self._encode = encode
        self._denoiser = denoiser
        self._most = most_bytes
        self._known: OrderedDict[Phrase, Encoded] = OrderedDict()

    def encode(self, words: Sequence[Words]) -> list[Encoded]:
        """One for each of `words`, which may repeat."""
        phrases = [(each.text, key(self._heard(each.row))) for each in words]
        new = {
            phrase: each
            for phrase, each in zip(phrases, words, strict=True)
            if phrase not in self._known
        }
        self.hits += len(words) - len(new)
        found = dict(self._known) | self._learn(new)
        for phrase in phrases:
            if phrase in self._known:
                self._known.move_to_end(phrase)
        return [found[phrase] for phrase in phrases]

    def forget(self) -> None:
        """Let go of all texts."""
        self._known.clear()

    def _learn(self, new: dict[Phrase, Words]) -> dict[Phrase, Encoded]:
        if not new:
            return {}
        self.forwards += 1
        learned = dict(zip(new, self._encode(list(new.values())), strict=True))
        self._known.update(learned)
        while sum(map(_bytes, self._known.values())) > self._most:
            self._known.popitem(last=False)
        return learned

    def _heard(self, row: Row) -> Row:
        return tuple(
            (factors, weight)
            for factors, weight in row
            if factors.vectors or any(place != self._denoiser for place, _ in factors.layers)
        )


def _bytes(encoded: Encoded) -> int:
    pooled = 0 if encoded.pooled is None else encoded.pooled.nbytes
    return encoded.states.nbytes + pooled
