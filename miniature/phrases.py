"""The development set: prompts over three shelves that share nothing with the held-out questions.

Its phrases (`data/phrases.toml`) were written after the question set and without a look at
its held-out part; `phrases` leaves out by program what also stands there and what shares a
content word with the card it means.  Three shelves, so that what is learned from them is
about words: the miniature's own, and two halves of another community's.  What one shelf
shows is asked of the others, where nobody needs it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random
from typing import NamedTuple, cast

from miniature import questions
from miniature.cards import card
from miniature.english import words_of
from miniature.question_maker import FRAMES, STYLED
from miniature.training.shelf import SHELF
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Category
from stylus_engine.retrieval.rows import text_of

FILE = Path(__file__).parent / "data" / "phrases.toml"
EACH = 260  # prompts of one shelf
NEEDLESS = 0.45  # of them
TWO = 0.35  # of those that need something: need two things
NEAR = frozenset({  # what one shelf shows is no "nothing" of another that shows nearly the same
    "oil painting", "low poly", "pop art", "porcelain", "vintage photo", "in the fog", "at sunrise",
    "under the aurora", "under a rainbow", "by candlelight", "mosaic", "graffiti", "eight legs",
    "black sails", "moonwalker", "in a cave", "anime", "regalia",
})  # fmt: skip
LEADS = re.compile(r"^(in|at|on|by|near|under|during|beneath|beside|amid|next to|among) ")


class Shelf(NamedTuple):
    """Cards, what they are asked for by, and to which group each belongs."""

    name: str
    cards: tuple[Adapter, ...]
    groups: tuple[str, ...]  # of each card
    said: Mapping[str, tuple[str, ...]]  # group -> phrases
    sorts: Mapping[str, Category]


class Prompt(NamedTuple):
    """A prompt, and the groups of cards that it needs."""

    text: str
    needs: tuple[str, ...]


@cache
def shelves() -> tuple[Shelf, ...]:
    """The miniature's, and two halves of another."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    others = [_other(entry) for entry in told["other"]]
    Random("shelves").shuffle(others)
    half = len(others) // 2
    return (_own(told["shelf"]), _shelf("first", others[:half]), _shelf("second", others[half:]))


def prompts(shelf: Shelf) -> Iterator[Prompt]:
    """`EACH` of them, always the same ones."""
    rng = Random(shelf.name)
    decks = {sort: _deck(shelf, sort, rng) for sort in set(shelf.sorts.values())}
    nothing = _nothing(shelf)
    for _ in range(EACH):
        if rng.random() < NEEDLESS:
            yield _worded({}, nothing, rng)
            continue
        sorts = rng.sample(sorted(decks), k=2 if rng.random() < TWO else 1)
        yield _worded({sort: next(decks[sort]) for sort in sorts}, nothing, rng)


def _own(said: Mapping[str, str]) -> Shelf:
    specs = [spec for spec in SHELF if not spec.flaw and spec.kind != "speed"]
    cards = tuple(card(spec) for spec in specs)
    groups = tuple(spec.word for spec in specs)
    sorts: dict[str, Category] = {
        spec.word: made.category for spec, made in zip(specs, cards, strict=True)
    }
    kept = {word: _fresh(said[word], _of(cards, groups, word)) for word in sorts}
    return Shelf("miniature", cards, groups, kept, sorts)


def _other(entry: Mapping[str, str]) -> tuple[Adapter, tuple[str, ...]]:
    category, title, trigger, tags, told = (part.strip() for part in entry["card"].split(";"))
    made = Adapter(
        card_id=f"development:{trigger.replace(' ', '_')}:1", name=title, family_declared="sd1-96",
        kind="lora", category=cast("Category", category), description=told, triggers=(trigger,),
        tags=tuple(tag.strip() for tag in tags.split(",")), path="none.safetensors",
    )  # fmt: skip
    return made, _fresh(entry["said"], [made])


def _shelf(name: str, some: Sequence[tuple[Adapter, tuple[str, ...]]]) -> Shelf:
    cards = tuple(card for card, _ in some)
    groups = tuple(card.triggers[0] for card in cards)
    said = dict(zip(groups, (said for _, said in some), strict=True))
    return Shelf(name, cards, groups, said, {c.triggers[0]: c.category for c in cards})


def _of(cards: Sequence[Adapter], groups: Sequence[str], group: str) -> list[Adapter]:
    return [card for card, mine in zip(cards, groups, strict=True) if mine == group]


def _fresh(said: str, cards: Sequence[Adapter]) -> tuple[str, ...]:
    """Those that are not held out and share no word with the cards."""
    taken = frozenset(chain.from_iterable(words_of(text_of(card)) for card in cards))
    return tuple(p for p in said.split("; ") if not (_held(p) or words_of(p) & taken))


def _held(phrase: str) -> bool:
    """Whether a held-out question says it."""
    bare = re.sub(r"^(the|an?) ", "", LEADS.sub("", phrase.casefold()))
    return re.search(rf"\b{re.escape(bare)}s?\b", _held_out()) is not None


@cache
def _held_out() -> str:
    return "\n".join(q.prompt for q in questions.read() if q.part == "held-out").casefold()


def _nothing(shelf: Shelf) -> dict[str, tuple[str, ...]]:
    """By where it stands in a prompt: what no card of this shelf shows."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))["nothing"]
    found = {kind: [p for p in said.split("; ") if not _held(p)] for kind, said in told.items()}
    places = {"subject": "things", "style": "looks", "light": "places", "place": "places"}
    for other in shelves():
        for group, said in other.said.items():
            if other.name != shelf.name and group not in NEAR:
                found[places[other.sorts[group]]] += said[:3]
    taken = frozenset(chain.from_iterable(words_of(text_of(card)) for card in shelf.cards))
    return {kind: tuple(p for p in said if not words_of(p) & taken) for kind, said in found.items()}


def _deck(shelf: Shelf, sort: str, rng: Random) -> Iterator[tuple[str, str]]:
    """Every phrase of this sort in a new order, again and again."""
    every = [(g, p) for g, said in shelf.said.items() if shelf.sorts[g] == sort for p in said]
    while True:
        yield from rng.sample(every, len(every))


def _worded(
    needs: Mapping[str, tuple[str, str]], nothing: Mapping[str, tuple[str, ...]], rng: Random
) -> Prompt:
    """What is needed, among what is not."""
    thing = needs["subject"][1] if "subject" in needs else rng.choice(nothing["things"])
    if rng.random() < 0.3:
        thing = f"{rng.choice(('red', 'green', 'blue', 'white', 'small', 'old'))} {thing}"
    where = [needs[sort][1] for sort in ("light", "place") if sort in needs]
    if not where and rng.random() < 0.6:
        where = [rng.choice(nothing["places"])]
    extra = rng.choice(nothing["extras"]) if rng.random() < 0.5 else ""
    look = needs["style"][1] if "style" in needs else ""
    if not look and rng.random() < 0.25:
        look = rng.choice(nothing["looks"])
    text = rng.choice(STYLED if look else FRAMES).format(
        thing=thing, where=" ".join([extra, *where[:1]]).strip(), light=" ".join(where[1:]),
        style=look, a_style=look,
    )  # fmt: skip
    return Prompt(re.sub(r"(\s|,\s)+(?=,|$)", "", re.sub(r"\s+", " ", text)).strip(" ,"),
                  tuple(group for group, _ in needs.values()))  # fmt: skip
