"""Warnings that a card's own words give, whoever wrote them and wherever it came from.

Words only add warnings: a flag or a rating that a source set is never taken back.
"""

import re
import unicodedata
from typing import get_args

from msgspec.structs import replace

from stylus_engine.model import Adapter, Rating

RATINGS: tuple[Rating, ...] = get_args(Rating)  # mildest first
# As a whole tag or trigger: "voice actor" is a thing that may be drawn.
ROLES = re.compile(r"actress(es)?|actors?|politicians?|influencers?")
PEOPLE = re.compile(r"\b(celebrity|celebrities|real (person|people))\b")
MINORS = re.compile(r"\b(loli|lolis|lolicon|shota|shotas|shotacon|toddlers?|underaged?)\b")
MATURE = re.compile(r"\b(nsfw|porn\w*|hentai|nudes?|nudity|naked|erotic\w*|sex)\b", re.IGNORECASE)
ADULT: Rating = "r"
UNTOLD: Rating = "pg13"  # of a file that nobody rated: the most that is shown everywhere


def warned(card: Adapter) -> Adapter:
    """The card with what its name, tags and triggers say of persons, minors and nakedness."""
    texts = (card.name, *card.tags, *card.triggers)
    mature = is_mature(*texts)
    return replace(
        card,
        real_person=card.real_person or is_person(*texts),
        minor=card.minor or is_minor(*texts),
        rating=stricter(card.rating, ADULT) if mature else card.rating,
    )


def is_mature(*texts: str) -> bool:
    """Whether a name, tag or trigger says so itself; for places where nobody rates."""
    return bool(MATURE.search(re.sub(r"[-_/]+", " ", " , ".join(texts))))


def is_person(*texts: str) -> bool:
    """Whether a name, tag or trigger says that it shows somebody who lives."""
    plain = [_plain(text) for text in texts]
    return any(PEOPLE.search(text) or ROLES.fullmatch(text) for text in plain)


def is_minor(*texts: str) -> bool:
    """Whether a name, tag or trigger says that it shows a minor."""
    return any(MINORS.search(_plain(text)) for text in texts)


def _plain(text: str) -> str:
    """As words of small letters, however they were joined or how wide they are."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[-‐_/]+", " ", folded).split())


def stricter(one: Rating, other: Rating) -> Rating:
    """The one that fewer channels allow."""
    return one if RATINGS.index(one) >= RATINGS.index(other) else other
