"""The status message: slow enough for Discord, true enough for people, never over a result."""

import asyncio
import itertools

import pytest

from bot.crew.bus import News, What
from bot.delivery.status import READS, Status
from bot.delivery.wire import Blocked, MessageGone, NoRights, TokenGone, Unreachable, WireError
from bot.jobs.nouns import Job
from bot.metrics import Metrics
from tests.bot.delivery.post_office import World

pytestmark = pytest.mark.asyncio


def says(world: World, job: Job) -> list[str]:
    """All that the status message said, its first answer left out."""
    papers = world.wire.messages[job.message or 0].was
    return [paper.text for paper in papers[1:] if paper.kind == "status"]


async def tell(world: World, job: Job, what: What, step: int = 0, of: int = 0, done: int = 0):
    world.bus.publish(News(job=job.id, what=what, step=step, of=of, done=done))
    await world.settle()


async def test_of_many_news_the_last_is_shown_and_not_before_its_time(world: World):
    job = await world.waiting()
    for step in range(10):
        await tell(world, job, "step", step, 100)
    await world.later(2.9)
    assert says(world, job) == []
    await world.later(0.1)
    assert says(world, job) == ["step 9/100"]


async def test_edits_of_a_message_keep_their_distance(world: World):
    job = await world.waiting()
    edited: list[float] = []
    for tenth in range(200):  # twenty seconds, a tenth of the steps each
        before = len(says(world, job))
        await tell(world, job, "step", 10 * tenth, 100)
        await world.later(0.1)
        edited += [world.clock.now()] * (len(says(world, job)) - before)
    gaps = [later - earlier for earlier, later in itertools.pairwise(edited)]
    assert len(edited) == 6
    assert min(gaps) >= 3.0 - 1e-6


async def test_a_clock_that_is_set_back_stops_no_status(world: World):
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.later(60)
    world.clock.turn(-3600)
    await tell(world, job, "planned")
    await world.later(60)
    assert says(world, job) == ["planning 0/0", "planned 0/0 #1"]


async def test_less_than_a_tenth_is_not_worth_an_edit(world: World):
    job = await world.waiting()
    await tell(world, job, "step", 10, 100)
    await world.later(3)
    await tell(world, job, "step", 19, 100)
    await world.later(30)
    assert says(world, job) == ["step 10/100"]
    await tell(world, job, "step", 20, 100)
    await world.later(0.1)
    assert says(world, job) == ["step 10/100", "step 20/100"]


@pytest.mark.parametrize("news", [("planned", 19, 0), ("step", 19, 1)])
async def test_another_stage_or_picture_is_worth_one(world: World, news: tuple[What, int, int]):
    job = await world.waiting()
    await tell(world, job, "step", 10, 100)
    await world.later(3)
    what, step, done = news
    await tell(world, job, what, step, 100, done)
    await world.later(3)
    assert len(says(world, job)) == 2


async def test_a_429_makes_it_slower_for_a_while(world: World):
    job = await world.waiting()
    world.status.limited()
    assert world.status.pace() == 6.0
    await tell(world, job, "planning")
    await world.later(5.9)
    assert says(world, job) == []
    await world.later(0.1)
    assert says(world, job) == ["planning 0/0"]
    world.clock.turn(60)
    assert world.status.pace() == 3.0


async def test_many_messages_in_motion_make_it_slower_but_never_very_slow(world: World):
    for _ in range(20):
        world.bus.publish(News(job=(await world.waiting()).id, what="planning"))
    assert world.status.pace() == 6.0
    for _ in range(60):
        world.bus.publish(News(job=(await world.waiting()).id, what="planning"))
    assert world.status.pace() == 10.0
    await world.later(60)
    assert world.status.pace() == 3.0  # they rest


async def test_what_the_first_answer_said_is_not_said_again(world: World):
    job = await world.waiting()
    await tell(world, job, "queued")
    await world.later(60)
    assert says(world, job) == []


async def test_nothing_is_edited_before_the_first_answer_stands(world: World):
    job = await world.wished()
    await tell(world, job, "planning")
    await world.later(3)
    assert world.wire.calls == []
    sent = world.wire.answer(job)
    now = world.clock.now()
    await world.line.acknowledged(job.id, message=sent.message, channel=sent.channel, now=now)
    await world.later(3)
    assert says(world, await world.job(job.id)) == ["planning 0/0"]


