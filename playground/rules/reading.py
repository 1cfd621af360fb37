"""Total readers of JSON: whatever is not what was asked for is None or empty, never an error."""

import re
from datetime import datetime
from typing import TypeGuard

from playground.rules.nouns import Thing

_SNOWFLAKE = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_URL = re.compile(r"([a-z]+)://(?:[\w.~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)


def is_thing(value: object) -> TypeGuard[Thing]:
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def is_whole(value: object) -> TypeGuard[int | float]:
    """An integer as JSON knows it: 1.0 is one, true is none."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def thing(value: object) -> Thing:
    return value if is_thing(value) else {}


def listed(value: object) -> list[object]:
    return value if is_list(value) else []


def things(value: object) -> list[Thing]:
    """The objects of a list; what is no object is left out."""
    return [item for item in listed(value) if is_thing(item)]


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole(value: object, otherwise: int = 0) -> int:
    return int(value) if is_whole(value) else otherwise


def snowflake(value: object) -> int | None:
    """An id; Discord writes a string and reads a number as well."""
    if isinstance(value, str) and _SNOWFLAKE.fullmatch(value):
        return int(value)
    return int(value) if is_whole(value) and value >= 0 else None


def moment(value: object) -> datetime | None:
    """A date with time and zone as RFC 3339 writes it."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None


def scheme(value: object) -> str | None:
    """Scheme of a well-formed URL; None where it is none."""
    found = _URL.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None
