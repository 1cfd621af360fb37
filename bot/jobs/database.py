"""One database, two dialects, one rule: whoever writes is alone until the commit.

A transaction is a plain function of a connection, `body`, and runs at one go:

    SQLite      in a thread of ours, after `BEGIN IMMEDIATE`; WAL, every commit fsynced;
                those that wait meanwhile are committed together (`bot.jobs.together`)
    PostgreSQL  on asyncpg, under an advisory lock that lives as long as the transaction

Both hide the parameters of a statement that failed: tokens and prompts stay out of logs.
A database that cannot be used is `LineAway` here and above (`bot.jobs.away`).

A server that is cut off says nothing at all, so PostgreSQL is not waited for longer than
`PATIENCE`; and one that never hears of our end lets go of the lock by itself.

Not taken: aiosqlite, which crosses threads three times for a statement (an accepted
job took 6 ms, now 2 ms); SERIALIZABLE with retries, because one bot writes here, and
a queue needs no second try.
"""

import asyncio
import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.jobs.away import wall
from bot.jobs.tables import bot_lease
from bot.jobs.together import Together
from stylus_engine.errors import BadSettings

T = TypeVar("T")
Body = Callable[[Connection], T]

WRITER_LOCK: Final = 0x5354594C5553  # "STYLUS": the key of PostgreSQL's advisory lock
BUSY_SECONDS: Final = 30.0
PATIENCE: Final = 10.0  # seconds for one transaction of PostgreSQL, not counting its turn
LOCK_SECONDS: Final = 20.0  # for the advisory lock: another bot may be moving in
ROW_SECONDS: Final = 2.0  # for a row or a table that an operator holds: everybody waits behind it
IDLE_SECONDS: Final = 30.0  # between two statements of a transaction; then its bot is gone
READERS: Final = 2
DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+asyncpg"}
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class LeaseLost(Exception):  # no class of the tree: it ends the bot, no person is told
    """Another bot has taken this database; whatever this one still wants to write is refused."""


class LeaseRunOut(LeaseLost):
    """It could not be held for so long that another bot may have it."""


class Database(Protocol):
    """Transactions. `owner` holds the bot's lease; None: nobody asks for it (at the door)."""

    owner: str | None
    closed: bool

    async def write(self, body: Body[T]) -> T:
        """Run `body` alone on the database; committed at its end, undone by any exception.

        Raises `LeaseLost` before anything was written when another bot lives here,
        `LineAway` when the database cannot be used; whether it was written is unknown then.
        """
        ...

    async def read(self, body: Body[T]) -> T:
        """Run `body`, which writes nothing, beside others. Raises `LineAway`."""
        ...

    async def close(self) -> None:
        """Wait for what was begun, then close every connection. Once is enough."""
        ...


def connect(url: URL, owner: str | None = None, *, patience: float | None = PATIENCE) -> Database:
    """The database at an `address`. Nothing is opened before the first transaction.

    `patience`: seconds for one transaction on a server; None for as long as it takes.
    """
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url, owner)
    return PostgresDatabase(url, owner, patience)


def address(url: str) -> URL:
    """The URL with our drivers in it. Raises `BadSettings` for what is no database of ours."""
    try:
        parsed = make_url(url)
        driver = DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, KeyError, ValueError) as error:
        why = "it is neither sqlite:///FILE nor postgresql://USER@HOST/NAME"
        raise BadSettings(where="database.url", why=why) from error
    fleeting = parsed.database in {None, "", ":memory:"} or parsed.query.get("mode") == "memory"
    if driver.startswith("sqlite") and fleeting:
        raise BadSettings(where="database.url", why="a line in memory would be lost; name a file")
    return _as_asyncpg_says(parsed).set(drivername=driver)


