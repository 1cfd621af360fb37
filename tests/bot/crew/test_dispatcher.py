"""The crew at work: a real line, real processes, real deaths. Nothing is lost, nobody waits for ever."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.jobs.line import LeaseLost
from stylus_engine.pictures.store import read
from tests.bot.crew.day import Day, a_day, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")


async def pictures(day: Day, job: str) -> list[str]:
    """The ids of a job's pictures; each can be read."""
    found = [each.picture for each in await day.line.positions(job)]
    for picture in found:
        assert picture is not None
        assert read(Path(picture.path))[1] == picture.manifest
    return [picture.id for picture in found if picture is not None]


@pytest.mark.asyncio
async def test_a_wish_becomes_pictures_and_everybody_is_told(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        assert len(set(await pictures(day, job))) == 4
        told = day.told(job)
        assert list(dict.fromkeys(told)) == ["planning", "planned", "drawing", "step", "drawn"]
        assert [one.id for one in day.drawn] == [job]
        steps = [news.step for news in day.news if news.what == "step"]
        assert steps == list(range(1, 17))
        planned = next(news for news in day.news if news.what == "planned")
        assert planned.plan == (await day.job(job)).plan
        assert (await day.job(job)).attempts == 0


@pytest.mark.asyncio
async def test_many_jobs_of_many_people_all_end_drawn_once(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, workers={"drawers": 2})
    async with a_day(settings, running=1) as day:
        jobs = await day.accept(*(wish(user=n % 5, seed=n) for n in range(20)))
        for job in jobs:
            await day.until(job, "drawn")
        assert Counter(one.id for one in day.drawn) == Counter(jobs)
        assert {(await day.job(job)).attempts for job in jobs} == {0}
        first = [news.job for news in day.news if news.what == "drawing"][:5]
        users = [(await day.job(job)).origin.user for job in first]
        assert len(set(users)) == 5, "everybody is served once before anybody twice"


@pytest.mark.asyncio
async def test_two_drawers_share_what_there_is(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, *SLOW, workers={"drawers": 2})
    async with a_day(settings) as day:
        await reached(lambda: _drawers_are(day, 2))
        one, two = await day.accept(wish(steps=20), wish(steps=20, user=2))
        await day.step(one)
        await day.step(two)
        holders = {(await day.job(job)).owner for job in (one, two)}
        assert len(holders) == 2


async def _drawers_are(day: Day, count: int) -> bool:
    return day.supervisor.drawers_up == count


@pytest.mark.asyncio
async def test_a_derived_job_is_planned_with_its_roots_order_and_its_own_masks(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (root,) = await day.accept(wish())
        await day.until(root, "drawn")
        await day.line.posting(root, "token", time.time())
        assert await day.line.posted(root, message=5, channel=1, now=time.time())
        source = await day.job(root)
        again = wish()
        from msgspec.structs import replace

        asked = replace(again, action="mask", source=root, request=source.request)
        (job,) = await day.accept(asked)
        await day.until(job, "drawn")
        positions = await day.line.positions(job)
        assert [each.mask for each in positions] == list(source.order[4:8])
        made = [each.shot for each in positions if each.shot]
        assert [shot.recipe.mask.code for shot in made] == list(source.order[4:8])
        assert [shot.seed for shot in made] == [7, 8, 9, 10]
        assert (await day.job(job)).plan == source.plan


# --- refusals and failures ---------------------------------------------------------


@pytest.mark.asyncio
async def test_a_refusal_of_the_planner_ends_the_job_with_its_sentence(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        bad, good = await day.accept(wish("REFUSE this one"), wish())
        ended = await day.until(bad, "failed")
        assert ended.error == "UnknownName"
        assert (ended.sentence or "").startswith("There is no adapter called “REFUSE”.")
        await day.until(good, "drawn")
        assert [one.id for one in day.ended] == [bad]


@pytest.mark.asyncio
async def test_a_job_with_some_pictures_is_delivered_one_with_none_has_failed(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        half, none = await day.accept(wish("BREAK some pictures"), wish("BARREN all of them"))
        await day.until(half, "drawn")
        ended = await day.until(none, "failed")
        assert (ended.error, "bad dream" in (ended.sentence or "")) == ("DrawFailed", True)
        positions = await day.line.positions(half)
        assert [bool(each.picture) for each in positions] == [True, False, True, False]
        assert [each.error for each in positions] == [None, "DrawFailed"] * 2


# --- deaths ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_kill_9_of_the_drawer_costs_an_attempt_and_no_picture(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=10))
        await day.step(job)
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1
        assert "requeued" in day.told(job)
        assert len(await pictures(day, job)) == 4


@pytest.mark.asyncio
async def test_pictures_that_were_drawn_before_the_death_are_not_drawn_again(
    tmp_path: Path,
) -> None:
    """Two slots, four pictures: the first pair is safe when the drawer dies over the second."""
    async with a_day(settings_for(tmp_path, *SLOW, "--slots", "2")) as day:
        (job,) = await day.accept(wish(steps=8))

        async def two_are_done() -> bool:
            return any(news.done == 2 and news.what == "step" for news in day.news)

        await reached(two_are_done)
        before = [each.picture for each in await day.line.positions(job)]
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        await day.until(job, "drawn")
        after = [each.picture for each in await day.line.positions(job)]
        assert before[:2] == after[:2]
        second = [news for news in day.news if news.what == "drawing"][1]
        assert (second.done, second.of) == (2, 16)


@pytest.mark.asyncio
async def test_a_job_that_kills_its_drawer_every_time_ends_and_the_others_do_not_suffer(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        poison, good = await day.accept(wish("CRASH it all"), wish(user=2))
        ended = await day.until(poison, "failed")
        assert (ended.error, ended.attempts) == ("WorkerLost", 2)
        assert poison in [one.id for one in day.ended]
        (late,) = await day.accept(wish(user=3))
        await day.until(late, "drawn")
        assert (await day.until(good, "drawn", "failed")).attempts <= 2


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["CRASH", "HANG", "STALL", "GARBAGE"])
async def test_whatever_happens_to_the_drawer_once_the_job_is_drawn_the_second_time(
    tmp_path: Path, word: str
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish(f"{word} ONCE then"))
        ended = await day.until(job, "drawn", seconds=30)
        assert ended.attempts == 1
        assert len(await pictures(day, job)) == 4


@pytest.mark.asyncio
async def test_a_planner_that_dies_is_followed_by_another(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish("PLANCRASH ONCE then"))
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1
        (poison,) = await day.accept(wish("PLANCRASH always again"))
        assert (await day.until(poison, "failed")).error == "WorkerLost"


@pytest.mark.asyncio
async def test_leases_of_a_bot_that_died_are_given_back_without_counting(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with a_day(settings) as day:
        (done,) = await day.accept(wish())
        await day.until(done, "drawn")
        await day.supervisor.stop()
        (job,) = await day.accept(wish())
        held = await day.line.claim_plan("a planner of yesterday", time.time())
        assert held is not None
    async with a_day(settings) as day:
        ended = await day.until(job, "drawn")
        assert ended.attempts == 0


@pytest.mark.asyncio
async def test_a_lease_whose_owner_nobody_knows_is_taken_back_when_it_is_overdue(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        await day.line.pause(None, time.time())
        (job,) = await day.accept(wish())
        assert await day.line.claim_plan("a ghost", time.time() - 100)
        await day.line.resume(None, time.time())
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1


# --- cancel, pause, drain ----------------------------------------------------------


@pytest.mark.asyncio
async def test_a_cancelled_job_leaves_its_drawer_at_the_next_step(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        assert await day.line.cancel(job, 1, time.time())
        await day.dispatcher.cancel(job)
        (after,) = await day.accept(wish(user=2))
        await day.until(after, "drawn", seconds=10)
        assert (await day.job(job)).state == "cancelled"
        assert [one.id for one in day.ended] == [job]
        assert "failed" not in day.told(job)


@pytest.mark.asyncio
async def test_a_pause_frees_the_drawer_within_its_time_and_a_resume_goes_on(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        one, two = await day.accept(wish(steps=60), wish(user=2))
        await day.step(one)
        pid = day.pid(day.drawer())
        await day.line.pause(1, time.time())
        day.dispatcher.wake()
        began = time.monotonic()

        async def rests() -> bool:
            here = day.supervisor._at(day.drawer())
            assert here is not None
            assert here._here is not None
            return not here._here.loaded and "paused" in day.told(two)

        await reached(rests, 3)
        assert time.monotonic() - began < 2.5
        assert day.pid(day.drawer()) == pid, "a drawer that rests in time is not ended"
        job = await day.job(one)
        assert (job.state, job.owner, job.attempts) == ("planned", None, 0)
        assert "failed" not in day.told(one)
        await asyncio.sleep(0.5)
        assert (await day.job(two)).state in {"queued", "planned"}
        await day.line.resume(1, time.time())
        day.dispatcher.wake()
        await day.until(one, "drawn")
        await day.until(two, "drawn")
        assert "resumed" in day.told(two)


@pytest.mark.asyncio
async def test_a_drawer_that_does_not_rest_in_time_is_ended_and_nobody_blamed(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path, *SLOW, workers={"pause_seconds": 1.0})
    async with a_day(settings) as day:
        (job,) = await day.accept(wish("STALL ONCE then"))
        await reached(lambda: _in_hand(day, job))
        await asyncio.sleep(0.2)
        pid = day.pid(day.drawer())
        await day.line.pause(1, time.time())
        day.dispatcher.wake()

        async def ended() -> bool:
            return not Path(f"/proc/{pid}").exists()

        await reached(ended, 1.9)
        assert (await day.job(job)).attempts == 0
        await day.line.resume(1, time.time())
        day.dispatcher.wake()
        assert (await day.until(job, "drawn")).attempts == 0


async def _in_hand(day: Day, job: str) -> bool:
    return job in day.dispatcher._hands.jobs


@pytest.mark.asyncio
async def test_draining_finishes_what_is_being_drawn_and_takes_nothing_new(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path, *SLOW), running=1) as day:
        first, second = await day.accept(wish(steps=10), wish())
        await day.step(first)
        await day.dispatcher.drain(10)
        assert (await day.job(first)).state == "drawn"
        waiting = await day.job(second)
        assert (waiting.owner, waiting.attempts) == (None, 0)
        assert waiting.state in {"queued", "planned"}


@pytest.mark.asyncio
async def test_what_a_drain_cannot_wait_for_goes_back_uncounted(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, *SLOW)
    async with a_day(settings) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        began = time.monotonic()
        await day.dispatcher.drain(0.5)
        assert time.monotonic() - began < 1.5
        await day.supervisor.stop()
        await asyncio.sleep(0.1)
        held = await day.job(job)
        assert (held.state, held.owner, held.attempts) == ("planned", None, 0)


@pytest.mark.asyncio
async def test_a_drawer_that_dies_while_the_bot_ends_costs_no_attempt(tmp_path: Path) -> None:
    """A service manager may end all of a service's processes together."""
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        draining = asyncio.create_task(day.dispatcher.drain(5))
        await asyncio.sleep(0.1)
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        await asyncio.wait_for(draining, 4)
        held = await day.job(job)
        assert (held.state, held.owner, held.attempts) == ("planned", None, 0)


@pytest.mark.asyncio
async def test_an_idle_drawer_rests_and_wakes_for_the_next_job(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, workers={"idle_minutes": 0.5 / 60})
    async with a_day(settings) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        name = day.drawer()

        async def rests() -> bool:
            post = day.supervisor._at(name)
            return post is not None and post._here is not None and not post._here.loaded

        await reached(rests, 5)
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        assert day.drawer() == name


# --- faults of our own -------------------------------------------------------------


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
