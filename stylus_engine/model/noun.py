"""What all nouns share: frozen, slotted, closed to unknown fields."""

import unicodedata
from collections.abc import Sequence

import msgspec

from stylus_engine.errors import BadText, OutOfRange, UnknownName


class Noun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value. Equal fields make equal nouns; none can be changed after it was made."""


def within(what: str, value: float, low: float, high: float) -> None:
    """Raise `OutOfRange` unless low ≤ value ≤ high. NaN lies nowhere."""
    if not low <= value <= high:
        raise OutOfRange(what=what, value=value, low=low, high=high)


def known(kind: str, name: str, names: Sequence[str]) -> None:
    """Raise `UnknownName` unless it is one of `names`."""
    if name not in names:
        raise UnknownName(kind=kind, name=name[:80], known=f"Known: {', '.join(names)}.")


def printable(what: str, text: str) -> None:
    """Raise `BadText` for control characters other than tab and line breaks, and for lone surrogates.

    Right-to-left letters, emoji and their joiners are text like any other.
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":  # as Python writes bytes of a command line that are no letters
            raise BadText(what=what, why=f"it is not UTF-8 (U+{ord(character):04X})")
        if category == "Cc" and character not in "\t\n\r":
            raise BadText(what=what, why=f"it holds the control character U+{ord(character):04X}")