# --- roads -------------------------------------------------------------------------


async def test_without_the_token_the_bot_edits(world: World):
    job = await world.waiting()
    world.clock.turn(900)
    await tell(world, job, "planning")
    assert says(world, job) == ["planning 0/0"]
    assert world.wire.calls == ["edit_by_bot"]


async def test_a_token_that_is_refused_is_not_tried_twice(world: World):
    world.wire.fail("edit_by_token", TokenGone())
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.later(3)
    await world.later(3)
    assert says(world, job) == ["planning 0/0"]
    assert world.wire.calls == ["edit_by_token", "edit_by_bot"]


@pytest.mark.parametrize("private", [False, True])
async def test_a_message_that_nobody_reaches_is_left_alone(world: World, private: bool):
    job = await world.waiting(private=private)
    world.clock.turn(900 if private else 3600)
    for what in ("planning", "planned", "drawing"):
        await tell(world, job, what)
        await world.later(60)
    assert world.wire.calls == []


@pytest.mark.parametrize("said", [NoRights(), MessageGone()], ids=repr)
async def test_after_a_no_there_are_no_more_edits(world: World, said: WireError):
    world.wire.fail("edit_by_token", said)
    job = await world.waiting()
    for what in ("planning", "planned", "drawing"):
        await tell(world, job, what)
        await world.later(60)
    assert world.wire.calls == ["edit_by_token"]


async def test_what_automod_blocks_is_shown_without_the_words(world: World):
    world.wire.fail("edit_by_token", Blocked())
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.later(60)
    assert says(world, job) == ["planning 0/0"]
    await tell(world, job, "planned")
    await world.later(60)
    assert says(world, job) == ["planning 0/0", "planned 0/0 #1"]
    assert world.wire.calls == ["edit_by_token"] * 3  # the words were tried once
    assert world.wire.messages[job.message or 0].paper.quiet


async def test_an_edit_without_an_answer_is_let_go_and_the_next_one_made(world: World):
    world.wire.fail("edit_by_token", Unreachable())
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.later(60)
    await tell(world, job, "planned")
    await world.later(60)
    assert says(world, job) == ["planned 0/0 #1"]


async def test_whatever_goes_wrong_goes_no_further(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.clerk, "status", broken)
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.later(3)
    assert "its status stumbled" in caplog.text
    world.bus.publish(News(job=job.id, what="planned"))
    await world.later(3)
    assert world.wire.calls == []


# --- those who wait ----------------------------------------------------------------


async def runs(world: World) -> None:
    world.loops.append(asyncio.create_task(world.status.run()))
    await world.settle()


async def seconds(world: World, count: int) -> None:
    """So many, one by one."""
    for _ in range(count):
        await world.later(1)


async def test_a_place_that_moves_is_shown(world: World):
    first, second = await world.waiting(), await world.waiting()
    await tell(world, first, "queued")
    await tell(world, second, "queued")
    await runs(world)
    await seconds(world, 6)
    assert says(world, second) == []
    await world.line.cancel(first.id, 1, world.clock.now())
    world.bus.publish(News(job=first.id, what="cancelled"))
    await seconds(world, 4)
    assert says(world, second) == ["queued 0/0 #1"]
    await seconds(world, 10)
    assert len(says(world, second)) == 1


async def test_after_a_restart_those_who_wait_are_told_one_a_second(world: World):
    jobs = [await world.waiting() for _ in range(4)]
    world.clock.turn(100)
    world.born()
    await runs(world)
    for count in (1, 2, 3, 4, 4):
        await seconds(world, 1)
        assert sum(len(says(world, job)) for job in jobs) == count
    assert says(world, jobs[2]) == ["queued 0/0 #3"]


async def test_after_a_restart_a_planned_one_is_told_so(world: World):
    job = await world.waiting()
    await world.plan(job)
    world.clock.turn(100)
    world.born()
    await runs(world)
    await seconds(world, 2)
    assert says(world, job) == ["planned 0/0 #1"]


