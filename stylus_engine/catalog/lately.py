"""Answers that are worth keeping for a while: the oldest go when there are too many, or too much of them.

What a refiner was told belongs to a card and is paid for once (`Catalogue.remember`); a
composer's answers belong to prompts, of which there is no end.  Old means written long
ago, not asked for long ago: a reader that had to note its visit would wait for writers.
"""

import sqlite3
from pathlib import Path

from stylus_engine.catalog.book import Book

MOST = 20_000
MOST_BYTES = 32 * 2**20
TABLE = """
CREATE TABLE IF NOT EXISTS lately (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL
) STRICT
"""
OLDEST = """
DELETE FROM lately WHERE number IN (
    SELECT number FROM (
        SELECT number, row_number() OVER newest AS place,
            sum(length(key) + length(value)) OVER newest AS size
        FROM lately WINDOW newest AS (ORDER BY number DESC)
    ) WHERE place > 1 AND (place > ? OR size > ?)
)
"""


class Lately:
    """Implements `Store` of `composition.remembering`, in the file of the catalogue.

    `moving`: keys that begin like this lay among the catalogue's own answers once, and
    are taken over.  Raises what `Book` raises.
    """

    def __init__(
        self, path: Path, moving: str, *, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> None:
        self._book = Book(path)
        self._moving = moving
        self._most = most
        self._most_bytes = most_bytes

    def remembered(self, key: str) -> bytes | None:
        """What was kept under this key."""
        with self._book.reading() as db:
            if not _there(db):
                return None
            row = db.execute("SELECT value FROM lately WHERE key = ?", (key,)).fetchone()
        return None if row is None else row["value"]

    def remember(self, key: str, value: bytes) -> None:
        """Keep it as the newest one; the oldest make room, this one never."""
        with self._book.writing() as db:
            if not _there(db):
                self._begin(db)
            db.execute("INSERT OR REPLACE INTO lately (key, value) VALUES (?, ?)", (key, value))
            db.execute(OLDEST, (self._most, self._most_bytes))

    def _begin(self, db: sqlite3.Connection) -> None:
        db.execute(TABLE)
        mine = "FROM answers WHERE substr(key, 1, ?) = ?"
        facts = (len(self._moving), self._moving)
        db.execute(f"INSERT INTO lately (key, value) SELECT key, value {mine}", facts)
        db.execute(f"DELETE {mine}", facts)


def _there(db: sqlite3.Connection) -> bool:
    """Not among the book's own tables: a catalogue of an older version gets it when it is needed."""
    sql = "SELECT 1 FROM sqlite_master WHERE name = 'lately'"
    return db.execute(sql).fetchone() is not None
