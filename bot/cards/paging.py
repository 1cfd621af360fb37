"""Where a list stands, small enough for a button: `history~2`, `adapters~0~bGFrZQ`."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from bot.custom_ids import NOBODY, Pressed

List: TypeAlias = Literal["history", "favourites", "adapters"]
MOST_BYTES = 24  # of a query: 32 characters of base64; a longer one finds by its beginning
MOST_PAGES = 9999
_SHAPE = re.compile(r"([a-z]+)~([0-9]{1,4})(?:~([\w-]{1,32}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, counted from 0, and what was searched for."""

    list: List
    number: int
    query: str = ""

    @property
    def argument(self) -> str:
        """As it stands in a custom_id."""
        text = self.query.encode()[:MOST_BYTES].decode(errors="ignore").encode()
        tail = urlsafe_b64encode(text).decode().rstrip("=")
        return f"{self.list}~{min(self.number, MOST_PAGES)}" + (f"~{tail}" if tail else "")

    @property
    def pressed(self) -> Pressed:
        """The button that leads here."""
        return Pressed(NOBODY, "page", self.argument)

    @classmethod
    def parse(cls, argument: str) -> "Page | None":
        """Read an argument back; None for anything that did not come from here."""
        found = _SHAPE.fullmatch(argument)
        if found is None:
            return None
        named = next((name for name in get_args(List) if name == found[1]), None)
        query = _query(found[3] or "")
        return None if named is None or query is None else cls(named, int(found[2]), query)


def _query(tail: str) -> str | None:
    try:
        return urlsafe_b64decode(tail + "=" * (-len(tail) % 4)).decode()
    except ValueError:  # base64's and UTF-8's are both
        return None