# --- the result wins ---------------------------------------------------------------


async def test_a_waiting_edit_is_dropped_when_the_result_comes(world: World):
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.draw(job)
    await world.deliver()
    await world.later(60)
    assert says(world, job) == []
    assert world.wire.messages[job.message or 0].paper.kind == "result"


@pytest.mark.parametrize("after", [False, True])
async def test_the_result_waits_for_an_edit_that_is_under_way(world: World, after: bool):
    """The slow edit takes effect at last: then the result comes, not before."""
    job = await world.waiting()
    slow = world.wire.fail("edit_by_token", None, after=after)
    world.bus.publish(News(job=job.id, what="planning"))
    await world.later(0)
    world.clock.turn(3)
    await slow.met.wait()
    await world.draw(job)
    await world.courier._look()
    await asyncio.sleep(0.1)
    assert (await world.job(job.id)).state == "drawn"
    assert world.wire.papers(job.id, "result") == []
    slow.release.set()
    await world.settle()
    assert (await world.job(job.id)).state == "posted"
    assert world.wire.messages[job.message or 0].paper.kind == "result"


async def test_news_that_come_late_change_nothing(world: World):
    job = await world.drawn()
    await world.deliver()
    await tell(world, job, "step", 5, 10)
    await world.later(60)
    assert world.wire.messages[job.message or 0].paper.kind == "result"
    assert says(world, job) == []


async def test_news_while_the_result_is_being_posted_change_nothing(world: World):
    job = await world.drawn()
    slow = world.wire.fail("edit_by_token", None)
    await world.courier._look()
    await slow.met.wait()
    world.bus.publish(News(job=job.id, what="step", step=5, of=10))
    world.clock.turn(60)
    await asyncio.sleep(0.05)
    slow.release.set()
    await world.settle()
    await world.later(60)
    assert world.wire.messages[job.message or 0].paper.kind == "result"
    assert says(world, job) == []


async def test_an_end_is_not_overwritten_either(world: World):
    job = await world.waiting()
    await tell(world, job, "planning")
    await world.line.fail(job.id, "DrawFailed", "It broke.", world.clock.now())
    await world.deliver()
    await world.later(60)
    assert world.wire.messages[job.message or 0].paper.kind == "ended"


async def test_nothing_is_kept_of_jobs_that_are_over(world: World):
    for _ in range(3):
        job = await world.waiting()
        await tell(world, job, "queued")
        await tell(world, job, "planning")
        await world.draw(job)
        await world.deliver()
        await tell(world, job, "step", 5, 10)
        await world.later(10)
    await runs(world)
    await seconds(world, 2)
    assert world.status._watches == {}
    assert not world.status._waiting


async def test_edits_are_counted(world: World):
    metrics = Metrics()
    object.__setattr__(world.office, "metrics", metrics)
    world.status = Status(world.office, workers=lambda: 1)
    job = await world.waiting()
    world.status.hear(News(job=job.id, what="planning"))
    await world.later(0)
    await world.later(3)
    assert metrics._edits._value.get() == 1


async def test_a_look_that_fails_does_not_end_the_round(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    job = await world.waiting()
    real, faults = world.line.unfinished, [OSError("away")]

    async def unfinished():
        if faults:
            raise faults.pop()
        return await real()

    monkeypatch.setattr(world.line, "unfinished", unfinished)
    world.loops.append(asyncio.create_task(world.status.run()))
    await world.settle()
    assert job.id not in world.status._watches
    await world.later(15)
    assert job.id in world.status._watches
    await world.die()


async def test_a_pause_of_a_long_line_asks_for_few_jobs_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """All at once they would hold up whoever clicks meanwhile."""
    jobs = [await world.waiting() for _ in range(3 * READS)]
    real, asking, most = world.line.job, list[str](), list[int]()

    async def job(name: str):
        asking.append(name)
        most.append(len(asking))
        found = await real(name)
        asking.remove(name)
        return found

    monkeypatch.setattr(world.line, "job", job)
    for each in jobs:
        world.bus.publish(News(job=each.id, what="paused"))
    await world.settle()
    await world.later(60)
    assert max(most) == READS
    assert all("paused" in says(world, each)[-1] for each in jobs)
