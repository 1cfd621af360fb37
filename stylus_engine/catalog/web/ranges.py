"""The headers that say which part of a file an answer holds."""

import re
from collections.abc import Mapping

_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


def first_byte(headers: Mapping[str, str]) -> int:
    """Where the part begins, -1 = the header is absent or unreadable."""
    found = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    return int(found[1]) if found else -1


def total(headers: Mapping[str, str]) -> int:
    """How many bytes the whole file has, 0 = not said."""
    found = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    return int(found[3]) if found and found[3] != "*" else 0


def validator(headers: Mapping[str, str]) -> str:
    """What names exactly these bytes, for `If-Range`; "" = nothing does. Weak tags do not."""
    tag = headers.get("ETag", "").strip()
    return tag if tag.startswith('"') else headers.get("Last-Modified", "").strip()
