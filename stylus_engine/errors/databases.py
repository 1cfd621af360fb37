"""What SQLite's result codes are in our words: it speaks of files, people of rights and disks."""

import sqlite3
from typing import Final

PRIMARY: Final = 0xFF  # of a code; the rest of it says more of the same
WORDS: Final = {
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened, or nothing may be written to its folder",
    sqlite3.SQLITE_READONLY: "nothing may be written to it",
    sqlite3.SQLITE_PERM: "nothing may be written to it",
    sqlite3.SQLITE_NOTADB: "it is not a database",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_BUSY: "another process has locked it for too long",
    sqlite3.SQLITE_LOCKED: "another process has locked it for too long",
    sqlite3.SQLITE_FULL: "no space is left on its disk",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written",
}


def said(error: sqlite3.Error) -> str:
    """Why, short and without a full stop; in SQLite's own words where we have none."""
    code = getattr(error, "sqlite_errorcode", None)  # none where Python itself refuses
    known = None if code is None else WORDS.get(code & PRIMARY)
    return known or str(error).partition("\n")[0][:120]
