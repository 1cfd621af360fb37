"""Faults of our own and of the database: one job fails, or nothing does; the loop goes on."""

import asyncio
import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot.crew import hearing
from bot.crew.resting import FIRST_REST
from bot.jobs.line import LeaseLost, Line
from bot.jobs.nouns import Job
from bot.refusals import LineAway
from tests.bot.crew.day import SLEEPY, a_day, pictures, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")
pytestmark = pytest.mark.slow


@pytest.mark.asyncio
async def test_one_job_that_cannot_be_handled_fails_and_the_loop_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        real = day.line.positions
        bad: list[str] = []

        async def positions(job: str):
            if job in bad:
                raise ZeroDivisionError
            return await real(job)

        monkeypatch.setattr(day.line, "positions", positions)
        await day.line.pause(None, time.time())
        one, two = await day.accept(wish(), wish())
        bad.append(one)
        await day.line.resume(None, time.time())
        day.dispatcher.wake()
        ended = await day.until(one, "failed")
        assert (ended.error, ended.owner) == ("DrawFailed", None)
        await day.until(two, "drawn")


@pytest.mark.asyncio
async def test_a_database_that_is_away_for_a_moment_costs_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        real, fails = day.line.picture, [True, True, False, True]

        async def picture(*words: object, **named: object):
            if fails and fails.pop(0):
                raise OSError("the database is away")
            return await real(*words, **named)  # pyright: ignore[reportArgumentType] - handed through

        monkeypatch.setattr(day.line, "picture", picture)
        (job,) = await day.accept(wish())
        ended = await day.until(job, "drawn")
        assert ended.attempts == 0
        assert len(set(await pictures(day, job))) == 4


def away() -> LineAway:
    """The database went away: as the line says it, whatever the driver said."""
    error = LineAway()
    error.__cause__ = OSError("the connection was reset")
    return error


@pytest.mark.asyncio
async def test_a_picture_waits_for_a_database_that_is_away_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hearing, "RETRIES", (0.01, 0.02))
    async with a_day(settings_for(tmp_path)) as day:
        real, fails = day.line.picture, [away() for _ in range(20)]

        async def picture(*words: object, **named: object):
            if fails:
                raise fails.pop()
            return await real(*words, **named)  # pyright: ignore[reportArgumentType] - handed through

        monkeypatch.setattr(day.line, "picture", picture)
        (job,) = await day.accept(wish())
        ended = await day.until(job, "drawn")
        assert (ended.attempts, "requeued" in day.told(job)) == (0, False)
        assert len(set(await pictures(day, job))) == 4
        assert "Traceback" not in caplog.text


@pytest.mark.asyncio
async def test_a_picture_that_alone_cannot_be_written_keeps_nobody_else_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an operator holds one row of PostgreSQL's; it is written when that one lets go."""
    monkeypatch.setattr(hearing, "RETRIES", (0.01, 0.02))
    async with a_day(settings_for(tmp_path)) as day:
        real, held = day.line.picture, list[str]()

        async def picture(job: str, *words: Any, **named: Any):
            if job in held:
                raise away()
            return await real(job, *words, **named)

        monkeypatch.setattr(day.line, "picture", picture)
        await day.line.pause(None, time.time())
        one, *others = await day.accept(*(wish(user=user) for user in range(1, 5)))
        held.append(one)
        await day.line.resume(None, time.time())
        day.dispatcher.wake()
        for job in others:
            await day.until(job, "drawn")
        assert not (await day.job(one)).finished
        os.kill(day.pid(day.drawer()), signal.SIGKILL)  # what it had brought is safe with us
        (late,) = await day.accept(wish(user=5))
        await day.until(late, "drawn")
        held.clear()
        ended = await day.until(one, "drawn")
        assert (ended.attempts, day.told(one).count("drawing")) == (0, 1)
        assert len(set(await pictures(day, one))) == 4


