"""A database that cannot be used is one error, whatever the driver calls it; and it never hangs us."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, NullPool, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.jobs import database
from bot.jobs.database import WRITER_LOCK, address, connect
from bot.jobs.line import Line, Rules
from bot.jobs.tables import switches
from bot.refusals import LineAway
from stylus_engine.errors import BadSettings
from tests.bot.jobs.conftest import NOW
from tests.bot.jobs.cut import cable

pytestmark = pytest.mark.asyncio
on_a_server = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def one(connection: Connection) -> object:
    return connection.scalar(text("SELECT 1"))


@on_a_server
async def test_a_server_that_is_cut_off_keeps_nobody_waiting(url: str):
    async with cable(url) as laid:
        line = connect(address(laid.url), patience=0.3)
        try:
            assert await line.write(one) == 1
            laid.flows.clear()
            asked = [line.write(one), line.read(one), line.write(one), line.write(one)]
            said = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)
            assert [type(each) for each in said] == [LineAway] * 4
            laid.flows.set()
            assert await line.write(one) == await line.read(one) == 1
        finally:
            laid.flows.set()
            await line.close()


@on_a_server
@pytest.mark.parametrize(
    ("was", "is_now"), [("//stylus@", "//locked_out@"), ("?", "_gone?")], ids=["role", "database"]
)
async def test_a_server_that_lets_nobody_in_for_a_while(url: str, was: str, is_now: str):
    """As while a password is changed, or while another server takes over."""
    shut = connect(address(url.replace(was, is_now)))
    with pytest.raises(LineAway, match="does not exist"):
        await shut.read(one)
    await shut.close()


@on_a_server
async def test_a_slow_question_says_nothing_of_those_who_want_to_write(url: str):
    line = connect(address(url), patience=0.6)
    other = create_async_engine(address(url), poolclass=NullPool)
    await line.write(one)
    async with other.begin() as locked:
        await locked.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
        slow = asyncio.create_task(line.read(lambda c: c.scalar(text("SELECT pg_sleep(9)"))))
        await asyncio.sleep(0.3)
        writes = [asyncio.create_task(line.write(one)) for _ in range(2)]
        with pytest.raises(LineAway):
            await slow
    assert await asyncio.gather(*writes) == [1, 1]
    await line.close()


@on_a_server
async def test_a_bot_that_vanished_lets_go_of_the_lock(url: str, monkeypatch: pytest.MonkeyPatch):
    """As one whose machine lost its power between two statements: the server hears of no end."""
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.2)
    async with cable(url) as laid:
        gone, line = connect(address(laid.url), patience=60), connect(address(url))
        locked = asyncio.Event()

        def body(connection: Connection) -> object:
            laid.flows.clear()
            locked.set()
            return one(connection)

        vanished = asyncio.create_task(gone.write(body))
        try:
            await locked.wait()
            assert await line.write(one) == 1
        finally:
            laid.flows.set()
            with pytest.raises(LineAway):
                await vanished
            await gone.close()
            await line.close()


@on_a_server
async def test_a_lock_that_somebody_keeps_is_told_at_the_door(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.2)
    engine = create_async_engine(address(url), poolclass=NullPool)
    async with engine.begin() as other:
        await other.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
        with pytest.raises(BadSettings, match="somebody else"):
            await Line.open(url, Rules(), owner="bot", now=NOW)


async def test_a_file_that_somebody_else_keeps_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    file = tmp_path / "stylus.db"
    line = await Line.open(f"sqlite:///{file}", Rules(), owner="bot", now=NOW)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LineAway, match="locked"):
            await line.note("a", "b", NOW)
        other.execute("ROLLBACK")
    await line.note("a", "b", NOW)
    await line.close()


async def test_what_may_not_be_written_is_no_matter_of_the_database(line: Line):
    row = {"name": "a", "value": "b", "set_at": NOW}
    twice = insert(switches).values([row, row])
    with pytest.raises(IntegrityError):
        await line._db.write(lambda connection: connection.execute(twice))


async def test_a_question_that_no_database_understands_is_our_own_fault(line: Line):
    with pytest.raises(DBAPIError):
        await line._db.read(lambda connection: connection.scalar(text("SELECT nobody")))
