"""Bodies with one thing changed: every value replaced by what does not belong there."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.playground.rules.payloads import Sent, valid

GONE = object()
STRANGE: tuple[object, ...] = (GONE, None, True, -1, 1.5, 10**12, "", "x" * 6001, [], [{}], {})
Steps = tuple[str | int, ...]


def places(value: object, steps: Steps = ()) -> Iterator[Steps]:
    """Where every value of a body stands."""
    yield steps
    held = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        held = enumerate(value)
    for step, inner in held:
        yield from places(inner, (*steps, step))


def changed(body: object, steps: Steps, new: object) -> object:
    """A copy with one value replaced, or taken out."""
    if not steps:
        return {} if new is GONE else new
    made: Any = copy.deepcopy(body)
    inside = made
    for step in steps[:-1]:
        inside = inside[step]
    if new is GONE:
        del inside[steps[-1]]
    else:
        inside[steps[-1]] = new
    return made


def everywhere() -> Iterator[tuple[Sent, Steps, object, object]]:
    """Request, place, new value, body: each kind of place once, in the smallest body that has it."""
    seen: set[tuple[object, ...]] = set()
    for sent in sorted(valid(), key=lambda sent: len(str(sent.body))):
        for steps in places(sent.body):
            kind = (_root(sent), *_kinds(sent.body, steps))
            if kind not in seen:
                seen.add(kind)
                yield from ((sent, steps, new, changed(sent.body, steps, new)) for new in STRANGE)


def _root(sent: Sent) -> str:
    """A message is a message, however it is sent; at its top every way counts."""
    return "message" if "message" in sent.operation or "webhook" in sent.operation else "other"


def _kinds(body: Any, steps: Steps) -> Iterator[object]:
    """The names on the way, and the type of what they lead to; not its place in a list."""
    for step in steps:
        body = body[step]
        yield "#" if isinstance(step, int) else step
        yield str(body["type"]) if isinstance(body, dict) and "type" in body else None
