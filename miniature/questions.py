"""The question set: what people ask for, which adapters that needs, what the picture must then show.

`python -m miniature.questions [FILE]` writes `data/questions.jsonl` again, byte for byte.
Two kinds: *plain* speaks with the cards' words, *synonym* shares no content word with any
card that would do.  Two parts: *open* is for tuning; *held-out* was committed on
2026-11-28, before the composer was changed, and is only ever measured.

Looks at the answers to `held-out`, each counted here: five of `benchmarks/selection.py`, figures
alone, two on 2026-11-28 after the tuning (between them a floor was written that had been decided
before, docs/decisions.md), two after likeness was learned from other words, and one on 2026-11-29
with another embedder; and three of
`benchmarks/pictures.py`, the first of whose pictures were measured once more for the diversity of
right ones, and the last after strengths that change had been decided on the open ones.
Nothing was changed after a look because of it.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from miniature import question_list as by_hand
from miniature.card_texts import TAGS, WORDS
from miniature.cards import card_id
from miniature.question_words import (
    CARDS,
    KNOWN_PLACES,
    KNOWN_SUBJECTS,
    NOBODYS,
    NOBODYS_CARDS,
    OTHERS,
)
from miniature.training.shelf import SHELF, Spec
from miniature.world import captions, scene

T = TypeVar("T")
FILE = Path(__file__).parent / "data" / "questions.jsonl"
Part: TypeAlias = Literal["open", "held-out"]
Kind: TypeAlias = Literal["plain", "synonym"]
Category: TypeAlias = Literal["none", "subject", "style", "light", "place", "several"]
KINDS: tuple[Kind, ...] = ("plain", "synonym")
COUNTS: dict[Part, int] = {"open": 150, "held-out": 190}  # prompts of each kind
NEEDLESS = 0.3  # of the prompts that templates make
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
MASS = frozenset({
    "pixel art", "8-bit pixel art", "watercolour", "stained glass", "leaded glass", "neon",
    "embroidery", "gouache", "kirigami", "découpage", "LED signage", "church glazing", "yarn craft",
    "Gothic chapel glazing", "Chartres glazing", "crewel work", "medieval glazier's work",
    "illuminated bar signage", "church glasswork", "petit point", "dry pastel on slate",
    "orthographic projection", "Saturn V", "Neuschwanstein", "aquarelle",
})  # fmt: skip
COUNTED = ("two", "three", "four")
STOP = frozenset({
    "a", "an", "the", "of", "in", "on", "at", "by", "as", "and", "or", "with", "without", "no", "not",
    "is", "it", "its", "i", "my", "me", "would", "like", "one", "there", "please", "draw", "show",
    "near", "under", "for", "to", "from", "that", "this",
})  # fmt: skip


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and the truth about it. Of each entry of `needs` one card is wanted, whichever."""

    id: str
    prompt: str
    part: Part
    kind: Kind
    category: Category
    needs: tuple[tuple[str, ...], ...]
    truth: dict[str, str]


class _Asked(NamedTuple):
    prompt: str
    words: tuple[str, ...]  # of the world, as the prompt names them


def read(path: Path = FILE) -> list[Question]:
    """The committed questions."""
    lines = path.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Question) for line in lines]


def questions() -> Iterator[Question]:
    """All of them. Deterministic; no prompt twice."""
    seen: set[str] = set()
    for part, count in COUNTS.items():
        for kind in KINDS:
            fresh = _fresh(part, kind, seen)
            for number in range(count):
                yield _question(f"{part}-{kind}-{number:03}", part, kind, next(fresh))


def words_of(text: str) -> frozenset[str]:
    """The content words of a text, plurals, -ed and -ing cut off."""
    found = re.findall(r"[^\W_]+", text.casefold().replace("watercolor", "watercolour"))
    return frozenset(_stem(word) for word in found if word not in STOP)


def write(path: Path = FILE) -> int:
    """Write the file whole; return how many questions it holds."""
    lines = [msgspec.json.encode(one) for one in questions()]
    fresh = path.with_name(f".{path.name}")
    with fresh.open("wb") as file:
        file.write(b"\n".join(lines) + b"\n")
        os.fsync(file.fileno())
    fresh.replace(path)
    return len(lines)


def _fresh(part: Part, kind: Kind, seen: set[str]) -> Iterator[_Asked]:
    """Hand-written ones, then made ones, none of them seen before."""
    rng = Random(f"{part} {kind}")
    made = _Maker(part, kind, rng).endless()
    for asked in chain(_listed(part, kind), made):
        if asked.prompt not in seen and not (kind == "synonym" and _shares(asked)):
            seen.add(asked.prompt)
            yield asked


