"""The question set: what people ask for, which adapters that needs, what the picture must then show.

`python -m miniature.questions [FILE]` writes `data/questions.jsonl` again, byte for byte.
Two kinds: *plain* speaks with the cards' words, *synonym* shares no content word with any
card that would do.  Two parts: *open* is for tuning; *held-out* was committed on
2026-11-28, before the composer was changed, and is only ever measured.

Looks at the answers to `held-out`, each counted here: six of `benchmarks/selection.py`, figures
alone, two on 2026-11-28 after the tuning (between them a floor was written that had been decided
before, docs/decisions.md), two after likeness was learned from other words, and two on 2026-11-29,
one with another embedder and one after the rule for names of something else; and three of
`benchmarks/pictures.py`, the first of whose pictures were measured once more for the diversity of
right ones, and the last after strengths that change had been decided on the open ones.
Nothing was changed after a look because of it.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias, cast

import msgspec

from miniature import question_list as by_hand
from miniature.card_texts import TAGS, WORDS
from miniature.cards import card_id
from miniature.english import words_of
from miniature.question_maker import PARTS, Asked, Kind, Maker, Part
from miniature.training.shelf import SHELF, Spec

FILE = Path(__file__).parent / "data" / "questions.jsonl"
Category: TypeAlias = Literal["none", "subject", "style", "light", "place", "several"]
KINDS: tuple[Kind, ...] = ("plain", "synonym")
COUNTS: dict[Part, int] = {"open": 150, "held-out": 190}  # prompts of each kind


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and the truth about it. Of each entry of `needs` one card is wanted, whichever."""

    id: str
    prompt: str
    part: Part
    kind: Kind
    category: Category
    needs: tuple[tuple[str, ...], ...]
    truth: dict[str, str]


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


def write(path: Path = FILE) -> int:
    """Write the file whole; return how many questions it holds."""
    lines = [msgspec.json.encode(one) for one in questions()]
    fresh = path.with_name(f".{path.name}")
    with fresh.open("wb") as file:
        file.write(b"\n".join(lines) + b"\n")
        os.fsync(file.fileno())
    fresh.replace(path)
    return len(lines)


def _fresh(part: Part, kind: Kind, seen: set[str]) -> Iterator[Asked]:
    """Hand-written ones, then made ones, none of them seen before."""
    rng = Random(f"{part} {kind}")
    made = Maker(part, kind, rng).endless()
    for asked in chain(_listed(part, kind), made):
        if asked.prompt not in seen and not (kind == "synonym" and _shares(asked)):
            seen.add(asked.prompt)
            yield asked


def _listed(part: Part, kind: Kind) -> list[Asked]:
    lists = {
        ("open", "plain"): by_hand.OPEN_PLAIN,
        ("open", "synonym"): by_hand.OPEN_SYNONYM,
        ("held-out", "plain"): by_hand.HELD_PLAIN,
        ("held-out", "synonym"): by_hand.HELD_SYNONYM,
    }
    return [Asked(prompt, tuple(words.split())) for prompt, words in lists[part, kind]]


def _question(name: str, part: Part, kind: Kind, asked: Asked) -> Question:
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
    parts = [PARTS[word] for word in words]
    return {p: w for p, w in zip(parts, words, strict=True) if parts.count(p) == 1}


def _shares(asked: Asked) -> bool:
    cards = [spec for word in asked.words for spec in _would_do(word)]
    return any(words_of(asked.prompt) & words_of(_text(spec)) for spec in cards)


def _text(spec: Spec) -> str:
    return " ".join((spec.title, *spec.triggers, *TAGS[spec.word], WORDS[spec.name][1]))


def main() -> None:
    """The program."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    print(f"{write(path)} questions written to {path}")


if __name__ == "__main__":
    main()
