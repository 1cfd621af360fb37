"""Every test of the line runs on both databases."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/stylus.db"
        return
    server: postgres.Cluster = request.getfixturevalue("cluster")
    name = f"line{next(NUMBERS)}"
    await _command(server, f"CREATE DATABASE {name}")
    yield server.url(name)
    await _command(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _command(server: postgres.Cluster, words: str) -> None:
    engine = create_async_engine(address(server.url("postgres")), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(words))
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
