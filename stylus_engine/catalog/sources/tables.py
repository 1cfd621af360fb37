"""A table of cards (CSV), record by record, as the JSON that a line of cards is.

The csv module reads a record; where it ends is decided here, by whether its quotes are
even.  A quote that is never closed would otherwise make the rest of the file one cell: a
record that does not come out well loses its first line alone, and the next is tried.
"""

import csv
import hashlib
import io
from collections import deque
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypeAlias

import msgspec

from stylus_engine.catalog.lines import LONGEST
from stylus_engine.catalog.sources.columns import COLUMNS, NEEDED, card_fields
from stylus_engine.errors import BadArchive

MOST_LINES = 100  # of one record
MOST_COLUMNS = 200
BOM = "\ufeff"
NAMELESS = "table"  # the source of a card that the table gives no id
TOO_LONG = "\0"  # stands for a line that nobody wrote by hand
Record: TypeAlias = tuple[int, bytes | str]  # its first line, and its JSON or what is wrong with it


def table(file: BinaryIO, source: str) -> Iterator[Record]:
    """Every record of a table, and every column it has too many.

    Raises `BadArchive` for a first line that does not name the columns.
    """
    lines = _Lines(file)
    first = lines.text(1).removeprefix(BOM)
    delimiter = max(",;\t", key=first.count)
    columns = _columns(first, delimiter, source)
    lines.drop(1)
    for name in columns:
        if name not in COLUMNS:
            yield 1, f"there is no column “{name[:40]}”; it is left out"
    while lines.text(1):
        yield from _next(lines, columns, delimiter)


def _columns(first: str, delimiter: str, source: str) -> list[str]:
    """The names in the first line. Raises `BadArchive`."""
    try:
        columns = [name.strip().lower() for name in _cells(first, delimiter)]
    except ValueError as error:
        raise BadArchive(source=source, why=f"in its first line {error}") from error
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise BadArchive(source=source, why=f"its first line names no column “{missing[0]}”")
    if len(set(columns)) < len(columns) or len(columns) > MOST_COLUMNS:
        raise BadArchive(source=source, why="its first line names a column twice, or far too many")
    return columns


def _next(lines: "_Lines", columns: list[str], delimiter: str) -> Iterator[Record]:
    """The next record, if its lines hold one."""
    number, count = lines.number, lines.closing()
    try:
        cells = _cells(lines.text(count), delimiter)
    except ValueError as error:
        yield number, str(error)
        lines.drop(1)
        return
    lines.drop(count)
    if any(cell.strip() for cell in cells):
        yield number, _json(columns, cells)


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of one record. Raises `ValueError` with what is wrong."""
    if text == TOO_LONG:
        raise ValueError(f"the line has more than {LONGEST} bytes")
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        raise ValueError("it is not UTF-8")
    file = io.StringIO(text, newline="")
    try:
        return [cell for row in csv.reader(file, delimiter=delimiter, strict=True) for cell in row]
    except csv.Error as error:
        raise ValueError(f"its quotes or cells are not those of a table ({error})") from error


def _json(columns: list[str], cells: list[str]) -> bytes | str:
    """The line of cards that the cells make, or what is wrong with them."""
    if len(cells) > len(columns):
        return f"it has {len(cells)} cells for {len(columns)} columns"
    try:
        fields = card_fields(dict(zip(columns, map(str.strip, cells), strict=False)))
    except ValueError as error:
        return str(error)
    return msgspec.json.encode({"card_id": _id(fields)} | fields)


def _id(fields: Mapping[str, object]) -> str:
    """Of a card that the table gives none: by what it names."""
    named = "\n".join(str(fields.get(name)) for name in ("name", "url", "path"))
    return f"{NAMELESS}:{hashlib.sha256(named.encode()).hexdigest()[:16]}:1"


class _Lines:
    """The lines of a file as text, looked at before they are taken."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ahead: deque[str] = deque()
        self.number = 1  # of the next line

    def text(self, count: int) -> str:
        """The next `count` lines as one text; "" at the end."""
        return "".join(line for _, line in zip(range(count), self._coming(), strict=False))

    def drop(self, count: int) -> None:
        """Go past lines that were looked at."""
        for _ in range(min(count, len(self._ahead))):
            self._ahead.popleft()
            self.number += 1

    def closing(self) -> int:
        """How many lines it takes until the quotes are even; 1 when a record has not so many."""
        quotes = length = 0
        for count, line in enumerate(self._coming(), start=1):
            quotes += line.count('"')
            length += len(line)
            if quotes % 2 == 0:
                return count
            if count >= MOST_LINES or length > LONGEST:
                break
        return 1

    def _coming(self) -> Iterator[str]:
        at = 0
        while at < len(self._ahead) or self._read():
            yield self._ahead[at]
            at += 1

    def _read(self) -> bool:
        """Look one line further; False at the end."""
        raw = self._file.readline(LONGEST)
        long = len(raw) == LONGEST and not raw.endswith(b"\n")
        while len(raw) == LONGEST and not raw.endswith(b"\n"):
            raw = self._file.readline(LONGEST)
        if raw or long:
            self._ahead.append(TOO_LONG if long else raw.decode("utf-8", "surrogateescape"))
        return bool(raw or long)
