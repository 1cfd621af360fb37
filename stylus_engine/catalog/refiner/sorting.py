"""Which of the categories a card belongs to, and whether it is one of the special kinds. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import cast, get_args

from stylus_engine.catalog.refiner.vocabulary import TAGGED, TELLING
from stylus_engine.catalog.refiner.words import title
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Category
from stylus_engine.planning import lexicon

CATEGORIES: tuple[Category, ...] = get_args(Category)
_SPEED = re.compile(
    r"\blcm\b|\bdmd-?2?\b|\bhyper-?(?:sd|sdxl|flux)\w*|\b(?:sdxl|sd3\w*|flux)[\s_-]*lightning\b"
    r"|\bturbo[\s_-]*alpha\b|\b\d{1,2}[\s_-]*steps?[\s_-]*lora\b",
    re.IGNORECASE,
)
# Words that also name heroes, cars and weather: alone they are no speed adapter.
_PERHAPS = re.compile(
    r"\b(?:lightning|hyper|turbo|tcd|pcm|distilled|accelerat\w+)\b", re.IGNORECASE
)
_FEW_STEPS = re.compile(r"\b(?:\d{1,2}|few|fewer)[\s_-]*steps?\b", re.IGNORECASE)
_FAST_BASE = re.compile(r"\b(?:lcm|lightning|hyper|turbo|distilled)$", re.IGNORECASE)
_SLIDER = re.compile(r"\bsliders?\b", re.IGNORECASE)


def category(card: Adapter, description: str) -> Category:
    """What its source says, else what its tags say outright, else what most of its words say."""
    if is_speed(card):
        return "speed"
    if card.category != "other":
        return card.category
    for tag in card.tags:
        if (outright := TAGGED.get(tag.casefold().strip())) is not None:
            return outright
    return _by_words(card, description)


def is_speed(card: Adapter) -> bool:
    """LCM, Lightning, Hyper, Turbo, DMD2: known by their names; nothing in their keys tells."""
    name = card.name.replace("_", " ")
    if _SPEED.search(name):
        return True
    told = " ".join((name, card.description[:2000], *card.tags))
    fast = any(_FAST_BASE.search(base) for base in (card.base, card.family_declared))
    return bool(_PERHAPS.search(name)) and (fast or bool(_FEW_STEPS.search(told)))


def is_slider(card: Adapter) -> bool:
    """A weight turned below zero does the opposite."""
    return any(_SLIDER.search(text) for text in (card.name, *card.tags))


def _by_words(card: Adapter, description: str) -> Category:
    """Tags count three, title and triggers two, the description one; a title's last word one more."""
    name = title(card.name)
    scores: Counter[Category] = Counter()
    for texts, worth in ((card.tags, 3), ((name, *card.triggers), 2), ((description,), 1)):
        for kind in _told(texts):
            scores[kind] += worth
    for kind in _told(name.split()[-1:]):
        scores[kind] += 1
    best = max(TELLING, key=lambda kind: scores[kind])
    return best if scores[best] else "other"


def _told(texts: Iterable[str]) -> Iterable[Category]:
    """The category of each word that has one; a word of two categories speaks for the first."""
    for text in texts:
        for key in lexicon.keys(text, 1):
            found = next((kind for kind, words in TELLING.items() if key in words), None)
            if found is not None:
                yield cast("Category", found)
