"""Workers: one holder a job, leases, lost ones, and pictures that stay."""

import asyncio

import pytest

from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Made, Position
from stylus_engine.model import Picture
from tests.bot.jobs.conftest import Another
from tests.bot.jobs.people import (
    ADA,
    BEN,
    CID,
    NOW,
    accepted,
    draw_it,
    picture_of,
    plan_it,
    shots_of,
    wish,
)
from tests.planning.plans import plan

pytestmark = pytest.mark.asyncio


def drawn(cell: Position) -> Picture:
    """What a drawer brings for a position of a planned job."""
    assert cell.shot is not None
    return picture_of(cell.shot)


async def test_claims_at_once_never_share_a_job(line: Line, another: Another):
    for user in range(6):
        await line.accept(wish(user), NOW)
    lines = [line, await another(), await another()]
    held = await asyncio.gather(*(lines[n % 3].claim_plan(f"w{n}", NOW) for n in range(9)))
    taken = [job.id for job in held if job is not None]
    assert len(taken) == len(set(taken)) == 6


async def test_drawers_at_once_never_share_a_job(line: Line, another: Another):
    for user in range(5):
        await accepted(line, wish(user), "planned")
    lines = [line, await another(), await another()]
    held = await asyncio.gather(*(lines[n % 3].claim_draw(f"w{n}", NOW) for n in range(9)))
    taken = [job.id for job in held if job is not None]
    assert len(taken) == len(set(taken)) == 5


async def test_one_person_draws_as_much_as_the_rules_say(line: Line):
    for _ in range(3):
        await accepted(line, wish(), "planned")
    assert await line.claim_draw("one", NOW) is not None
    assert await line.claim_draw("two", NOW) is None
    await accepted(line, wish(BEN), "planned")
    other = await line.claim_draw("two", NOW)
    assert other is not None
    assert other.origin.user == BEN


async def test_plans_that_wait_for_files_keep_nobody_s_next_wish_from_being_planned(line: Line):
    wishes = [await accepted(line, wish()) for _ in range(4)]
    held = [await line.claim_plan("planner", NOW) for _ in range(5)]
    assert [job and job.id for job in held] == [*(job.id for job in wishes), None]


async def test_people_take_turns(line: Line):
    jobs = [await accepted(line, wish(user), "planned", NOW + n) for n, user in enumerate([ADA, ADA, ADA, BEN, BEN, CID])]  # fmt: skip
    served = []
    for n in range(len(jobs)):
        held = await line.claim_draw("drawer", NOW + 100 + n)
        assert held is not None
        served.append(held.origin.user)
        await draw_it(line, held, NOW + 100 + n)
    assert served == [ADA, BEN, CID, ADA, BEN, ADA]


async def test_nothing_is_drawn_while_paused(line: Line):
    await accepted(line, wish(), "planned")
    await line.pause(BEN, NOW)
    assert await line.paused()
    assert await line.claim_draw("drawer", NOW) is None
    await line.resume(BEN, NOW)
    assert not await line.paused()
    assert await line.claim_draw("drawer", NOW) is not None


async def test_a_lease_runs_out_unless_it_is_extended(line: Line):
    await line.accept(wish(), NOW)
    held = await line.claim_plan("planner", NOW)
    assert held is not None
    assert held.until == NOW + 30
    assert await line.expired(NOW + 30) == []
    assert [job.id for job in await line.expired(NOW + 31)] == [held.id]
    await line.extend("planner", NOW + 29)
    await line.extend("somebody else", NOW + 100)
    assert await line.expired(NOW + 59) == []
    assert [job.owner for job in await line.expired(NOW + 60)] == ["planner"]


async def test_a_planned_job_knows_masks_and_shots(line: Line):
    job = await accepted(line, wish(), "planned")
    positions = await line.positions(job.id)
    assert [p.serial for p in positions] == [0, 1, 2, 3]
    assert [p.mask for p in positions] == list(job.order[:4])
    assert all(p.shot and p.shot.recipe.mask.code == p.mask for p in positions)
    assert (job.total, len(job.order), job.owner, job.until) == (15, 15, None, None)


async def test_more_masks_than_64_bits_count(line: Line):
    await line.accept(wish(count=1), NOW)
    held = await line.claim_plan("planner", NOW)
    assert held is not None
    shots = shots_of(held, ["10.10"])
    made = Made(plan=plan(2, 2), order=("10.10",), total=4**40, shots=tuple(shots))
    assert await line.planned(held.id, held.fence, made, NOW)
    found = await line.job(held.id)
    assert found is not None
    assert found.total == 4**40


