"""An operator holds one row of PostgreSQL's locked: that job waits, nobody else does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.clock import SystemClock
from bot.crew.bus import Bus
from bot.crew.claiming import Claiming
from bot.crew.owing import Owing
from bot.crew.telling import Teller
from bot.jobs import database
from bot.jobs.database import address
from bot.jobs.line import Line, Rules
from bot.refusals import LineAway
from tests.bot.jobs.conftest import NOW
from tests.bot.jobs.people import ADA, BEN, CID, accepted, wish
from tests.bot.jobs.test_drawing import drawn

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("url", ["postgresql"], indirect=True)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ROW_SECONDS", 0.3)


@asynccontextmanager
async def held(url: str, job: str) -> AsyncIterator[None]:
    engine = create_async_engine(address(url), poolclass=NullPool)
    async with engine.begin() as operator:
        await operator.execute(text("SELECT 1 FROM jobs WHERE id = :job FOR UPDATE"), {"job": job})
        yield
    await engine.dispose()


async def test_whoever_is_next_in_line_is_passed_over(line: Line, url: str):
    first = await accepted(line, wish(ADA), "planned")
    second = await accepted(line, wish(BEN), "planned", NOW + 1)
    async with held(url, first.id):
        began = time.monotonic()
        taken = await line.claim_draw("drawer", NOW + 2)
        assert (taken and taken.id, time.monotonic() - began < 0.3) == (second.id, True)
        assert await line.claim_draw("drawer", NOW + 2) is None
    taken = await line.claim_draw("drawer", NOW + 3)
    assert taken is not None
    assert taken.id == first.id


async def test_leases_beside_it_are_kept_and_given_back(line: Line, url: str):
    for user in (ADA, BEN):
        await accepted(line, wish(user), "planned")
    one, two = await line.claim_draw("drawer", NOW), await line.claim_draw("drawer", NOW)
    assert one is not None
    assert two is not None
    async with held(url, one.id):
        await line.extend("drawer", NOW + 5)
        assert [job.id for job in await line.expired(NOW + 31)] == [one.id]
        assert [job.id for job in await line.lost("drawer", NOW + 6)] == [two.id]
    assert [job.id for job in await line.lost("drawer", NOW + 7)] == [one.id]


async def test_a_bot_that_starts_takes_over_the_others(line: Line, url: str):
    for user in (ADA, BEN):
        await accepted(line, wish(user), "planned")
    one, two = await line.claim_draw("drawer", NOW), await line.claim_draw("drawer", NOW)
    assert one is not None
    assert two is not None
    async with held(url, two.id):
        assert [job.id for job in await line.released(None, NOW + 1)] == [one.id]


async def test_a_picture_of_it_is_refused_soon_and_whoever_waits_behind_is_not(
    line: Line, url: str
):
    await accepted(line, wish(ADA), "planned")
    taken = await line.claim_draw("drawer", NOW)
    assert taken is not None
    (first, *_) = await line.positions(taken.id)
    async with held(url, taken.id):
        picture = line.picture(taken.id, taken.fence, 0, drawn(first), NOW + 1)
        behind = line.accept(wish(CID), NOW + 1)
        said, fresh = await asyncio.gather(picture, behind, return_exceptions=True)
        assert isinstance(said, LineAway)
        assert not isinstance(fresh, BaseException)
    assert await line.picture(taken.id, taken.fence, 0, drawn(first), NOW + 2) is None
    assert (await line.positions(taken.id))[0].picture == drawn(first)


async def test_who_was_passed_over_when_it_was_to_go_back_is_claimed_once_it_is_free(
    line: Line, url: str
):
    """Its worker is alive and knows nothing of it, so its lease would be kept for ever."""
    await accepted(line, wish(ADA), "planned")
    clock = SystemClock()
    teller = Teller(Bus())
    claiming = Claiming(line, teller, Owing(line, teller, clock), clock, "planned", frozenset[str])
    for pause in (False, True):
        job = await line.claim_draw("drawer", NOW)
        assert job is not None
        if pause:
            claiming.doubt()
        async with held(url, job.id):
            assert await claiming.next(line.claim_draw, "drawer") is None
            await line.extend("drawer", clock.now())
        again = await claiming.next(line.claim_draw, "drawer")
        assert again is not None
        assert (again.id, again.attempts) == (job.id, 0)
        await line.released("drawer", clock.now())


async def test_a_table_that_is_read_just_now_keeps_no_bot_from_moving_in(url: str):
    """A dump or a query of an operator's: the tables of a new version wait for it."""
    engine = create_async_engine(address(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE comparisons DROP COLUMN told_at"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    async with engine.begin() as operator:
        await operator.execute(text("LOCK TABLE comparisons IN ACCESS SHARE MODE"))
        moving = asyncio.create_task(Line.open(url, Rules(), owner="bot", now=NOW))
        await asyncio.sleep(3 * database.ROW_SECONDS)
        assert not moving.done()
    await engine.dispose()
    await (await moving).close()
