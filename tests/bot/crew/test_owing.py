"""What a job's own faults cost, and what outages of the line do not."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.clock import SystemClock
from bot.crew.bus import Bus
from bot.crew.owing import Owing
from bot.crew.telling import Teller
from bot.jobs.line import Line, Rules
from bot.refusals import LineAway

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def owing(tmp_path: Path) -> AsyncIterator[Owing]:
    line = await Line.open(
        f"sqlite:///{tmp_path}/stylus.db", Rules(), owner="test", now=time.time()
    )
    yield Owing(line, Teller(Bus()), SystemClock())
    await line.close()


async def test_an_outage_uses_up_no_try(owing: Owing):
    errors: list[Exception] = [LineAway(), LineAway(), LineAway(), OSError(), OSError()]

    async def work() -> None:
        if errors:
            raise errors.pop(0)

    assert await owing.or_fail_by("a job", 1, work, again=(0.001, 0.002))
    assert not errors
