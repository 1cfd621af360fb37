"""Untrusted text made harmless: what a card says is data and looks like what it is."""

import unicodedata

import msgspec

from stylus_engine.model import Adapter, Licence

NAME = 120  # characters, and so on
DESCRIPTION = 2000
TRIGGER = 60
TAG = 60
CONCEPT = 80
AUTHOR = 80
LICENCE = 60
URL = 500
MOST_TRIGGERS = 24
MOST_TAGS = 40
MOST_CONCEPTS = 12
REASON = 400
MOST_PREVIEWS = 20
_KEPT_FORMAT = "\u200c\u200d"  # joiners that Persian, Hindi and emoji need


def cleaned(card: Adapter) -> Adapter:
    """The same card with every free text cleaned and capped; ids, paths and numbers as they were."""
    return msgspec.structs.replace(
        card,
        name=line(card.name, NAME),
        description=line(card.description, DESCRIPTION),
        triggers=_lines(card.triggers, TRIGGER, MOST_TRIGGERS),
        tags=_lines(card.tags, TAG, MOST_TAGS),
        author=line(card.author, AUTHOR),
        family_declared=line(card.family_declared, TAG),
        base=line(card.base, TAG),
        concepts=_lines(card.concepts, CONCEPT, MOST_CONCEPTS),
        not_for=line(card.not_for, DESCRIPTION),
        described_by=line(card.described_by, TAG),
        quarantine=line(card.quarantine, REASON),
        previews=card.previews[:MOST_PREVIEWS],
        licence=_licence(card.licence),
    )


def line(text: str, most: int) -> str:
    """One line of at most `most` characters: no control, bidi, invisible or private-use characters.

    Bidi overrides can make a card read as another one; tags (U+E0000…) and zero-width
    characters can hide instructions for a language model.
    """
    if not text.isprintable():  # what is printable holds none of these: a quick way for most
        text = "".join(" " if c.isspace() else c for c in text)
        text = "".join(c for c in text if _shown(c))
    return " ".join(unicodedata.normalize("NFC", text).split())[:most].rstrip()


def _shown(character: str) -> bool:
    return (
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        or character in _KEPT_FORMAT
    )


def _lines(texts: tuple[str, ...], most: int, count: int) -> tuple[str, ...]:
    lines = (line(text, most) for text in texts)
    return tuple(dict.fromkeys(text for text in lines if text))[:count]


def _licence(licence: Licence) -> Licence:
    return msgspec.structs.replace(licence, name=line(licence.name, LICENCE))
