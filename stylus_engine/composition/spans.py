"""Where the words that a model copied stand in the prompt. Pure.

A model changes case and spaces, and says "dragon" of "dragons": that is repaired to the
prompt's own letters.  Anything else is not in the prompt.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from stylus_engine.model import Span
from stylus_engine.planning import lexicon
from stylus_engine.planning.concepts import Chunk

_DRESS = " \t\n\r\"'“”‘’«».,;:!?()[]{}"


def places(prompt: str, concept: str) -> Iterator[Span]:
    """Every place of the concept in the prompt, those with the very same letters first."""
    spellings = dict.fromkeys((concept, unicodedata.normalize("NFD", concept)))  # we show it in NFC
    for spelling in spellings:
        yield from _spelt(prompt, spelling.strip(_DRESS).split())


def _spelt(prompt: str, words: list[str]) -> Iterator[Span]:
    if not any(c.isalnum() for word in words for c in word):
        return
    pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    found = [span for match in pattern.finditer(prompt) if (span := _whole(prompt, match))]
    wanted = " ".join(words)
    yield from sorted(found, key=lambda span: (span.text != wanted, span.start))


def asked_for(spans: Iterable[Span], hidden: Iterable[Chunk]) -> Span | None:
    """The first of these places that the prompt does not ask to leave out."""
    ranges = [(chunk[0].start, chunk[-1].end) for chunk in hidden]
    return next((span for span in spans if not _meets(span, ranges)), None)


def holds(one: Span, other: Span) -> bool:
    """Whether the second lies within the first."""
    return one.start <= other.start and other.start + len(other.text) <= one.start + len(one.text)


def meet(one: Span, other: Span) -> bool:
    """Whether two spans share a letter."""
    return _meets(one, [(other.start, other.start + len(other.text))])


def _meets(span: Span, ranges: list[tuple[int, int]]) -> bool:
    return any(span.start < end and start < span.start + len(span.text) for start, end in ranges)


def _whole(prompt: str, match: "re.Match[str]") -> Span | None:
    """The match as whole words: "cat" is not in "education", and is in "cats"."""
    start, end = match.span()
    if _inside(prompt, start):
        return None
    while _inside(prompt, end):
        end += 1
    text = prompt[start:end]
    same = end == match.end() or lexicon.phrase(text) == lexicon.phrase(match.group())
    return Span(text=text, start=start) if same else None


def _inside(prompt: str, at: int) -> bool:
    """Whether a word goes on over this place; only scripts with case tell their words apart for sure."""
    return 0 < at < len(prompt) and _cased(prompt[at - 1]) and _cased(prompt[at])


def _cased(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()
