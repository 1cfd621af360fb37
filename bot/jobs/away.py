"""The wall to the drivers: what is wrong with the database itself, told apart from what was asked.

A database that restarts, is full, locked or cut off passes, and no job is to blame for it:
`LineAway`.  A row that may not be written is our own fault and stays what it is; so is a
statement that SQLite does not understand, which its driver calls operational like a full disk.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from bot.refusals import LineAway

# Classes of SQLSTATE: connections, read-only or ended transactions, who may come in, no such
# database, deadlocks, no room, locks, an operator's doing, the server's own system.
PASSING: Final = frozenset({"08", "25", "28", "3D", "40", "53", "55", "57", "58"})


@contextmanager
def wall() -> Generator[None]:
    """Inside, a database that cannot be used at the moment is `LineAway`."""
    try:
        yield
    except (OSError, NoConnectionFree) as error:  # a `TimeoutError` is an `OSError`
        raise LineAway from error
    except DBAPIError as error:
        if _passes(error):
            raise LineAway from error
        raise


def _passes(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    odd = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    lost = error.connection_invalidated or (isinstance(error, OperationalError) and not odd)
    return lost or state[:2] in PASSING
