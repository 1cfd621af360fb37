"""How a server wants to be asked, found out once: with a schema or without, with pictures or without. Pure.

    schema -> JSON mode -> plain words,  first with pictures, then without

What a server says of its refusal chooses the step where it tells; silence walks the
whole ladder.  A way counts as found only when an answer came back on it, so that one
card that a server refuses does not make all others worse.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Form: TypeAlias = Literal["schema", "json", "plain"]
FORMS: Final[tuple[Form, ...]] = ("schema", "json", "plain")
BLIND = 2  # cards that had to do without their pictures, before a server counts as blind
_OF_PICTURES = re.compile(r"image|vision|multi-?modal|picture", re.IGNORECASE)
_OF_FORM = re.compile(r"response_format|json_schema|json_object|schema|grammar", re.IGNORECASE)
_OF_NUMBERS = re.compile(r"max_tokens|max_completion_tokens|temperature", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Way:
    """`modern`: `max_completion_tokens` and no temperature, as reasoning models want it."""

    form: Form = "schema"
    sees: bool = True
    modern: bool = False


def lower(way: Way, complaint: str) -> Way | None:
    """The next way to try after a server refused this one; None when there is none."""
    if _OF_NUMBERS.search(complaint) and not way.modern:
        return replace(way, modern=True)
    if _OF_PICTURES.search(complaint) and way.sees:
        return replace(way, sees=False)
    if way.form != FORMS[-1]:
        return replace(way, form=FORMS[FORMS.index(way.form) + 1])
    return replace(way, form=FORMS[0], sees=False) if way.sees else None


def tells(complaint: str) -> bool:
    """Whether a refusal is about how a server was asked, and not about itself being ill."""
    patterns = (_OF_PICTURES, _OF_FORM, _OF_NUMBERS)
    return any(pattern.search(complaint) for pattern in patterns)


class Ladder:
    """What is known of one server. `first` and `settled` are about a card with or without pictures."""

    def __init__(self) -> None:
        self._way = Way()
        self.proven = False
        self._sees_proven = False
        self._blind = 0

    def first(self, pictures: bool) -> Way:
        """The way to begin with."""
        return replace(self._way, sees=self._way.sees and pictures)

    def settled(self, pictures: bool) -> bool:
        """Whether a refusal now is about the card and not about the way."""
        return self.proven and (self._sees_proven or not self._way.sees or not pictures)

    def worked(self, way: Way, pictures: bool) -> None:
        """An answer came back on this way."""
        self.proven = True
        self._way = replace(way, sees=self._way.sees)
        if not pictures:
            return
        self._sees_proven = self._sees_proven or way.sees
        self._blind += not way.sees
        if self._blind >= BLIND and not self._sees_proven:
            self._way = replace(self._way, sees=False)
