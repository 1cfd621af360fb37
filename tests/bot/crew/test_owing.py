"""What a job's own faults cost, and what outages of the line do not."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.crew.bus import Bus
from bot.crew.owing import Outage, Owing
from bot.crew.telling import Teller
from bot.crew.watching import LONGEST_PAUSE
from bot.jobs.line import Line, Rules
from bot.refusals import LineAway


@pytest_asyncio.fixture
async def owing(tmp_path: Path) -> AsyncIterator[Owing]:
    line = await Line.open(
        f"sqlite:///{tmp_path}/stylus.db", Rules(), owner="test", now=time.time()
    )
    yield Owing(line, Teller(Bus()), SystemClock())
    await line.close()


@pytest.mark.asyncio
async def test_an_outage_uses_up_no_try(owing: Owing):
    errors: list[Exception] = [LineAway(), LineAway(), LineAway(), OSError(), OSError()]

    async def work() -> None:
        if errors:
            raise errors.pop(0)

    assert await owing.or_fail_by("a job", 1, work, again=(0.001, 0.002))
    assert not errors


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_line_that_is_away_for_one_job_alone_is_asked_less_and_less(others: list[bool]) -> None:
    """`others`: whether somebody else got through since the try before."""
    outage, well, alone = Outage((0.1, 2.0)), 0, 0
    for number, through in enumerate(others):
        well += through
        alone += through and number > 0
        usual = 2.0 if number else 0.1
        assert outage.pause(well) == min(LONGEST_PAUSE, usual * 2**alone)
