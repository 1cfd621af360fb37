"""How the process ends: asked, by a fault, by another bot."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import make_url

from bot import app, ending
from bot.ending import database_told
from bot.jobs.database import LeaseRunOut
from bot.jobs.line import LeaseLost
from bot.refusals import LineAway
from bot.sections import DatabaseSettings, Paths
from bot.settings import Settings
from bot.signals import stopped_by_signals
from stylus_engine.errors import BadSettings


async def _ends(error: BaseException | None = None) -> None:
    if error:
        raise error


async def _lasts() -> None:
    await asyncio.sleep(60)


async def _task(error: BaseException) -> "asyncio.Task[None]":
    task = asyncio.create_task(_ends(error), name="courier")
    await asyncio.wait([task])
    return task


@pytest.mark.asyncio
async def test_work_before_the_stop():
    assert await ending.before(asyncio.Event(), _ends())


@pytest.mark.asyncio
async def test_a_stop_before_the_work():
    stop = asyncio.Event()
    stop.set()
    assert not await asyncio.wait_for(ending.before(stop, _lasts()), 5)


@pytest.mark.asyncio
async def test_an_error_of_the_work_is_heard():
    with pytest.raises(BadSettings):
        await ending.before(asyncio.Event(), _ends(BadSettings(where="x", why="y")))


@pytest.mark.asyncio
async def test_whatever_ends_first_is_found():
    lasting, last = asyncio.create_task(_lasts()), asyncio.create_task(_ends())
    assert await ending.first_end((lasting, last), asyncio.Event()) is last
    stop = asyncio.Event()
    stop.set()
    assert await ending.first_end((lasting,), stop) is None
    lasting.cancel()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error",
    [
        LeaseLost("me"),
        ExceptionGroup("work", [ValueError(), ExceptionGroup("w", [LeaseLost("me")])]),
    ],
)
async def test_a_lost_database_is_a_sentence(error: Exception):
    with pytest.raises(BadSettings, match="another bot"):
        ending.blame(await _task(error))


@pytest.mark.asyncio
async def test_a_database_that_nobody_took_is_not_said_to_be_taken():
    with pytest.raises(BadSettings, match="could not be used"):
        ending.blame(await _task(LeaseRunOut()))


def test_where_the_bot_cannot_do_without_its_database_it_says_why():
    away = LineAway()
    away.__cause__ = OSError("connection refused")
    with pytest.raises(BadSettings, match=r"database\.url: .*connection refused"), database_told():
        raise away


@pytest.mark.asyncio
async def test_what_a_person_can_mend_is_raised():
    with pytest.raises(BadSettings, match=r"discord\.token"):
        ending.blame(await _task(BadSettings(where="discord.token", why="wrong")))


@pytest.mark.asyncio
async def test_the_rest_goes_to_the_log(caplog: pytest.LogCaptureFixture):
    assert ending.blame(await _task(ZeroDivisionError("oh"))) == 1
    assert "its courier did" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_asks_to_stop_and_is_given_back(number: signal.Signals):
    before = signal.getsignal(number)
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)
    assert signal.getsignal(number) is before


def test_where_the_line_is_kept(tmp_path: Path):
    settings = Settings(paths=Paths(data=str(tmp_path / "data")))
    assert app.database_of(settings) == f"sqlite:///{tmp_path}/data/stylus.db"
    assert (tmp_path / "data").is_dir()
    odd = Settings(paths=Paths(data=str(tmp_path / "what? 100%25 #")))
    assert make_url(app.database_of(odd)).database == f"{tmp_path}/what? 100%25 #/stylus.db"
    (tmp_path / "taken").touch()
    with pytest.raises(BadSettings, match=r"paths\.data.*taken/x cannot be made"):
        app.database_of(Settings(paths=Paths(data=str(tmp_path / "taken" / "x"))))
    elsewhere = replace(settings, database=DatabaseSettings(url="postgresql://db/stylus"))
    assert app.database_of(elsewhere) == "postgresql://db/stylus"
