"""The SQLite file behind the catalogue: its tables, its transactions, its errors.

One writer at a time (SQLite's own lock, waited for), any number of readers beside it
(WAL).  A connection lives for one operation: nothing is shared between threads, and a
process that is killed leaves nothing open.  `synchronous=FULL`: what was told as taken
survives a power cut.
"""

import random
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from stylus_engine.errors import BadCatalogue, BadText, CatalogueVersion, DiskFull, StoreFailed
from stylus_engine.errors.databases import said

VERSION = 1
PATIENCE = 60.0  # seconds a writer waits for another one
LOCKED = "database is locked"
FULL = ("disk is full", "disk I/O error")
Row: TypeAlias = sqlite3.Row

TABLES = """
CREATE TABLE cards (
    number INTEGER PRIMARY KEY,
    card_id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL UNIQUE,
    card BLOB,
    name_key TEXT NOT NULL,
    sha256 TEXT,
    popularity INTEGER NOT NULL,
    source TEXT NOT NULL,
    stamp TEXT NOT NULL,
    said BLOB NOT NULL,
    raw BLOB NOT NULL,
    examples BLOB NOT NULL,
    probed BLOB, probed_of TEXT,
    described BLOB, described_of TEXT,
    checked BLOB, checked_of TEXT
) STRICT;
CREATE INDEX cards_by_name ON cards (name_key) WHERE card IS NOT NULL;
CREATE INDEX cards_by_sha256 ON cards (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX cards_by_popularity ON cards (popularity DESC, number) WHERE card IS NOT NULL;
CREATE INDEX cards_by_source ON cards (source);
CREATE VIRTUAL TABLE names USING fts5 (name, tokenize = 'trigram');
CREATE TABLE vectors (
    number INTEGER NOT NULL REFERENCES cards, space TEXT NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (number, space)
) STRICT, WITHOUT ROWID;
CREATE TABLE places (
    source TEXT PRIMARY KEY, cursor TEXT NOT NULL, since TEXT NOT NULL, began TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE skips (
    source TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (source, what)
) STRICT, WITHOUT ROWID;
CREATE TABLE answers (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""


class Book:
    """Opens the file, makes its tables once, and hands out transactions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ready = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """One consistent view. Raises `BadCatalogue`."""
        with self._guarded(), closing(self._opened()) as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """All or nothing: committed when the block ends well. Raises `BadCatalogue`, `StoreFailed`."""
        with self._guarded(), closing(self._opened()) as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")  # closing an open transaction rolls it back

    def _opened(self) -> sqlite3.Connection:
        if not self._ready:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            self._settle(db)
        except BaseException:
            db.close()
            raise
        return db

    def _settle(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -65536")  # KiB
        if not self._ready:
            _write_ahead(db)
            self._make(db)
            self._ready = True

    def _make(self, db: sqlite3.Connection) -> None:
        """The tables, by whoever comes first; a file of a newer Stylus is left alone."""
        if _version(db) == VERSION:
            return
        db.execute("BEGIN IMMEDIATE")
        found = _version(db)
        if found > VERSION:
            raise CatalogueVersion(path=str(self.path), why=f"its version is {found}")
        if found < VERSION:
            for statement in TABLES.strip().split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """SQLite's errors become ours, and what it cannot be asked."""
        try:
            yield
        except sqlite3.Error as error:
            kind = DiskFull if str(error).endswith(FULL) else BadCatalogue
            raise kind(path=str(self.path), why=said(error)) from error
        except UnicodeEncodeError as error:  # a path or word of a terminal in another encoding
            raise BadText(what="name", why="it is not UTF-8") from error
        except OSError as error:
            raise StoreFailed(path=str(self.path), why=str(error.strerror)) from error


def _write_ahead(db: sqlite3.Connection) -> None:
    """For ever, once it is done. Of two who open a new file at one moment SQLite refuses one.

    Its own patience does not hold here.  Not stamina: it tells a log of each try.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if str(error) != LOCKED or time.monotonic() > end:
                raise
            time.sleep(random.uniform(0.005, 0.05))
        else:
            return


def _version(db: sqlite3.Connection) -> int:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    return int(found)
