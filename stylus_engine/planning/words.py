"""A prompt's words, each with what it does to the words around it.

Law of this file: pure text in, words out.  Words end by Unicode category, so any script
works.  What other programs' syntax says to them is no word: it only parts those around it.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from stylus_engine.planning import lexicon

LINES = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
JOINERS = "'’-‐_\u200c\u200d"  # inside a word these do not end it
# `<lora:name:0.8>`, and what is written beneath a picture: `Steps: 20, Sampler: Euler a, …`.
ADAPTERS = r"(?i:<(?:lora|lyco|hypernet):[^<>]{1,100}>)"
SETTINGS = r"(?i:(?<!\S)steps:\s*[0-9]+,)"
_ENDS = "".join(LINES)
# Names and values, as long as there are some: who types `Steps: 30, a dragon` wants the dragon.
_SYNTAX = re.compile(rf"{ADAPTERS}|{SETTINGS}(?:[^,:{_ENDS}]{{1,60}}:[^,{_ENDS}]*,?)*")
_Sort: TypeAlias = Literal["content", "weak", "stop", "pass", "negator", "break"]


class Word(NamedTuple):
    """One word of a prompt, `sort` telling what it does to chunks and negation."""

    text: str
    start: int
    sort: _Sort

    @property
    def end(self) -> int:
        """One past its last character."""
        return self.start + len(self.text)

    @property
    def holds(self) -> bool:
        """Whether it may stand in a chunk."""
        return self.sort in {"content", "weak"}

    @property
    def counts(self) -> bool:
        """Whether it is a colour, a count or a number."""
        return _counts(self.text.casefold())

    @property
    def leads(self) -> bool:
        """Whether a name may begin or end with it: "Golden Hour", "no humans"."""
        return self.holds or self.sort == "negator" or self.counts


Chunk: TypeAlias = tuple[Word, ...]


def words_of(prompt: str) -> Iterator[Word]:
    """Words and breaks, in order."""
    at = 0
    for syntax in _SYNTAX.finditer(prompt):
        yield from _between(prompt, at, syntax.start())
        yield Word(syntax[0], syntax.start(), "break")
        at = syntax.end()
    yield from _between(prompt, at, len(prompt))


def dark(said: list[Word]) -> Iterator[Word]:
    """Who says "in the dark" asks for it, who says "in the dark wood" for a wood."""
    for before, word, after in zip([None, *said], said, [*said[1:], None], strict=False):
        pair = (before.text.casefold(), word.text.casefold()) if before else ()
        alone = after is None or not after.holds
        yield word._replace(sort="content") if pair in lexicon.DARK and alone else word


def sort_of(word: str) -> _Sort:
    """What the word does wherever it stands."""
    low = word.casefold().replace("’", "'")
    if low in lexicon.NEGATORS or low.endswith("n't"):
        return "negator"
    if low in lexicon.PASSING or _counts(low):
        return "pass"
    if low in lexicon.STOP or (len(low) == 1 and low.isascii()):
        return "stop"
    return "weak" if low in lexicon.WEAK else "content"


def _between(prompt: str, at: int, end: int) -> Iterator[Word]:
    for kind, run in groupby(prompt[at:end], key=_kind):
        text = "".join(run)
        word = text.strip(JOINERS)
        start = at + text.find(word)
        at += len(text)
        if any(unicodedata.category(c)[0] in "LN" for c in word):
            yield Word(word, start, sort_of(word))
        elif kind != "space":  # a dash between two spaces joins nothing
            yield Word(text, start, "stop" if text == "&" else "break")


def _kind(character: str) -> str:
    if character.isspace() and character not in LINES:
        return "space"
    category = unicodedata.category(character)
    wordy = category[0] in "LN" or category in {"Mn", "Mc"} or character in JOINERS
    return "word" if wordy else "break"


def _counts(low: str) -> bool:
    return low in lexicon.COLOURS or low in lexicon.COUNTS or low.isdecimal()