async def test_the_last_picture_ends_the_drawing(line: Line):
    await accepted(line, wish(), "planned")
    held = await line.claim_draw("drawer", NOW + 1)
    assert held is not None
    cells = await line.positions(held.id)
    for cell in cells[:3]:
        picture = drawn(cell)
        assert await line.picture(held.id, held.fence, cell.index, picture, NOW + 2) is None
    last = drawn(cells[3])
    ended = await line.picture(held.id, held.fence, 3, last, NOW + 3)
    assert ended is not None
    assert (ended.state, ended.began_at, ended.drawn_at) == ("drawn", NOW + 1, NOW + 3)
    assert (ended.owner, ended.until) == (None, None)


async def test_a_picture_that_comes_twice_is_one(line: Line):
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    first, second = [drawn(p) for p in await line.positions(held.id)]
    assert await line.picture(held.id, held.fence, 0, first, NOW) is None
    assert await line.picture(held.id, held.fence, 0, second, NOW) is None
    assert await line.picture_failed(held.id, held.fence, 0, "DrawFailed", "NaN", NOW) is None
    cells = await line.positions(held.id)
    assert [(p.picture, p.error) for p in cells] == [(first, None), (None, None)]


async def test_a_position_that_is_not_there(line: Line):
    await accepted(line, wish(count=1), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    (cell,) = await line.positions(held.id)
    picture = drawn(cell)
    for index in (-1, 1, 64):
        assert await line.picture(held.id, held.fence, index, picture, NOW) is None
    assert [p.picture for p in await line.positions(held.id)] == [None]


async def test_some_pictures_are_a_result_and_none_is_a_failure(line: Line):
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    (first, _) = await line.positions(held.id)
    assert await line.picture_failed(held.id, held.fence, 1, "DrawFailed", "NaN", NOW) is None
    ended = await line.picture(held.id, held.fence, 0, drawn(first), NOW)
    assert ended is not None
    assert ended.state == "drawn"
    assert [(p.error, p.sentence) for p in await line.positions(held.id)] == [(None, None), ("DrawFailed", "NaN")]  # fmt: skip


async def test_all_positions_failed(line: Line):
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    assert await line.picture_failed(held.id, held.fence, 0, "DrawFailed", "NaN", NOW) is None
    ended = await line.picture_failed(held.id, held.fence, 1, "DrawFailed", "NaN", NOW + 1)
    assert ended is not None
    assert (ended.state, ended.error, ended.sentence) == ("failed", "DrawFailed", "NaN")
    assert ended.ended_at == NOW + 1


async def test_a_lost_worker_keeps_pictures_and_place(line: Line):
    await accepted(line, wish(ADA), "planned")
    await accepted(line, wish(BEN), "planned", NOW + 1)
    held = await line.claim_draw("drawer", NOW + 2)
    assert held is not None
    assert held.origin.user == ADA
    (first, *_) = await line.positions(held.id)
    await line.picture(held.id, held.fence, 0, drawn(first), NOW + 3)
    (back,) = await line.lost("drawer", NOW + 4)
    assert (back.state, back.attempts, back.owner, back.began_at) == ("planned", 1, None, None)
    again = await line.claim_draw("other", NOW + 5)
    assert again is not None
    assert again.id == held.id
    assert [p.picture is not None for p in await line.positions(held.id)] == [True, False, False, False]  # fmt: skip


async def test_a_lost_worker_costs_nobody_a_turn(line: Line):
    await accepted(line, wish(ADA), "posted", NOW)
    again = await accepted(line, wish(ADA), "planned", NOW + 1)
    assert await line.claim_draw("drawer", NOW + 2) is not None
    await accepted(line, wish(BEN), "planned", NOW + 3)
    await line.lost("drawer", NOW + 4)
    place = await line.place(again.id, NOW + 5, 1)
    assert place is not None
    assert place.number == 1
    held = await line.claim_draw("other", NOW + 5)
    assert held is not None
    assert held.id == again.id


async def test_only_the_lost_workers_jobs_go_back(line: Line):
    for user in (ADA, BEN):
        await accepted(line, wish(user), "planned")
    one, two = await line.claim_draw("one", NOW), await line.claim_draw("two", NOW)
    assert one is not None
    assert two is not None
    assert [job.id for job in await line.lost("one", NOW)] == [one.id]
    kept = await line.job(two.id)
    assert kept == two


async def test_a_job_that_loses_its_last_worker_without_a_picture(line: Line):
    job = await accepted(line, wish(), "planned")
    assert await line.claim_draw("drawer", NOW) is not None
    (back,) = await line.lost("drawer", NOW)
    assert back.state == "planned"
    assert await line.claim_draw("drawer", NOW) is not None
    (back,) = await line.lost("drawer", NOW)
    assert (back.state, back.error, back.attempts, back.ended_at) == (
        "failed",
        "WorkerLost",
        2,
        NOW,
    )
    assert [one.id for one in await line.to_tell()] == [job.id]


async def test_a_job_that_loses_its_last_worker_delivers_what_there_is(line: Line):
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    (first, _) = await line.positions(held.id)
    await line.picture(held.id, held.fence, 0, drawn(first), NOW)
    await line.lost("drawer", NOW)
    assert await line.claim_draw("drawer", NOW) is not None
    (ended,) = await line.lost("drawer", NOW)
    assert ended.state == "drawn"
    assert [p.error for p in await line.positions(held.id)] == [None, "WorkerLost"]


@pytest.mark.parametrize("fenced", [True, False], ids=["its own fault", "nobody comes"])
async def test_a_job_that_is_failed_delivers_what_there_is(line: Line, fenced: bool):
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    (first, _) = await line.positions(held.id)
    await line.picture(held.id, held.fence, 0, drawn(first), NOW)
    if not fenced:
        await line.released("drawer", NOW)
    fence = held.fence if fenced else None
    assert await line.fail(held.id, "NoWorker", "Nobody.", NOW, fence=fence)
    ended = await line.job(held.id)
    assert ended is not None
    assert (ended.state, ended.owner, ended.drawn_at) == ("drawn", None, NOW)
    assert [p.error for p in await line.positions(held.id)] == [None, "NoWorker"]


async def test_a_planner_that_dies_twice(line: Line):
    await line.accept(wish(), NOW)
    assert await line.claim_plan("planner", NOW) is not None
    (back,) = await line.lost("planner", NOW)
    assert (back.state, back.attempts) == ("queued", 1)
    assert await line.claim_plan("planner", NOW) is not None
    (back,) = await line.lost("planner", NOW)
    assert (back.state, back.error) == ("failed", "WorkerLost")


async def test_who_only_waited_for_files_at_a_planner_that_died_loses_no_attempt(line: Line):
    waits, works = await accepted(line, wish(ADA)), await accepted(line, wish(BEN), now=NOW + 1)
    for _ in range(2):
        assert await line.claim_plan("planner", NOW + 2) is not None
    back = await line.lost("planner", NOW + 3, frozenset({waits.id}))
    told = {job.id: (job.state, job.attempts, job.owner) for job in back}
    assert told == {waits.id: ("queued", 0, None), works.id: ("queued", 1, None)}


async def test_released_leases_do_not_count(line: Line):
    await accepted(line, wish(), "planned")
    await accepted(line, wish(BEN), "queued")
    for _ in range(5):
        assert await line.claim_draw("drawer", NOW) is not None
        assert await line.claim_plan("planner", NOW) is not None
        back = await line.released(None, NOW)
        assert [(job.attempts, job.owner) for job in back] == [(0, None), (0, None)]


async def test_a_job_is_not_taken_before_its_time(line: Line, url: str):
    from sqlalchemy import update

    from bot.jobs.tables import jobs

    job = await accepted(line, wish())
    later = update(jobs).values(not_before=NOW + 10)
    await line._db.write(lambda connection: connection.execute(later).rowcount)
    assert await line.claim_plan("planner", NOW + 9) is None
    held = await line.claim_plan("planner", NOW + 10)
    assert held is not None
    assert held.id == job.id
    assert await plan_it(line, held)


class TestTwoAtOnce:
    @pytest.fixture
    def rules(self) -> Rules:
        return Rules(running=2)

    async def test_the_rules_say_how_many(self, line: Line):
        for _ in range(4):
            await accepted(line, wish(), "planned")
        held = [await line.claim_draw(f"w{n}", NOW) for n in range(3)]
        assert [job is not None for job in held] == [True, True, False]


async def test_a_lease_that_nobody_knows_of_goes_back_uncounted(line: Line):
    jobs = [await accepted(line, wish(user), "planned") for user in (ADA, BEN)]
    for _ in jobs:
        await line.claim_draw("d", NOW)
    queued = await accepted(line, wish(CID))
    await line.claim_plan("p", NOW)
    (back,) = await line.strays("planned", {jobs[0].id})
    assert (back.id, back.owner, back.attempts, back.fence > jobs[1].fence) == (
        jobs[1].id,
        None,
        0,
        True,
    )
    (back,) = await line.strays("queued", ())
    assert back.id == queued.id
    assert (await line.strays("planned", {jobs[0].id})) == []


async def served(line: Line, user: int, now: float) -> int:
    """A job of this person's comes, and a drawer takes whose turn it is: whose."""
    await accepted(line, wish(user), "planned", now)
    job = await line.claim_draw("d", now)
    assert job is not None
    await draw_it(line, job, now)
    return job.origin.user


async def test_who_waits_while_the_clock_is_set_back_is_passed_by_no_newcomer(line: Line):
    await accepted(line, wish(ADA), "planned")
    assert await served(line, BEN, NOW - 3600) == ADA
    assert await served(line, CID, NOW - 3599) == BEN


async def test_who_was_served_before_the_clock_was_set_back_has_turns_again(line: Line):
    await served(line, ADA, NOW)
    for user in (ADA, BEN, CID):
        await accepted(line, wish(user), "planned", NOW - 3600)
    turns = [await served(line, user, NOW - 3599 + n) for n, user in enumerate((BEN, CID, BEN))]
    assert ADA in turns
