"""Orders are carried out at the n-th passing; what was told outlives a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.bot_under_test import Watchman, watched
from tests.faults.orders import Desk, Note, Order, alive

PLACE = "before line.posted"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_dies_at_the_second_passing(desk: Desk):
    watchman = Watchman(desk)
    with sleeper() as process:
        watchman.began("drawer", process.pid)
        desk.give(Order(7, PLACE, passing=2, target="drawer"))
        watchman.passes(PLACE, "a")
        watchman.passes("after line.posted", "a")
        assert desk.killing(7) is None
        assert alive(process.pid)
        watchman.passes(PLACE, "b")
        assert process.wait(5) == -signal.SIGKILL
    note = desk.killing(7)
    assert note is not None
    assert (note.name, note.pid, note.job) == (PLACE, process.pid, "b")


def test_an_order_waits_for_its_victim(desk: Desk):
    watchman = Watchman(desk)
    desk.give(Order(1, PLACE, target="planner"))
    watchman.passes(PLACE)
    with sleeper() as process:
        watchman.began("planner", process.pid)
        watchman.passes(PLACE)
        assert process.wait(5) == -signal.SIGKILL


def test_an_order_that_was_taken_back_is_none(desk: Desk):
    watchman = Watchman(desk)
    desk.give(Order(1, PLACE))
    desk.give(None)
    watchman.passes(PLACE)
    assert desk.killing(1) is None


def test_half_a_line_was_never_told(desk: Desk, tmp_path: Path):
    desk.note(Note("passed", PLACE, 1.0, 2))
    with (tmp_path / "log.jsonl").open("ab") as log:
        log.write(b'{"what":"pas')
    assert [note.name for note in desk.notes()] == [PLACE]


def test_the_dead_do_not_live():
    with sleeper() as process:
        assert alive(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(process.pid)  # a zombie
    assert not alive(None)


@pytest.mark.asyncio
async def test_both_sides_are_passed_however_a_call_ends(desk: Desk):
    async def fine(word: str) -> str:
        return word

    async def broken(word: str) -> None:
        raise ValueError(word)

    watchman = Watchman(desk)
    assert await watched(watchman, "line.fine", fine)("yes") == "yes"
    with pytest.raises(ValueError, match="no"):
        await watched(watchman, "line.broken", broken)("no")
    names = [note.name for note in desk.notes()]
    assert names == [
        "before line.fine",
        "after line.fine",
        "before line.broken",
        "after line.broken",
    ]
