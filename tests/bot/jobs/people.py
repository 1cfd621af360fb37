"""Wishes, plans and pictures for tests of the line; and a hand that leads a job to a state."""

from itertools import count

import msgspec

from bot.jobs.line import Line
from bot.jobs.nouns import Action, Job, Made, Origin, State, Wish
from stylus_engine.model import Manifest, Mask, Picture, Plan, Recipe, Request, Shot
from stylus_engine.planning.masks import StylusOrder, first_masks, sizes
from tests.planning.plans import plan

NOW = 1_000_000.0
ADA, BEN, CID = 101, 102, 103
INTERACTIONS = count(5_000_000_000_000_000_000)  # snowflakes have 63 bits
PROMPT = "t0 t1"


def origin(user: int = ADA, **fields: object) -> Origin:
    known: dict[str, object] = {
        "interaction": next(INTERACTIONS),
        "token": "a-secret-token",
        "token_until": NOW + 900,
        "user": user,
        "user_name": "Ada",
        "guild": 7,
        "channel": 8,
    }
    return msgspec.convert(known | fields, Origin)


def wish(user: int = ADA, *, count: int = 4, seed: int = 7, prompt: str = PROMPT) -> Wish:
    return Wish(origin=origin(user), request=Request(prompt=prompt, count=count, seed=seed))


def press(
    source: Job,
    action: Action,
    user: int = ADA,
    index: int | None = None,
    mask: str | None = None,
) -> Wish:
    """A button under the source's card."""
    return Wish(
        origin=origin(user),
        action=action,
        source=source.id,
        index=index,
        request=source.request,
        mask=mask,
        private=source.private,
    )


def order_of(made: Plan, seed: int = 7) -> tuple[str, ...]:
    order = StylusOrder(sizes(made), seed)
    return tuple(order[number].code for number in range(min(order.total, 64)))


def shots_of(job: Job, masks: list[str]) -> tuple[Shot, ...]:
    return tuple(
        Shot(
            id=f"{job.id}-{index + 1}",
            job=job.id,
            index=index,
            recipe=Recipe(prompt=PROMPT, mask=Mask.parse(mask)),
            seed=(job.seed + index) % 2**32,
            width=64,
            height=64,
            steps=4,
            guidance=5.0,
            sampler="euler",
        )
        for index, mask in enumerate(masks)
    )


def picture_of(shot: Shot, name: str = "") -> Picture:
    manifest = Manifest(shot=shot, checkpoint="01" * 32, encoded=PROMPT)
    address = f"picture-of-{name or shot.id}"
    return Picture(id=address, path=f"{address}.png", width=64, height=64, manifest=manifest)


async def plan_it(line: Line, job: Job, now: float = NOW, made: Plan | None = None) -> bool:
    """What the planner brings for a claimed job; True: the line took it."""
    made = made or plan(2, 2)
    order = StylusOrder(sizes(made), 7)
    positions = await line.positions(job.id)
    masks = [position.mask for position in positions]
    masks = masks or [mask.code for mask in first_masks(order, job.request.count)]
    brought = Made(
        plan=made,
        order=tuple(order_of(made)),
        total=order.total,
        shots=tuple(shots_of(job, masks)),
    )
    return await line.planned(job.id, job.fence, brought, now)


async def draw_it(line: Line, job: Job, now: float = NOW) -> Job | None:
    """What the drawer brings for a claimed job: all its pictures."""
    last = None
    for position in await line.positions(job.id):
        assert position.shot is not None
        last = await line.picture(job.id, job.fence, position.index, picture_of(position.shot), now)
    return last


ROAD: tuple[State, ...] = ("queued", "planned", "drawn", "posting", "posted")


async def lead(line: Line, job: Job, to: State, now: float = NOW, made: Plan | None = None) -> Job:
    """Lead an accepted job, the only one that waits, along the road to a state."""
    if to in {"failed", "cancelled", "undeliverable"}:
        return await _end(line, job, to, now, made)
    for state in ROAD[ROAD.index(job.state) + 1 : ROAD.index(to) + 1]:
        await _step(line, job, state, now, made)
    found = await line.job(job.id)
    assert found is not None
    assert found.state == to
    return found


async def _end(line: Line, job: Job, to: State, now: float, made: Plan | None) -> Job:
    if to == "failed":
        assert await line.fail(job.id, "DrawFailed", "It came out broken.", now)
    elif to == "cancelled":
        assert await line.cancel(job.id, ADA, now)
    else:
        await lead(line, job, "posting", now, made)
        assert await line.undeliverable(job.id, "NoRights", now)
    found = await line.job(job.id)
    assert found is not None
    return found


async def _step(line: Line, job: Job, state: State, now: float, made: Plan | None) -> None:
    match state:
        case "planned":
            held = await line.claim_plan("planner", now)
            assert held is not None
            assert held.id == job.id
            assert await plan_it(line, held, now, made)
        case "drawn":
            held = await line.claim_draw("drawer", now)
            assert held is not None
            assert held.id == job.id
            ended = await draw_it(line, held, now)
            assert ended is not None
            assert ended.state == "drawn"
        case "posting":
            assert await line.posting(job.id, "token", now)
        case _:
            assert await line.posted(job.id, message=900, channel=8, now=now)


async def accepted(line: Line, wanted: Wish, to: State = "queued", now: float = NOW) -> Job:
    """Accept and lead."""
    made = await line.accept(wanted, now)
    assert made.fresh
    return await lead(line, made.job, to, now)
