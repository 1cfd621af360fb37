"""What a model answered, as a description: taken out of its wrapping, checked, capped. Pure.

Everything a model says comes through here.  A number out of its range is dropped, never
moved to the nearest allowed one: a wrong weight is no hint of a right one.
"""

import json
import math
import re
from collections.abc import Iterator

import msgspec

from stylus_engine.catalog.nouns import Described
from stylus_engine.catalog.refiner import rules, sorting, words
from stylus_engine.catalog.refiner.plain import plain
from stylus_engine.catalog.refiner.schema import INSTRUCTIONS
from stylus_engine.catalog.refiner.weighing import MOST, Weighing
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import RefinerFailed
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Category
from stylus_engine.planning.few_steps import is_few_step

MOST_TEXT = 65_536  # characters of an answer
MOST_TRIES = 8  # opening braces, before an answer holds no object
MOST_CAVEATS = 4
MOST_CAVEAT = 120  # characters
LEAST_WORDS = 2  # of `adds`
LEAK = 40  # characters of our own instructions, word for word, that make an answer no description
_THOUGHT = re.compile(
    r"<think(?:ing)?>.*?</think(?:ing)?>|^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE
)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_LEAKS = tuple(line for line in re.split(r"(?<=\.)\s+|\n", INSTRUCTIONS) if len(line) >= LEAK)


class _Answer(msgspec.Struct):
    """What the schema asks for; servers that know no schema leave things out or add some."""

    adds: str
    category: str
    concepts: list[str]
    not_for: str | None = None
    weight: float | None = None
    weight_low: float | None = None
    weight_high: float | None = None
    caveats: list[str] | None = None


def read(text: str, by: str, known: Known) -> Described:
    """The description of this card. Raises `RefinerFailed`, with what to do better."""
    answer = _parsed(text)
    card = rules.facts(known)
    kind = sorting.category(card, "") if is_few_step(card) else _category(answer.category)
    weighed = weights(card, answer.weight, answer.weight_low, answer.weight_high)
    return Described(
        by=plain(by, 60) or "model",
        adds=_adds(answer.adds),
        category=kind,
        concepts=_concepts(answer.concepts),
        not_for=plain(answer.not_for or "", rules.MOST_NOT_FOR),
        weight=weighed.weight,
        weight_low=weighed.low,
        weight_high=weighed.high,
        caveats=(*rules.caveats(card, kind), *_caveats(answer.caveats or [])),
    )


def weights(card: Adapter, weight: float | None, low: float | None, high: float | None) -> Weighing:
    """The part of an answer's weights that may be believed.

    A range lies within [0, `MOST`]; a weight lies within that range or, without one,
    within the card's own.  A slider keeps what its author said.
    """
    if sorting.is_slider(card):
        return Weighing()
    if low is None or high is None or not (0 <= low < high <= MOST):
        low = high = None
    floor, roof = (
        (card.weight_low, card.weight_high) if low is None or high is None else (low, high)
    )
    if weight is None or not math.isfinite(weight) or not (weight and floor <= weight <= roof):
        weight = None
    if weight is None and not floor <= card.weight <= roof:
        return Weighing()
    return Weighing(weight, low, high)


def _parsed(text: str) -> _Answer:
    """Raises `RefinerFailed`."""
    bare = _spoken(text[:MOST_TEXT])
    for found in _objects(bare):
        try:
            return msgspec.convert(found, _Answer)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            raise RefinerFailed(why=f"a field is wrong: {plain(str(error), 120)}") from error
    raise RefinerFailed(why="the answer holds no JSON object")


def _spoken(text: str) -> str:
    """Without its thoughts, looked for up to the last end of one: an opening that never ends costs a look at all the rest."""
    last = max((found.end() for found in _THOUGHT_END.finditer(text)), default=0)
    return _THOUGHT.sub("", text[:last]) + text[last:]


def _objects(text: str) -> Iterator[object]:
    """The JSON objects of a text, wherever prose or fences stand around them."""
    decoder = json.JSONDecoder()
    for opening in list(re.finditer(r"\{", text))[:MOST_TRIES]:
        try:
            found, _ = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        yield found


def _category(name: str) -> Category:
    wanted = name.strip().casefold()
    if wanted not in sorting.CATEGORIES:
        known = ", ".join(sorting.CATEGORIES)
        raise RefinerFailed(why=f"category must be one of {known}")
    return next(kind for kind in sorting.CATEGORIES if kind == wanted)


def _adds(text: str) -> str:
    if any(line in text for line in _LEAKS):
        raise RefinerFailed(why="adds repeats the instructions")
    said = plain(text, rules.MOST_ADDS)
    if len(re.findall(r"[^\W\d_]{2,}", said)) < LEAST_WORDS:
        raise RefinerFailed(why="adds says nothing")
    return said


def _concepts(texts: list[str]) -> tuple[str, ...]:
    found = words.concepts(plain(text, 200).casefold() for text in texts[:40])
    if not found:
        raise RefinerFailed(
            why=f"concepts holds no phrase of 1 to {words.MOST_WORDS} plain words that a prompt would use"
        )
    return found


def _caveats(texts: list[str]) -> Iterator[str]:
    lines = (plain(text, MOST_CAVEAT) for text in texts[:40])
    yield from list(dict.fromkeys(line for line in lines if line))[:MOST_CAVEATS]
