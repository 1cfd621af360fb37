"""Every test of the line runs on both databases."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.jobs.database import WRITER_LOCK, address, connect
from bot.jobs.line import Line, Rules
from tests.bot.jobs import postgres

NOW = 1_000_000.0
NUMBERS = count(1)

MIGRATED = "migrated"
# Columns and constraints by number, and the step that the tables are at: whoever makes a table
# anew changes it.
SHAPE = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT attrelid || attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT oid::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT version_num FROM alembic_version
    ) AS parts (part)"""
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
CLEAR = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    END $$"""


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """PostgreSQL, or a reason why not; `.ci/run` takes no reason."""
    programs = postgres.programs()
    if programs is None:
        if os.environ.get("STYLUS_CI") == "1":
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(programs) as server:
        yield server


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the migrated SQLite file lies, and how PostgreSQL's tables were, once a test made them."""
    return tmp_path_factory.mktemp("shelf")


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path, shelf: Path) -> AsyncIterator[str]:
    """A database with its tables and nothing in them: migrating takes longer than most tests here."""
    if request.param == "sqlite":
        shutil.copy(await _migrated_file(shelf / "line.db"), tmp_path / "stylus.db")
        yield f"sqlite:///{tmp_path}/stylus.db"
        return
    yield await _emptied(request.getfixturevalue("cluster"), shelf / "shape")


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database that no bot has ever seen."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/stylus.db"
        return
    async with _database(request.getfixturevalue("cluster")) as address_of_it:
        yield address_of_it


async def _migrated_file(file: Path) -> Path:
    if not file.exists():
        await _migrate(f"sqlite:///{file}")
    return file


async def _emptied(server: postgres.Cluster, shape: Path) -> str:
    """One database for all tests, emptied for each: to copy and drop one takes longer than most tests.

    Whoever changed more than rows finds it made anew. `shape` is the file that says how it was.
    """
    url = server.url(MIGRATED)
    if shape.exists() and await _cleared(url, shape.read_text()):
        return url
    await _command(server, f"DROP DATABASE IF EXISTS {MIGRATED} WITH (FORCE)")
    await _command(server, f"CREATE DATABASE {MIGRATED}")
    await _migrate(url)
    async with _alone(url) as connection:
        shape.write_text(str(await connection.scalar(text(SHAPE))))
    return url


async def _cleared(url: str, shape: str) -> bool:
    """No rows and no sessions are left; False where more than rows is not as it was."""
    async with _alone(url) as connection:
        if await connection.scalar(text(SHAPE)) != shape:
            return False
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(CLEAR))
        return True


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction; whoever else is connected, as a bot that was killed, is no longer."""
    engine = create_async_engine(address(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(END_OTHERS))
        yield connection


async def _migrate(url: str) -> None:
    line = await Line.open(url, Rules(), owner="nobody", now=0.0)
    await line.close()


@asynccontextmanager
async def _database(server: postgres.Cluster) -> AsyncIterator[str]:
    name = f"line{next(NUMBERS)}"
    await _command(server, f"CREATE DATABASE {name}")
    yield server.url(name)
    await _command(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _command(server: postgres.Cluster, words: str) -> Sequence[object]:
    engine = create_async_engine(address(server.url("postgres")), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            answer = await connection.execute(text(words))
            return answer.all() if answer.returns_rows else ()
    finally:
        await engine.dispose()


@pytest.fixture
def rules() -> Rules:
    return Rules()


@pytest_asyncio.fixture
async def line(url: str, rules: Rules) -> AsyncIterator[Line]:
    """The line of the bot that lives on this database."""
    opened = await Line.open(url, rules, owner="bot", now=NOW)
    yield opened
    await opened.close()


Another = Callable[[], Awaitable[Line]]


@pytest_asyncio.fixture
async def another(url: str, rules: Rules, line: Line) -> AsyncIterator[Another]:
    """Further lines on the same database, with connections of their own and the same lease."""
    opened: list[Line] = []

    async def one() -> Line:
        opened.append(Line(connect(address(url), "bot"), rules))
        return opened[-1]

    yield one
    for other in opened:
        await other._db.close()
