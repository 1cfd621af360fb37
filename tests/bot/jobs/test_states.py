"""Every call in every state: what it may change, and that it changes nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import pytest

from bot.jobs.line import Line
from bot.jobs.nouns import Job, State
from tests.bot.jobs.people import ADA, NOW, accepted, picture_of, plan_it, shots_of, wish

pytestmark = pytest.mark.asyncio

LATER = NOW + 5
PLACES = (
    "queued",
    "queued, held",
    "planned",
    "planned, held",
    "drawn",
    "posting",
    "posted",
    "failed",
    "cancelled",
    "undeliverable",
)
EARLY = ("queued", "queued, held", "planned", "planned, held", "drawn")
ENDS = ("posted", "failed", "cancelled", "undeliverable")


@dataclass(frozen=True)
class Call:
    """A call, and the state it leads to from each place where it may do something."""

    do: Callable[[Line, Job], Awaitable[object]]
    leads: dict[str, State]


def to(state: State, *places: str) -> dict[str, State]:
    return dict.fromkeys(places, state)


CALLS: dict[str, Call] = {
    "claim_plan": Call(lambda line, job: line.claim_plan("new", LATER), to("queued", "queued")),
    "claim_draw": Call(lambda line, job: line.claim_draw("new", LATER), to("planned", "planned")),
    "planned": Call(lambda line, job: plan_it(line, job, LATER), to("planned", "queued, held")),
    "picture": Call(
        lambda line, job: line.picture(
            job.id, job.fence, 0, picture_of(shots_of(job, ["10.10"])[0]), LATER
        ),
        to("drawn", "planned, held"),
    ),
    "picture_failed": Call(
        lambda line, job: line.picture_failed(job.id, job.fence, 0, "DrawFailed", "NaN", LATER),
        to("failed", "planned, held"),
    ),
    "lost": Call(
        lambda line, job: line.lost("worker", LATER),
        {"queued, held": "queued", "planned, held": "planned"},
    ),
    "released": Call(
        lambda line, job: line.released("worker", LATER),
        {"queued, held": "queued", "planned, held": "planned"},
    ),
    "fail": Call(
        lambda line, job: line.fail(job.id, "Busy", "No.", LATER), to("failed", "queued", "planned")
    ),
    "fail under the fence": Call(
        lambda line, job: line.fail(job.id, "Busy", "No.", LATER, fence=job.fence),
        to("failed", "queued, held", "planned, held"),
    ),
    "cancel": Call(lambda line, job: line.cancel(job.id, ADA, LATER), to("cancelled", *EARLY)),
    "posting": Call(
        lambda line, job: line.posting(job.id, "bot", LATER), to("posting", "drawn", "posting")
    ),
    "posted": Call(
        lambda line, job: line.posted(job.id, message=77, channel=8, now=LATER),
        to("posted", "posting"),
    ),
    "delivery_failed": Call(
        lambda line, job: line.delivery_failed(job.id, "TooBig", LATER), to("drawn", "posting")
    ),
    "undeliverable": Call(
        lambda line, job: line.undeliverable(job.id, "NoRights", LATER),
        to("undeliverable", "drawn", "posting"),
    ),
    "told": Call(lambda line, job: line.told(job.id, LATER), {end: end for end in ENDS[1:]}),
    "delete": Call(lambda line, job: line.delete(job.id, ADA, LATER), {end: end for end in ENDS}),
}
SILENT = {"told", "delivery_failed"}  # calls that answer nothing


async def at(line: Line, place: str) -> Job:
    """A job of one picture at that place; no other one waits."""
    state, _, held = place.partition(", ")
    job = await accepted(line, wish(count=1), state)  # pyright: ignore[reportArgumentType] - places begin with a state
    if not held:
        return job
    taken = await (line.claim_plan if state == "queued" else line.claim_draw)("worker", NOW)
    assert taken is not None
    assert taken.id == job.id
    return taken


async def over(line: Line, job: Job) -> None:
    """Let nothing of this job stand in the way of the next one."""
    await line.undeliverable(job.id, "NoRights", NOW)
    await line.cancel(job.id, ADA, NOW)


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_does_what_it_may_and_nothing_else(line: Line, name: str):
    call = CALLS[name]
    for place in PLACES:
        before = await at(line, place)
        answer = await call.do(line, before)
        after = await line.job(before.id)
        assert after is not None
        if place in call.leads:
            assert after.state == call.leads[place], place
            assert after != before, place
            assert answer or name in SILENT, place
        else:
            assert after == before, place
            assert not answer, place
        await over(line, before)


@pytest.mark.parametrize("how", ["lost", "released", "taken by another"])
async def test_an_old_fence_is_not_heard(line: Line, how: str):
    for name in FENCED:
        for place in ("queued, held", "planned, held"):
            old = await at(line, place)
            await outlive(line, old, how)
            before = await line.job(old.id)
            assert not await CALLS[name].do(line, old), (name, place)
            assert await line.job(old.id) == before, (name, place)
            assert not any(position.picture for position in await line.positions(old.id))
            await over(line, old)


FENCED = ("planned", "picture", "picture_failed", "fail under the fence")


async def outlive(line: Line, old: Job, how: str) -> None:
    """The job lives on without the worker that held it."""
    await (line.released if how == "released" else line.lost)("worker", NOW)
    if how != "taken by another":
        return
    taken = await (line.claim_plan if old.state == "queued" else line.claim_draw)("other", NOW)
    assert taken is not None
    assert (taken.id, taken.owner) == (old.id, "other")
    assert taken.fence > old.fence


async def test_a_job_that_never_was(line: Line):
    known = await accepted(line, wish(), "posted")
    ghost = msgspec.structs.replace(known, id="0" * 26)
    for name, call in CALLS.items():
        assert not await call.do(line, ghost), name
    assert await line.job(known.id) == known


async def test_restore_only_within_its_hours(line: Line):
    job = await accepted(line, wish(), "posted")
    assert not await line.restore(job.id, ADA, NOW)
    assert await line.delete(job.id, ADA, NOW)
    assert not await line.delete(job.id, ADA, NOW)
    assert not await line.restore(job.id, ADA, NOW + 24 * 3600 + 1)
    assert await line.restore(job.id, ADA, NOW + 24 * 3600 - 1)
    found = await line.job(job.id)
    assert found is not None
    assert (found.deleted_at, found.deleted_by) == (None, None)


@pytest.mark.parametrize("end", ["failed", "cancelled", "undeliverable"])
async def test_who_ended_without_a_card_is_told_once(line: Line, end: State):
    job = await accepted(line, wish(), end)
    assert [one.id for one in await line.to_tell()] == [job.id]
    await line.told(job.id, NOW + 1)
    await line.told(job.id, NOW + 2)
    found = await line.job(job.id)
    assert found is not None
    assert found.told_at == NOW + 1
    assert await line.to_tell() == []


async def test_a_posted_job_has_nothing_to_tell(line: Line):
    await accepted(line, wish(), "posted")
    assert await line.to_tell() == []
