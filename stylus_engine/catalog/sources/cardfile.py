"""Cards that somebody wrote down: JSON lines or a table (CSV), up to millions of them.

**JSON lines**: an `Adapter` in each line, as in miniature/data/cards.jsonl.

**CSV**: UTF-8, the first line names the columns, commas, semicolons or tabs between them.
`name` and `family` must be there, the others may; lists are split at `|`.

    id (source:id:version)  name  family  base  kind  category  description  triggers  tags
    weight  weight_low  weight_high  url  path  sha256  previews  author  licence
    commercial  derivatives  credit  rating  real_person  minor  health  quarantine  concepts
    not_for  popularity  bytes  model  described_by

A record that cannot be read is told with its line and the rest comes in; a settings file
of cards, where every line counts, is read by `catalog.cards` instead.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

from stylus_engine.catalog.lines import LONGEST, card_of
from stylus_engine.catalog.lines import stamp_of as stamp_of_line
from stylus_engine.catalog.nouns import Item, Page, Skipped
from stylus_engine.catalog.sources.listing import stamp_of
from stylus_engine.catalog.sources.tables import NAMELESS, table
from stylus_engine.errors import BadArchive
from stylus_engine.opening import opened

PAGE = 1000
BOM = b"\xef\xbb\xbf"
TABLES = (".csv", ".tsv")
_NAMELESS = re.compile(rf"^{NAMELESS}:\w+:1: ")  # an id that nobody gave says nothing
Told: TypeAlias = Item | Skipped
Record: TypeAlias = tuple[int, bytes | str]  # its first line, and its JSON or what is wrong with it


class Cards:
    """The cards in the file at `path`, 1,000 records a page. Implements `Source`.

    The cursor is the number of records read, of which file: one that was written to since
    is walked from its beginning.  A walk that goes on reads those records again without
    telling of them, so that an id that stands twice is found wherever it stood.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """See `Source.name`."""
        return f"cards:{self._path}"

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:  # noqa: ARG002 - a file does not say what is new in it
        """See `Source.pages`. Raises `BadArchive`."""
        told = self._told()
        done = 0
        try:
            mark = stamp_of(await asyncio.to_thread(self._path.stat))
            before = _before(cursor, mark)
            while found := list(islice(told, PAGE)):
                done += len(found)
                if done > before:
                    yield _page(found, f"{done}@{mark}", anew=done == len(found))
                await asyncio.sleep(0)
            yield Page()
        except OSError as error:
            why = f"it cannot be read ({error.strerror or 'unreadable'})"
            raise BadArchive(source=str(self._path), why=why) from error
        finally:
            told.close()

    def _told(self) -> Generator[Told]:
        """Every record, as a card or why it is none."""
        folder = self._path.parent.resolve()
        lines: dict[
            int, int
        ] = {}  # hash of an id -> its line; ids themselves would be three times that
        with opened(self._path) as file:
            for number, record in self._records(file):
                told = _read(number, record, folder)
                yield _once(told, number, lines)

    def _records(self, file: BinaryIO) -> Iterator[Record]:
        if self._path.suffix.lower() in TABLES:
            return table(file, str(self._path))
        return _lines(file)


def _before(cursor: str, mark: str) -> int:
    """How many records of this very file were told of."""
    done, _, of = cursor.partition("@")
    return int(done) if of == mark and done.isascii() and done.isdigit() else 0


def _page(found: list[Told], cursor: str, *, anew: bool) -> Page:
    return Page(
        items=tuple(each for each in found if isinstance(each, Item)),
        skipped=tuple(each for each in found if isinstance(each, Skipped)),
        cursor=cursor,
        anew=anew,
    )


def _lines(file: BinaryIO) -> Iterator[Record]:
    """The lines of a file that are not empty; of an endless one only the beginning is read."""
    number = 0
    while raw := file.readline(LONGEST + 2):
        number += 1
        raw = raw.removeprefix(BOM) if number == 1 else raw
        if len(raw) > LONGEST and not raw.endswith(b"\n"):
            _to_the_end(file)
        if raw.strip():
            yield number, raw.rstrip(b"\r\n")


def _to_the_end(file: BinaryIO) -> None:
    while (part := file.readline(2**20)) and not part.endswith(b"\n"):
        pass


def _read(number: int, record: bytes | str, folder: Path) -> Told:
    if isinstance(record, str):
        return _skipped(number, record)
    try:
        card = card_of(record, folder)
    except ValueError as error:
        return _skipped(number, _NAMELESS.sub("", str(error)))
    return Item(card=card, raw=record, stamp=stamp_of_line(record))


def _once(told: Told, number: int, lines: dict[int, int]) -> Told:
    """The first of equal ids counts, as in a settings file it is an error."""
    if isinstance(told, Skipped):
        return told
    first = lines.setdefault(hash(told.card.card_id), number)
    if first == number:
        return told
    why = f"the id {told.card.card_id} is already used on line {first}"
    return Skipped(what=f"line {number}", reason="duplicate", detail=why)


def _skipped(number: int, why: str) -> Skipped:
    return Skipped(what=f"line {number}", reason="odd record", detail=why)
