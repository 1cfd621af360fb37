"""The floor of safety: what is never drawn, decided from the words alone.

Sexual words together with words for minors are refused, always; further words as
the settings say.  Words are compared whole, never as parts of others: "class" and
"Scunthorpe" pass.  Before that, disguises come off: look-alike and full-width
letters, zero-width characters, accents, `n4k3d`, `n a k e d`, `naaaked`.

This is a floor, not a judge of taste.  It can be raised by the settings, never lowered.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.refusals import Unsafe
from bot.wordlists import (
    ADULTS,
    ALONE,
    CLOTHES,
    MINOR_PHRASES,
    MINORS,
    NUMBERS,
    SEXUAL,
    SEXUAL_PHRASES,
)
from stylus_engine.model import Rating

RATINGS: tuple[Rating, ...] = ("g", "pg", "pg13", "r", "x")
PUBLIC: Rating = "pg13"  # the most outside age-restricted channels
OF_AGE = 18

_LOOK_ALIKES = str.maketrans(
    "аеорсухіѕјԁɡοαεικνρτυ",
    "aeopcyxisjdgoaeikvptu",
)
_LEET = str.maketrans("0345678@$€+", "oeasgtbaset")
_ONES = ("i", "l")  # what a 1, ! or | may stand for
_SIGNS = "!|+"  # at the end of a word they are what they are
_WORD = re.compile(r"[^\W_]+(?:[@$!|€+][^\W_]*)*|[@$|€+][^\W_]+")
_AGE_UNIT = re.compile(r"(?:yo|y|yr|yrs|year|years|jahre)", re.ASCII)
_AGE_JOINED = re.compile(r"(\d{1,2})(?:yo|yr|yrs|year|years|yearold)", re.ASCII)
_LONG_RUN = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was typed, and all that it may be read as."""

    typed: str
    readings: frozenset[str]


def check(prompt: str, negative: str = "", *, words: Sequence[str] = ()) -> None:
    """Raise `Unsafe` for a prompt that is never drawn.

    A negative prompt is asked only for what turns its meaning round: without clothes,
    without adults.  `words` are further ones that no prompt may hold.
    """
    read = split(prompt)
    _refuse("words", _listed(read, words))
    _refuse("minors", _matching(read, ALONE))
    against = split(negative)
    sexual = _sexual(read) + _matching(against, CLOTHES)
    minors = _minors(read) + _matching(against, ADULTS)
    if sexual and minors:
        _refuse("minors", sexual + minors)


def fit(prompt: str, *, words: Sequence[str] = ()) -> bool:
    """Whether `check` lets it pass."""
    try:
        check(prompt, words=words)
    except Unsafe:
        return False
    return True


def ceiling(most: Rating, *, age_restricted: bool) -> Rating:
    """The highest rating an adapter may have in this channel, of what the settings allow."""
    if age_restricted:
        return most
    return most if not above(most, PUBLIC) else PUBLIC


def above(rating: Rating, most: Rating) -> bool:
    """Whether a rating is higher than `most`."""
    return RATINGS.index(rating) > RATINGS.index(most)


def _refuse(what: str, found: Sequence[str]) -> None:
    """The words are the person's own, each once, in their order."""
    if found:
        raise Unsafe(what=what, words=", ".join(dict.fromkeys(found)))


# --- reading -----------------------------------------------------------------------


def split(text: str) -> tuple[Word, ...]:
    """The words of a text, disguises taken off; letters that stand alone are one word together."""
    words = _joined(_WORD.findall(_plain(text)))
    return tuple(Word(word.strip(_SIGNS) or word, _readings(word)) for word in words)


def _plain(text: str) -> str:
    """Compatibility forms, accents, zero-width and other invisible characters away; lower case."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    kept = "".join(c for c in spread if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    return kept.casefold().translate(_LOOK_ALIKES)


def _joined(words: Iterable[str]) -> list[str]:
    """`n a k e d` -> `naked`: three single letters in a row or more are one word."""
    out: list[str] = []
    alone: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1:
            alone.append(word)
            continue
        out += ["".join(alone)] if len(alone) > 2 else alone
        alone = []
        out.append(word)
    return out[:-1]


def _readings(word: str) -> frozenset[str]:
    """As typed; with digits and signs read as letters; with long runs of a letter shortened."""
    bare = word.strip(_SIGNS)
    forms = {bare}
    if not bare.isdecimal():
        forms |= {_letters(form, one) for form in (bare, word) for one in _ONES}
    for form in tuple(forms):
        forms |= {_LONG_RUN.sub(r"\1", form), _LONG_RUN.sub(r"\1\1", form)}
    return frozenset(forms | {singular for form in forms if (singular := _singular(form))})


def _letters(word: str, one: str) -> str:
    return re.sub("[1!|]", one, word).translate(_LEET)


def _singular(word: str) -> str | None:
    if len(word) > 4 and word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else None


# --- finding -----------------------------------------------------------------------


def _matching(words: Sequence[Word], wanted: frozenset[str]) -> list[str]:
    return [word.typed for word in words if word.readings & wanted]


def _phrases(words: Sequence[Word], wanted: frozenset[tuple[str, str]]) -> list[str]:
    return [
        f"{first.typed} {second.typed}"
        for first, second in pairwise(words)
        if any((a, b) in wanted for a in first.readings for b in second.readings)
    ]


def _sexual(words: Sequence[Word]) -> list[str]:
    return _matching(words, SEXUAL) + _phrases(words, SEXUAL_PHRASES)


def _minors(words: Sequence[Word]) -> list[str]:
    return _matching(words, MINORS) + _phrases(words, MINOR_PHRASES) + _ages(words)


def _ages(words: Sequence[Word]) -> list[str]:
    """`12 years`, `12yo`, `twelve-year-old`, `aged 12`: an age below eighteen."""
    found = [
        word.typed
        for word in words
        if (age := _AGE_JOINED.fullmatch(word.typed)) and int(age[1]) < OF_AGE
    ]
    for first, second in pairwise(words):
        young = _number(first.typed) < OF_AGE and _AGE_UNIT.fullmatch(second.typed)
        named = first.typed in {"age", "aged"} and _number(second.typed) < OF_AGE
        if young or named:
            found.append(f"{first.typed} {second.typed}")
    return found


def _number(word: str) -> int:
    """A number of years in digits or letters; a word that is none is old enough."""
    return int(word) if word.isdecimal() else NUMBERS.get(word, OF_AGE)


def _listed(words: Sequence[Word], wanted: Sequence[str]) -> list[str]:
    """Configured words and phrases, found as whole words in a row."""
    found: list[str] = []
    for phrase in wanted:
        sought = [word.readings | {word.typed} for word in split(phrase)]
        starts = range(len(words) - len(sought) + 1) if sought else ()
        found += [
            " ".join(word.typed for word in words[at : at + len(sought)])
            for at in starts
            if all(words[at + n].readings & readings for n, readings in enumerate(sought))
        ]
    return found
