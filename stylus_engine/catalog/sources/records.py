"""A record of anybody's making, read field by field.

What is of the wrong kind is left out and named in `odd`; nothing here raises for what a
record holds.  Trainers, web pages and people write numbers as texts and lists as one
text with commas, so those are understood too.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.refiner.plain import plain
from stylus_engine.errors import SourceOdd

MOST_ODD = 5  # fields that are named; more is no better
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MOST_ENTRIES = 2000  # of a list


def decoded(data: bytes) -> "Record":
    """The JSON object that `data` is. Raises `ValueError` with a short reason."""
    try:
        value: object = msgspec.json.decode(data)
    except RecursionError as error:
        raise ValueError("it is nested absurdly deep") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - wrong data, not a wrong call
    return Record(cast("Mapping[str, object]", value))


class Record:
    """The fields of one JSON object, or of a row."""

    def __init__(self, fields: Mapping[str, object], odd: list[str] | None = None) -> None:
        self.fields = fields
        self.odd: list[str] = [] if odd is None else odd

    def line(self, name: str, most: int = clean.NAME) -> str:
        """A text as one clean line, "" when there is none."""
        return clean.line(self._text(name), most)

    def prose(self, name: str, most: int = clean.DESCRIPTION) -> str:
        """A text without its markup, as one clean line."""
        return plain(self._text(name), most)

    def lines(self, name: str, most: int = clean.TAG) -> tuple[str, ...]:
        """A list of texts, or one text with commas in it; each once, in order."""
        value = self.fields.get(name)
        texts = split(value) if isinstance(value, str) else self._texts(name, value)
        found = (clean.line(text, most) for text in texts)
        return tuple(dict.fromkeys(text for text in found if text))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, each in its place: what is no text is ""."""
        value = self.fields.get(name)
        return tuple(each if isinstance(each, str) else "" for each in self._list(name, value))

    def number(self, name: str, most: float = math.inf) -> float | None:
        """A finite number, also where it is written as text; one further from zero than `most` is none."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        found = as_number(value)
        if found is None or abs(found) > most:
            self._note(name)
            return None
        return found

    def flag(self, name: str) -> bool | None:
        """True or false, also where it is written as a text or as 1 and 0; None when nothing is said."""
        value = self.fields.get(name)
        if isinstance(value, bool) or value is None:
            return value
        found = FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if found is None and value != "":
            self._note(name)
        return found

    def inner(self, name: str) -> "Record":
        """A record inside this one; an empty one when there is none."""
        value = self.fields.get(name)
        if isinstance(value, dict):
            return Record(cast("Mapping[str, object]", value), self.odd)
        if value is not None:
            self._note(name)
        return Record({}, self.odd)

    def inners(self, name: str) -> Iterator["Record"]:
        """The records of a list inside this one."""
        for each in self._list(name, self.fields.get(name)):
            if isinstance(each, dict):
                yield Record(cast("Mapping[str, object]", each), self.odd)

    def _text(self, name: str) -> str:
        value = self.fields.get(name)
        if isinstance(value, str):
            return value
        if value is not None:
            self._note(name)
        return ""

    def _texts(self, name: str, value: object) -> Iterable[str]:
        return (each for each in self._list(name, value) if isinstance(each, str))

    def _list(self, name: str, value: object) -> list[object]:
        if isinstance(value, list):
            return cast("list[object]", value)[:MOST_ENTRIES]
        if value is not None:
            self._note(name)
        return []

    def _note(self, name: str) -> None:
        if len(self.odd) < MOST_ODD and name not in self.odd:
            self.odd.append(name)


def record_of(value: object, source: str) -> Record:
    """What a site answered, as a record. Raises `SourceOdd` for what is none."""
    if not isinstance(value, dict):
        raise SourceOdd(source=source, why="a list or text where an object was expected")
    return Record(cast("Mapping[str, object]", value))


def split(text: str) -> list[str]:
    """The pieces between commas."""
    return text[: clean.DESCRIPTION * 4].split(",")


def as_number(value: object) -> float | None:
    """A finite number, or None. True and false are none."""
    if isinstance(value, str):
        value = _read(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _read(text: str) -> float | None:
    try:
        return float(text[:40])
    except ValueError:
        return None
