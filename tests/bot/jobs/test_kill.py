"""kill -9 at any moment: what was told is there, what was begun is not."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Job
from tests.bot.jobs.people import NOW
from tests.house.source import HOUSE

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

VICTIM = Path(__file__).with_name("victim.py")


@contextmanager
def victim(url: str, where: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(VICTIM), url, where]
    environment = {"PYTHONPATH": str(HOUSE), "PATH": ""}
    with subprocess.Popen(
        command, cwd=HOUSE, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_between(url: str, seconds: float) -> list[str]:
    with victim(url, "between") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        told = [first, *process.stdout]
    return [line.strip() for line in told if line.endswith("\n")]


async def after(url: str) -> list[Job]:
    """All jobs, seen by the next bot, which moves in at once."""
    line = await Line.open(url, Rules(), owner="next", now=NOW + 1)
    try:
        return await line.unfinished()
    finally:
        await line.close()


async def test_half_a_transaction_never_was(url: str):
    with victim(url, "inside") as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(4)]
        process.kill()
        # Dead, but not buried by its parent: the next bot moves in all the same.
        await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        found = await after(url)
    assert told.pop() == "inside"
    assert sorted(job.id for job in found) == sorted(told)
    assert {job.state for job in found} == {"queued"}


@pytest.mark.parametrize("seconds", [0.05, 0.2])
async def test_what_was_told_is_there(url: str, seconds: float):
    told = killed_between(url, seconds)
    found = {job.id for job in await after(url)}
    assert set(told) <= found
    assert len(found - set(told)) <= 1  # committed, but killed before it could say so
