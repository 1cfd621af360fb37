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
from stylus_engine.planning.few_steps import is_few_step

CATEGORIES: tuple[Category, ...] = get_args(Category)
_SLIDER = re.compile(r"\bsliders?\b", re.IGNORECASE)


def category(card: Adapter, description: str) -> Category:
    """What its source says, else what its tags say outright, else what most of its words say."""
    if is_few_step(card):
        return "speed"
    if card.category != "other":
        return card.category
    for tag in card.tags:
        if (outright := TAGGED.get(tag.casefold().strip())) is not None:
            return outright
    return _by_words(card, description)


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
