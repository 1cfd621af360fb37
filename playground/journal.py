"""The journal: every request with its verdict, and what the judge said of our own answers."""

import itertools
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from playground.shapes import Json

KEPT = 20_000
LONG_TOKEN = re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/]+")


@dataclass(slots=True)
class Journal:
    """Numbered rows, the last ones kept; tokens never stand in them."""

    rows: deque[Json] = field(default_factory=lambda: deque[Json](maxlen=KEPT))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def write(self, row: Json) -> None:
        self.rows.append({"n": next(self.numbers), **row})

    def since(self, number: int) -> list[Json]:
        return [row for row in self.rows if row["n"] > number]


def without_secrets(path: str) -> str:
    """The path with interaction tokens taken out."""
    return LONG_TOKEN.sub(r"\1…", path)


def complaints(said: Sequence[str]) -> list[Json]:
    """The OpenAPI judge's sentences as findings."""
    return [{"code": "openapi", "message": sentence, "path": []} for sentence in said]