def _listed(part: Part, kind: Kind) -> list[_Asked]:
    lists = {
        ("open", "plain"): by_hand.OPEN_PLAIN,
        ("open", "synonym"): by_hand.OPEN_SYNONYM,
        ("held-out", "plain"): by_hand.HELD_PLAIN,
        ("held-out", "synonym"): by_hand.HELD_SYNONYM,
    }
    return [_Asked(prompt, tuple(words.split())) for prompt, words in lists[part, kind]]


class _Maker:
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

    def endless(self) -> Iterator[_Asked]:
        """Never ends."""
        while True:
            yield self._needless() if self._rng.random() < NEEDLESS else self._needing()

    def _needing(self) -> _Asked:
        shape = next(self._shapes)
        picked = {sort: next(self._decks[sort]) for sort in shape}
        return self._said(
            picked.get("subject") or self._known(scene.SUBJECTS, KNOWN_SUBJECTS),
            picked.get("place") or self._place(),
            picked.get("light"),
            picked.get("style"),
        )

    def _needless(self) -> _Asked:
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
    ) -> _Asked:
        colour = self._rng.choice(scene.COLOURS) if self._rng.random() < 0.55 else ""
        text = self._rng.choice(STYLED if style else FRAMES).format(
            thing=self._thing(thing[1], colour),
            where=place[1],
            light=light[1] if light else "",
            style=style[1] if style else "",
            a_style=_article(style[1]) if style else "",
        )
        words = (thing[0], colour, place[0], light and light[0], style and style[0])
        return _Asked(_tidy(text), tuple(word for word in words if word))

    def _thing(self, noun: str, colour: str) -> str:
        coloured = f"{colour} {noun}".strip()
        countable = " " not in noun and noun.isalpha() and noun.islower() and noun != "fish"
        if countable and self._rng.random() < 0.15:
            return f"{self._rng.choice(COUNTED)} {_plural(coloured)}"
        return _article(coloured, bare=noun in MASS)


def share(phrases: tuple[str, ...], part: Part) -> tuple[str, ...]:
    """Half of the phrases by a seed, the same ones always; open and held-out share none."""
    mixed = sorted(phrases, key=lambda phrase: Random(phrase).random())
    return tuple(mixed[: len(mixed) // 2] if part == "open" else mixed[len(mixed) // 2 :])


def _deck(cards: Sequence[T], rng: Random) -> Iterator[T]:
    """Every card in a new order, again and again."""
    while True:
        yield from rng.sample(cards, len(cards))


def _of(sort: str) -> list[str]:
    return [word for word in CARDS if _PARTS[word] == sort]


def _article(noun: str, *, bare: bool = False) -> str:
    if bare or noun in MASS:
        return noun
    an = noun[0].casefold() in "aeiou" or noun.startswith(("8", "NES", "LED"))
    return f"{'an' if an else 'a'} {noun}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "sh", "ch", "x")) else f"{noun}s"


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).replace(" ,", ",")
    return re.sub(r",(\s*,)+", ",", text).strip(" ,")


def _stem(word: str) -> str:
    for end in ("ing", "ed", "ies", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)] + ("y" if end == "ies" else "")
    return word


def _question(name: str, part: Part, kind: Kind, asked: _Asked) -> Question:
    needed = [specs for word in asked.words if (specs := _would_do(word))]
    return Question(
        id=name, prompt=asked.prompt, part=part, kind=kind, category=_category(needed),
        needs=tuple(tuple(map(card_id, specs)) for specs in needed), truth=_truth(asked.words),
    )  # fmt: skip


def _category(needed: list[list[Spec]]) -> Category:
    if len(needed) == 1:
        return cast("Category", needed[0][0].kind)  # no word asks for speed
    return "several" if needed else "none"


def _would_do(word: str) -> list[Spec]:
    """The sound adapters that add this word of the world."""
    return [spec for spec in SHELF if spec.word == word and not spec.flaw]


def _truth(words: Iterable[str]) -> dict[str, str]:
    """Part -> word; a part with two words has no single truth and is left out."""
    parts = [_PARTS[word] for word in words]
    return {p: w for p, w in zip(parts, words, strict=True) if parts.count(p) == 1}


def _shares(asked: _Asked) -> bool:
    cards = [spec for word in asked.words for spec in _would_do(word)]
    return any(words_of(asked.prompt) & words_of(_text(spec)) for spec in cards)


def _text(spec: Spec) -> str:
    return " ".join((spec.title, *spec.triggers, *TAGS[spec.word], WORDS[spec.name][1]))


_PARTS: dict[str, str] = {
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


def main() -> None:
    """The program."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    print(f"{write(path)} questions written to {path}")


if __name__ == "__main__":
    main()