@pytest.mark.asyncio
async def test_a_job_whose_drawer_died_is_in_hand_until_the_line_has_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever claims meanwhile would give it back as a stray, and its attempt would not count."""
    async with a_day(settings_for(tmp_path, *SLOW, "--slots", "2")) as day:
        real, lost, hands = day.line.picture, day.line.lost, day.dispatcher._hands
        written, held = asyncio.Event(), list[bool]()

        async def picture(*words: Any, **named: Any):
            await written.wait()
            return await real(*words, **named)

        async def back(*words: Any, only: set[str] | None = None, **named: Any):
            held.extend(each in hands.jobs for each in only or ())
            return await lost(*words, only=only, **named)

        async def unwritten() -> bool:
            return any(hand.unwritten for hand in hands.of(drawer))

        async def left() -> bool:
            return any(hand.left for hand in hands.of(drawer))

        monkeypatch.setattr(day.line, "picture", picture)
        monkeypatch.setattr(day.line, "lost", back)
        (job,) = await day.accept(wish())
        await day.step(job)
        drawer = day.drawer()
        await reached(unwritten)
        os.kill(day.pid(drawer), signal.SIGKILL)
        await reached(left)
        written.set()
        ended = await day.until(job, "drawn")
        assert (held, ended.attempts) == ([True], 1)


@pytest.mark.asyncio
async def test_a_database_that_is_away_when_the_day_begins_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, fails = Line.released, [away(), away()]

    async def released(line: Line, owner: str | None, now: float) -> list[Job]:
        if fails:
            raise fails.pop()
        return await real(line, owner, now)

    monkeypatch.setattr(Line, "released", released)
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")


@pytest.mark.asyncio
@pytest.mark.parametrize("call", ["planned", "positions", "job"])
async def test_a_job_whose_handling_needs_a_database_that_is_away_goes_back_to_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """While its plan is kept; while its shots are read; once the drawer has it in hand."""
    async with a_day(settings_for(tmp_path)) as day:
        real, fails = getattr(day.line, call), [away()]

        async def called(job: str, *words: object):
            if fails and (call != "job" or day.dispatcher._hands.jobs):
                raise fails.pop()
            return await real(job, *words)

        one, two = await day.accept(wish(), wish())
        monkeypatch.setattr(day.line, call, called)
        for job in (one, two):
            assert (await day.until(job, "drawn")).attempts == 0
            assert len(set(await pictures(day, job))) == 4
        assert not fails


@pytest.mark.asyncio
@pytest.mark.parametrize("call", ["planned", "positions"])
async def test_a_job_that_was_let_go_of_goes_back_however_long_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """It is still away when the job is to be given back."""
    async with a_day(settings_for(tmp_path)) as day:
        fails = {call: [away()], "strays": [away(), away()]}

        def failing(name: str):
            real = getattr(day.line, name)

            async def called(*words: object):
                if fails[name]:
                    raise fails[name].pop()
                return await real(*words)

            monkeypatch.setattr(day.line, name, called)

        failing(call)
        failing("strays")
        (job,) = await day.accept(wish())
        assert (await day.until(job, "drawn")).attempts == 0
        assert not any(fails.values())


@pytest.mark.asyncio
async def test_jobs_whose_rows_are_always_away_rest_and_stop_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that cannot give back two pages: one while a plan is kept, one while shots are read."""
    async with a_day(settings_for(tmp_path)) as day:
        asked, bad = list[tuple[str, str]](), dict[str, str]()

        def failing(name: str):
            real = getattr(day.line, name)

            async def called(job: str, *words: object):
                asked.append((name, job))
                if bad[name] == job:
                    raise away()
                return await real(job, *words)

            monkeypatch.setattr(day.line, name, called)

        await day.line.pause(None, time.time())
        bad["planned"], bad["positions"], good = await day.accept(*(wish(user=n) for n in range(3)))
        for name in bad:
            failing(name)
        began = time.monotonic()
        await day.line.resume(None, time.time())
        day.dispatcher.wake()
        assert (await day.until(good, "drawn")).attempts == 0
        most = math.log2(1 + (time.monotonic() - began) / FIRST_REST)
        for each in bad.items():
            rests = asked.count(each) - 1  # each twice as long as the one before
            assert 0 <= rests <= most
            assert ((await day.job(each[1])).attempts, (await day.job(each[1])).finished) == (
                0,
                False,
            )


@pytest.mark.asyncio
@pytest.mark.parametrize("claim", ["claim_plan", "claim_draw"])
async def test_a_claim_whose_answer_is_lost_holds_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str
) -> None:
    """As when PostgreSQL goes away between a commit and its answer."""
    async with a_day(settings_for(tmp_path)) as day:
        real, losses = getattr(day.line, claim), [True]

        async def claimed(*words: object, **named: object):
            job = await real(*words, **named)
            if job is not None and losses:
                losses.pop()
                raise OSError("the connection was reset")
            return job

        monkeypatch.setattr(day.line, claim, claimed)
        one, two = await day.accept(wish(), wish())
        for job in (one, two):
            assert (await day.until(job, "drawn")).attempts == 0


@pytest.mark.asyncio
async def test_an_end_that_could_not_be_written_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        real, fails = day.line.fail, [True, True]

        async def fail(*words: object, **named: object) -> bool:
            if fails and fails.pop():
                raise OSError("the database is away")
            return await real(*words, **named)  # pyright: ignore[reportArgumentType] - handed through

        async def planned(*_: object, **__: object) -> bool:
            raise ZeroDivisionError

        monkeypatch.setattr(day.line, "fail", fail)
        monkeypatch.setattr(day.line, "planned", planned)
        (job,) = await day.accept(wish())
        assert (await day.until(job, "failed")).error == "DrawFailed"


@pytest.mark.asyncio
async def test_without_a_drawer_for_hours_those_who_waited_are_told(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        workers={"command": ["/no/such/program"]},
        line={"no_worker_hours": 0.5 / 3600},
    )
    async with a_day(settings) as day:
        (job,) = await day.accept(wish())
        ended = await day.until(job, "failed")
        assert ended.error == "NoWorker"
        assert [one.id for one in day.ended] == [job]


@pytest.mark.asyncio
async def test_a_lost_database_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_day(settings_for(tmp_path)) as day:

        async def claim_plan(*_: object) -> None:
            raise LeaseLost

        monkeypatch.setattr(day.line, "claim_plan", claim_plan)
        day.dispatcher.wake()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(day.running, 10)


@pytest.mark.asyncio
async def test_without_a_planner_for_hours_those_who_wait_for_one_are_told(tmp_path: Path) -> None:
    program = (
        "import runpy, sys; assert 'planner' not in sys.argv;"
        f"runpy.run_path({SLEEPY!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", program, "--pictures", str(tmp_path / "pictures")]
    settings = settings_for(
        tmp_path, workers={"command": command}, line={"no_worker_hours": 3 / 3600}
    )
    async with a_day(settings) as day:
        (job,) = await day.accept(wish())

        async def drawer() -> bool:
            return day.supervisor.drawers_up == 1

        await reached(drawer)
        assert (await day.until(job, "failed")).error == "NoWorker"
        assert day.supervisor.drawers_up == 1
