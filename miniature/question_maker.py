"""Prompts made of words and frames, for the questions that nobody wrote by hand.

Everything here is drawn by a seed: what is changed changes the committed questions.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from miniature.english import MASS, article, plural, tidy
from miniature.question_words import (
    CARDS,
    KNOWN_PLACES,
    KNOWN_SUBJECTS,
    NOBODYS,
    NOBODYS_CARDS,
    OTHERS,
)
from miniature.world import captions, scene

T = TypeVar("T")
Part: TypeAlias = Literal["open", "held-out"]
Kind: TypeAlias = Literal["plain", "synonym"]
PARTS: dict[str, str] = {  # a word of the world -> what it is of a picture
    word: part
    for part, words in (
        ("subject", scene.ALL_SUBJECTS),
        ("colour", scene.COLOURS),
        ("place", scene.ALL_PLACES),
        ("style", scene.ALL_STYLES),
        ("light", scene.LIGHTS),
    )
    for word in words
}
SHAPES = (  # what is needed together, as often as it stands here
    ("subject",), ("subject",), ("style",), ("style",), ("light",), ("place",),
    ("subject", "style"), ("subject", "light"), ("style", "light"), ("subject", "place"),
    ("subject", "style", "light"),
)  # fmt: skip
FRAMES = (
    "{thing} {where} {light}", "{where}, {thing} {light}", "{light}, {thing} {where}",
    "please draw {thing} {where} {light}", "I would like {thing} {where} {light}",
    "{thing} {light} {where}, cute", "show me {thing} {where} {light}",
)  # fmt: skip
STYLED = (
    "{a_style} of {thing} {where} {light}", "{thing} {where} {light}, {style}",
    "{style}, {thing} {where} {light}", "{thing} {where} {light} as {a_style}",
    "{thing} {where} in the style of {a_style}, {light}",
)  # fmt: skip
COUNTED = ("two", "three", "four")
NEEDLESS = 0.3  # of the prompts that templates make


class Asked(NamedTuple):
    """A prompt and what it means."""

    prompt: str
    words: tuple[str, ...]  # of the world, as the prompt names them


class Maker:
    """Prompts from words and frames; every phrase's turn comes before any has its second."""

    def __init__(self, part: Part, kind: Kind, rng: Random) -> None:
        self._rng = rng
        self._part: Part = part
        self._other = kind == "synonym"
        phrases = {w: share(OTHERS[w], part) if self._other else CARDS[w] for w in CARDS}
        self._decks = {
            sort: _deck([(w, p) for w in _of(sort) for p in phrases[w]], rng)
            for sort in ("subject", "style", "light", "place")
        }
        self._shapes = _deck(list(SHAPES), rng)
        self._nobodys = _deck(list(share((*NOBODYS, *NOBODYS_CARDS), part)), rng)

    def endless(self) -> Iterator[Asked]:
        """Never ends."""
        while True:
            yield self._needless() if self._rng.random() < NEEDLESS else self._needing()

    def _needing(self) -> Asked:
        shape = next(self._shapes)
        picked = {sort: next(self._decks[sort]) for sort in shape}
        return self._said(
            picked.get("subject") or self._known(scene.SUBJECTS, KNOWN_SUBJECTS),
            picked.get("place") or self._place(),
            picked.get("light"),
            picked.get("style"),
        )

    def _needless(self) -> Asked:
        nobodys = self._rng.random() < 0.5
        thing = (
            ("", next(self._nobodys)) if nobodys else self._known(scene.SUBJECTS, KNOWN_SUBJECTS)
        )
        return self._said(thing, self._place(), None, None)

    def _known(self, words: tuple[str, ...], others: dict[str, tuple[str, ...]]) -> tuple[str, str]:
        word = self._rng.choice(words)
        named = self._other and self._rng.random() < 0.7
        return word, self._rng.choice(share(others[word], self._part)) if named else word

    def _place(self) -> tuple[str, str]:
        if self._rng.random() < 0.2:
            return "", ""
        word = self._rng.choice(scene.PLACES)
        named = self._other and self._rng.random() < 0.5
        others = share(KNOWN_PLACES[word], self._part)
        return word, self._rng.choice(others) if named else captions.WHERE[word]

    def _said(
        self,
        thing: tuple[str, str],
        place: tuple[str, str],
        light: tuple[str, str] | None,
        style: tuple[str, str] | None,
    ) -> Asked:
        colour = self._rng.choice(scene.COLOURS) if self._rng.random() < 0.55 else ""
        text = self._rng.choice(STYLED if style else FRAMES).format(
            thing=self._thing(thing[1], colour),
            where=place[1],
            light=light[1] if light else "",
            style=style[1] if style else "",
            a_style=article(style[1]) if style else "",
        )
        words = (thing[0], colour, place[0], light and light[0], style and style[0])
        return Asked(tidy(text), tuple(word for word in words if word))

    def _thing(self, noun: str, colour: str) -> str:
        coloured = f"{colour} {noun}".strip()
        countable = " " not in noun and noun.isalpha() and noun.islower() and noun != "fish"
        if countable and self._rng.random() < 0.15:
            return f"{self._rng.choice(COUNTED)} {plural(coloured)}"
        return article(coloured, bare=noun in MASS)


def share(phrases: tuple[str, ...], part: Part) -> tuple[str, ...]:
    """Half of the phrases by a seed, the same ones always; open and held-out share none."""
    mixed = sorted(phrases, key=lambda phrase: Random(phrase).random())
    return tuple(mixed[: len(mixed) // 2] if part == "open" else mixed[len(mixed) // 2 :])


def _deck(cards: Sequence[T], rng: Random) -> Iterator[T]:
    """Every card in a new order, again and again."""
    while True:
        yield from rng.sample(cards, len(cards))


def _of(sort: str) -> list[str]:
    return [word for word in CARDS if PARTS[word] == sort]
