"""What an English noun means, in a few words: WordNet, packed by `nouns`.

Read when it is first asked, 80 ms; about 30 MiB for as long as the process lives.
"""

import gzip
from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stylus_engine.planning import lexicon
from stylus_engine.retrieval.nouns import FILE

STEPS = 4  # triceratops, horned dinosaur, bird-hipped dinosaur, dinosaur
SENSES = 3  # of one word; WordNet's first ones are the usual ones


class _Pages(NamedTuple):
    meanings: list[str]
    words: list[str]


class Thesaurus:
    """Looks words up. Another language's words are simply unknown."""

    def __init__(self, path: Path = FILE) -> None:
        self._path = path

    def knows(self, word: str) -> bool:
        """Whether it is an English noun, singular or plural."""
        return bool(self._numbers(word))

    def told(self, word: str) -> list[str]:
        """Its usual meanings, each as `words, what it is a kind of: description`."""
        return [self._text(number) for number in self._numbers(word)[:SENSES]]

    def names(self, word: str) -> frozenset[str]:
        """The keys of its synonyms and of what it is a kind of, `STEPS` up, in its usual meanings."""
        found, level = set[str](), self._numbers(word)[:SENSES]
        for _ in range(STEPS):
            parts = [self._pages.meanings[number].split("|") for number in level]
            found |= {lexicon.phrase(name) for part in parts for name in part[0].split(",")}
            level = [int(one) for part in parts for one in part[1].split()]
        return frozenset(found)

    def apart(self, text: str, words: Collection[str]) -> bool:
        """Whether it is a noun, spelt so, that no usual meaning ties to any of `words`.

        A kind of one is tied ("lion cub"), and so is what is told by one ("horse race: a
        contest of speed between horses").
        """
        usual = self._numbers(text)[:SENSES]
        if not any(_spelt(text, name) for number in usual for name in self._called(number)):
            return False
        told = (lexicon.keys(self._pages.meanings[number].split("|")[2]) for number in usual)
        tied = self.names(text).union(*told)
        return tied.isdisjoint(map(lexicon.phrase, words))

    def _called(self, number: int) -> list[str]:
        return self._pages.meanings[number].split("|")[0].split(",")

    def _numbers(self, word: str) -> list[int]:
        key = lexicon.phrase(word)
        at = bisect_left(self._pages.words, f"{key} ") if key else -1
        if not 0 <= at < len(self._pages.words):
            return []
        found, *numbers = self._pages.words[at].split(" ")
        return [int(number) for number in numbers] if found == key else []

    def _text(self, number: int) -> str:
        words, above, told = self._pages.meanings[number].split("|")
        kinds = (self._pages.meanings[int(one)].split(",", 1)[0] for one in above.split()[:2])
        names = (*words.split(",")[:3], *(kind.split("|")[0] for kind in kinds))
        return f"{', '.join(names)}: {told}"

    @cached_property
    def _pages(self) -> _Pages:
        text = gzip.decompress(self._path.read_bytes()).decode()
        meanings, _, index = text.partition("\n\n")
        return _Pages(meanings.split("\n"), index.rstrip("\n").split("\n"))


def _spelt(text: str, name: str) -> bool:
    """As many words, and a capital wherever the name has one: a horse head is no horsehead."""
    ours, theirs = text.split(), name.split()
    capitals = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(
        our[0].isupper() or not their[0].isupper() for our, their in capitals
    )
