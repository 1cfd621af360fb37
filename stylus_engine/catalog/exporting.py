"""Cards as files: JSON lines that `import cards` reads back to the same cards, and a table.

A file of cards may name only files of its own folder (see `lines`), so paths elsewhere
are left out and counted.  A file appears under its name when it is complete.
"""

import csv
import errno
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec
from msgspec.structs import replace

from stylus_engine.catalog.lines import plain_url, real
from stylus_engine.catalog.sources.cardfile import TABLES
from stylus_engine.catalog.sources.columns import harmless, listed
from stylus_engine.errors import DiskFull, StoreFailed
from stylus_engine.model import Adapter

COLUMNS = {  # as `sources.cardfile` reads them, and what of a card stands there
    "id": "card_id", "name": "name", "family": "family", "base": "base", "kind": "kind",
    "category": "category", "description": "description", "triggers": "triggers", "tags": "tags",
    "weight": "weight", "weight_low": "weight_low", "weight_high": "weight_high", "url": "url",
    "path": "path", "sha256": "file_sha256", "previews": "previews", "author": "author",
    "rating": "rating", "real_person": "real_person", "minor": "minor", "health": "health",
    "quarantine": "quarantine", "concepts": "concepts", "not_for": "not_for",
    "popularity": "popularity", "bytes": "file_bytes", "model": "model_key",
    "described_by": "described_by",
}  # fmt: skip
TERMS = {"licence": "name", "commercial": "commercial", "derivatives": "derivatives", "credit": "credit"}  # fmt: skip


class Written(NamedTuple):
    """Cards in the file, and those among them whose path lies elsewhere and was left out."""

    cards: int
    without_path: int = 0


def write(cards: Iterable[Adapter], path: Path) -> Written:
    """As `import cards` reads a file of this name: a table for `.csv` and `.tsv`, else lines of JSON."""
    return (write_csv if path.suffix.lower() in TABLES else write_cards)(cards, path)


def write_cards(cards: Iterable[Adapter], path: Path) -> Written:
    """A line of JSON for each card. Raises `StoreFailed`, `DiskFull`."""
    count = lost = 0
    encode = msgspec.json.Encoder().encode
    folder = path.absolute().parent.resolve()
    with written(path) as file:
        for card in cards:
            told = moved(card, folder)
            file.write(encode(told).decode() + "\n")
            count += 1
            lost += told.path is None and card.path is not None
    return Written(count, lost)


def write_csv(cards: Iterable[Adapter], path: Path) -> Written:
    """A row for each card, lists split by `|`. Raises `StoreFailed`, `DiskFull`.

    A text that a spreadsheet would run gets an apostrophe before it.
    """
    count = lost = 0
    folder = path.absolute().parent.resolve()
    with written(path) as file:
        table = csv.writer(file)
        table.writerow([*COLUMNS, *TERMS])
        for card in cards:
            told = moved(card, folder)
            table.writerow(_row(told))
            count += 1
            lost += told.path is None and card.path is not None
    return Written(count, lost)


def moved(card: Adapter, folder: Path) -> Adapter:
    """The card with what lies below `folder` named relative to it, and without what lies elsewhere."""
    previews = (_relative(preview, folder) for preview in card.previews)
    path = _relative(card.path, folder) if card.path else None
    return replace(card, path=path, previews=tuple(each for each in previews if each))


def _relative(text: str, folder: Path) -> str | None:
    if plain_url(text):
        return text
    path = real(Path(text))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _row(card: Adapter) -> list[str]:
    facts: list[object] = [getattr(card, field) for field in COLUMNS.values()]
    facts += [getattr(card.licence, field) for field in TERMS.values()]
    return [_cell(fact) for fact in facts]


def _cell(fact: object) -> str:
    if isinstance(fact, tuple):
        return harmless(listed(map(str, fact)))  # pyright: ignore[reportUnknownArgumentType] - a card's tuples hold texts
    if isinstance(fact, bool):
        return str(fact).lower()
    return harmless(fact) if isinstance(fact, str) else "" if fact is None else str(fact)


@contextmanager
def written(path: Path) -> Generator[TextIO]:
    """A new text file that takes its name when the block ends well, and is on the disk then.

    A link stays what it is: what it names is written.  Raises `StoreFailed`, `DiskFull`.
    """
    aim = real(path)
    part = aim.parent / f".{aim.name}.part"
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # root could put a file there
            raise StoreFailed(path=str(path), why="it is a device or a pipe, and no file")
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(aim)
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else StoreFailed
        raise kind(path=str(path), why=error.strerror or "unknown") from error
    finally:
        with suppress(OSError):  # the first error is the one to tell
            part.unlink(missing_ok=True)
