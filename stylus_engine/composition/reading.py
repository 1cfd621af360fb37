"""A model's answer as proposals: taken out of its wrapping, one by one, nothing believed. Pure.

Everything that cannot even be a proposal is counted and told; whether a proposal may
stand is decided in `judging`.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias, cast

from stylus_engine.composition.plain import line
from stylus_engine.model import Dropped

MOST_TEXT = 65_536  # characters of an answer
MOST_TRIES = 8  # opening braces, before an answer holds no object
MOST_PROPOSALS = 200
MOST_CONCEPT = 300  # characters
MOST_WHY = 120
_THOUGHT = re.compile(
    r"<think(?:ing)?>.*?</think(?:ing)?>|^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE
)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_NAMED = re.compile(r'"(a[1-9][0-9]{0,2})"')
_Object: TypeAlias = dict[str, object]


class Proposal(NamedTuple):
    """An adapter for a concept, as the model put it; `id` may be anything."""

    concept: str
    id: str
    strength: str = "usual"
    why: str = ""


class Read(NamedTuple):
    """The proposals in their order, and what was none."""

    proposals: tuple[Proposal, ...]
    dropped: tuple[Dropped, ...] = ()


class Unusable(NamedTuple):
    """An answer that is none, and why. `refused`: asking again is no use, and the server is not to blame."""

    why: str
    refused: bool = False
    dropped: tuple[Dropped, ...] = ()


def read(text: str) -> Read | Unusable:
    """The proposals of an answer; an empty list of tasks is a good answer."""
    bare = _spoken(text[:MOST_TEXT])
    if not bare.strip():
        return Unusable("the answer was empty")
    repeated: list[Dropped] = []
    for found in _objects(bare, repeated):
        tasks = found.get("tasks")
        if isinstance(tasks, list):
            return _read(cast("list[object]", tasks), repeated)
    return Unusable("the answer holds no JSON object with a list of tasks")


def named(text: str) -> Iterator[str]:
    """The short ids that stand in an answer so far, whole strings only, in order."""
    yield from dict.fromkeys(_NAMED.findall(text))


def _spoken(text: str) -> str:
    """Without its thoughts, looked for up to the last end of one: an opening that never ends costs a look at all the rest."""
    last = max((found.end() for found in _THOUGHT_END.finditer(text)), default=0)
    return _THOUGHT.sub("", text[:last]) + text[last:]


def _objects(text: str, repeated: list[Dropped]) -> Iterator[_Object]:
    """The JSON objects of a text, wherever prose or fences stand around them."""

    def paired(pairs: list[tuple[str, object]]) -> _Object:
        return _first_of_each(pairs, repeated)

    decoder = json.JSONDecoder(object_pairs_hook=paired)
    for opening in list(re.finditer(r"\{", text))[:MOST_TRIES]:
        repeated.clear()
        try:
            found, _ = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield cast("_Object", found)


def _first_of_each(pairs: list[tuple[str, object]], repeated: list[Dropped]) -> _Object:
    """Parsers differ in which of two equal keys counts; here it is the first, and it is told."""
    found: _Object = {}
    for key, value in pairs:
        if key in found:
            repeated.append(Dropped(what=_shown(key), why="said twice; the first counts"))
        found.setdefault(key, value)
    return found


def _read(tasks: list[object], repeated: list[Dropped]) -> Read:
    proposals: list[Proposal] = []
    dropped = list(repeated)
    for count, found in enumerate(_each(tasks)):
        if count >= MOST_PROPOSALS:
            dropped.append(Dropped(what="further choices", why=f"more than {MOST_PROPOSALS}"))
            break
        if isinstance(found, Proposal):
            proposals.append(found)
        else:
            dropped.append(found)
    return Read(tuple(proposals), tuple(dropped))


def _each(tasks: list[object]) -> Iterator[Proposal | Dropped]:
    for task in tasks:
        fields = _fields(task)
        concept, adapters = fields.get("concept"), fields.get("adapters")
        if not isinstance(concept, str) or not isinstance(adapters, list):
            yield Dropped(what=_shown(task), why="no concept with a list of adapters")
            continue
        for choice in cast("list[object]", adapters):
            yield _proposal(concept, choice)


def _proposal(concept: str, choice: object) -> Proposal | Dropped:
    """A bare id stands for a choice; servers without schemas write it so."""
    found = _fields(choice) or {"id": choice}
    name = found.get("id")
    if not isinstance(name, str):
        return Dropped(what=_shown(name), why="no adapter of the list")
    return Proposal(
        concept=concept[:MOST_CONCEPT],
        id=name.strip()[:40],
        strength=_strength(found.get("strength", "usual")),
        why=_text(found.get("why"), MOST_WHY),
    )


def _fields(found: object) -> _Object:
    return cast("_Object", found) if isinstance(found, dict) else {}


def _strength(found: object) -> str:
    return found.strip().casefold()[:40] if isinstance(found, str) else _shown(found)


def _text(found: object, most: int) -> str:
    return line(found, most) if isinstance(found, str) else ""


def _shown(found: object) -> str:
    """Anything as a few characters for people; a nest of lists is only named."""
    if isinstance(found, dict | list):
        return "an object" if isinstance(found, dict) else "a list"
    return line(found if isinstance(found, str) else repr(found)[:80], 60) or "nothing"
