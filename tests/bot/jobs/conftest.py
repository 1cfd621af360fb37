"""Every test of the line runs on both databases."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.jobs.database import address, connect
from bot.jobs.line import Line, Rules
from tests.bot.jobs import postgres

NOW = 1_000_000.0
NUMBERS = count(1)


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
    """Where the migrated SQLite file lies, once a test made it."""
    return tmp_path_factory.mktemp("shelf")


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path, shelf: Path) -> AsyncIterator[str]:
    """A database with its tables and nothing in them: migrating takes longer than most tests here."""
    if request.param == "sqlite":
        shutil.copy(await _migrated_file(shelf / "line.db"), tmp_path / "stylus.db")
        yield f"sqlite:///{tmp_path}/stylus.db"
        return
    server: postgres.Cluster = request.getfixturevalue("cluster")
    async with _database(server, f" TEMPLATE {await _template(server)}") as address_of_it:
        yield address_of_it


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


async def _template(server: postgres.Cluster) -> str:
    """PostgreSQL copies a database that nobody is connected to."""
    if not await _command(server, "SELECT 1 FROM pg_database WHERE datname = 'migrated'"):
        await _command(server, "CREATE DATABASE migrated")
        await _migrate(server.url("migrated"))
    return "migrated"


async def _migrate(url: str) -> None:
    line = await Line.open(url, Rules(), owner="nobody", now=0.0)
    await line.close()


@asynccontextmanager
async def _database(server: postgres.Cluster, like: str = "") -> AsyncIterator[str]:
    name = f"line{next(NUMBERS)}"
    await _command(server, f"CREATE DATABASE {name}{like}")
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
