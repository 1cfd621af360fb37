"""Warnings that a card's own words give, whoever wrote them and wherever it came from.

Words only add warnings: a flag or a rating that a source set is never taken back.
"""

import re
from typing import get_args

from msgspec.structs import replace

from stylus_engine.model import Adapter, Rating

RATINGS: tuple[Rating, ...] = get_args(Rating)  # mildest first
PEOPLE = frozenset({"celebrity", "real person", "actress", "actor", "politician", "influencer"})
MINORS = frozenset({"loli", "lolicon", "shota", "shotacon", "toddler", "underage"})
MATURE = re.compile(r"\b(nsfw|porn\w*|hentai|nudes?|nudity|naked|erotic\w*|sex)\b", re.IGNORECASE)
ADULT: Rating = "r"
UNTOLD: Rating = "pg13"  # of a file that nobody rated: the most that is shown everywhere


def warned(card: Adapter) -> Adapter:
    """The card with what its name, tags and triggers say of persons, minors and nakedness."""
    words = {text.casefold().replace("_", " ") for text in (*card.tags, *card.triggers)}
    mature = is_mature(card.name, *card.tags, *card.triggers)
    return replace(
        card,
        real_person=card.real_person or bool(words & PEOPLE),
        minor=card.minor or bool(words & MINORS),
        rating=stricter(card.rating, ADULT) if mature else card.rating,
    )


def is_mature(*texts: str) -> bool:
    """Whether a name, tag or trigger says so itself; for places where nobody rates."""
    return bool(MATURE.search(re.sub(r"[-_/]+", " ", " , ".join(texts))))


def stricter(one: Rating, other: Rating) -> Rating:
    """The one that fewer channels allow."""
    return one if RATINGS.index(one) >= RATINGS.index(other) else other