def _as_asyncpg_says(url: URL) -> URL:
    """Addresses are handed out with libpq's `sslmode`; asyncpg calls the same words `ssl`."""
    mode = url.query.get("sslmode")
    if mode is None or "ssl" in url.query:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def address_of(file: Path) -> str:
    """The URL of an SQLite file; what has a meaning in addresses (`?`, `%`) is written as such."""
    return URL.create("sqlite", database=str(file)).render_as_string()


class SqliteDatabase:
    """One thread writes, so writers queue in order; a few read beside it."""

    def __init__(self, url: URL, owner: str | None = None) -> None:
        self.owner = owner
        self.closed = False
        self._engine = _sqlite(url)
        self._writer = Together(self._transaction)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="line-reader")

    async def write(self, body: Body[T]) -> T:
        with wall():
            return await asyncio.wrap_future(self._writer.submit(body))

    @contextmanager
    def _transaction(self) -> Generator[Callable[[Body[object]], object]]:
        with self._engine.execution_options(writes=True).begin() as connection:

            def run(body: Body[object]) -> object:
                _check(connection, self.owner)
                return body(connection)

            yield run

    async def read(self, body: Body[T]) -> T:
        loop = asyncio.get_running_loop()
        with wall():
            return await loop.run_in_executor(self._readers, self._read, body)

    def _read(self, body: Body[T]) -> T:
        with self._engine.begin() as connection:
            return body(connection)

    async def close(self) -> None:
        self.closed = True
        for threads in (self._writer, self._readers):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()


class PostgresDatabase:
    """The lock in this process makes a fair queue of what would wait in the server.

    Whoever waited in it behind one that had no answer has none either: a crowd does not
    wait for the server one after the other.  A question without an answer says nothing of
    writers: it may have been a slow one.
    """

    def __init__(self, url: URL, owner: str | None, patience: float | None) -> None:
        self.owner = owner
        self.closed = False
        self._patience = patience
        self._silences = 0  # writes that had no answer
        self._turn = asyncio.Lock()
        self._engine = create_async_engine(url, pool_pre_ping=True, hide_parameters=True)

    async def write(self, body: Body[T]) -> T:
        before = self._silences
        with wall():
            async with self._turn:
                if before != self._silences:
                    raise TimeoutError
                try:
                    return await self._answered(partial(self._alone, body=body))
                except TimeoutError:
                    self._silences += 1
                    raise

    async def _answered(self, body: Body[T]) -> T:
        async with asyncio.timeout(self._patience), self._engine.begin() as connection:
            return await connection.run_sync(body)

    def _alone(self, connection: Connection, body: Body[T]) -> T:
        rows = LOCK_SECONDS if self._patience is None else ROW_SECONDS
        connection.execute(text(_locked(rows)))
        _check(connection, self.owner)
        return body(connection)

    async def read(self, body: Body[T]) -> T:
        with wall():
            return await self._answered(body)

    async def close(self) -> None:
        self.closed = True
        async with self._turn:
            await self._engine.dispose()


def _locked(rows: float) -> str:
    """One statement that waits for the lock, and bounds how long we wait for others, and they for us.

    `rows`: seconds that we wait for a row or a table that somebody else holds.
    """
    said = [
        _bound("lock_timeout", LOCK_SECONDS),
        _bound("idle_in_transaction_session_timeout", IDLE_SECONDS),
        f"pg_advisory_xact_lock({WRITER_LOCK})",
        _bound("lock_timeout", rows),
    ]
    return f"SELECT {', '.join(said)}"


def _bound(name: str, seconds: float) -> str:
    return f"set_config('{name}', '{int(1000 * seconds)}', true)"


def _check(connection: Connection, owner: str | None) -> None:
    if owner is not None and connection.scalar(select(bot_lease.c.owner)) != owner:
        raise LeaseLost(owner)


def _sqlite(url: URL) -> Engine:
    _private_file(Path(url.database or ""))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _private_file(path: Path) -> None:
    """Tokens lie in it: nobody else on the machine reads it. WAL and index take its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    alone = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")
