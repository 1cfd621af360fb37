"""What a button makes of its source: pure, once the rows are read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
from ulid import ULID

from bot.jobs.masks import next_serials
from bot.jobs.nouns import Job, Position, Wish
from bot.refusals import Compared, NotFinished, NothingToChange
from stylus_engine.model import LIMITS, Mask, Plan, Request
from stylus_engine.planning.starting import STRONG, SUBTLE, doubling, varying


@dataclass(frozen=True, slots=True)
class Source:
    """All that a derived job takes over, as it is when the button is pressed.

    `taken` are the serials that the root has given away; `step` its count of pictures.
    """

    job: Job
    positions: Sequence[Position]
    taken: Collection[int]
    step: int


@dataclass(frozen=True, slots=True)
class Derived:
    """The request, the round, and the positions; pictures in them make the job `drawn`."""

    request: Request
    round: int
    positions: tuple[Position, ...]


def derive(wish: Wish, source: Source, job: str) -> Derived:
    """Raises `NotFinished`, `NothingToChange`, `Compared`."""
    _whole(wish, source.job)
    if not source.positions or source.job.plan is None:
        raise NotFinished(job=source.job.id)
    match wish.action:
        case "single" | "show":
            return _again(wish, source, job)
        case "mask":
            return _next_masks(wish, source, source.job.plan, job)
        case "keep":
            masks = [_kept(wish, source.job.plan, source.job.id)] * len(source.positions)
            return _same_round(_afresh(wish.request), source, job, masks)
        case "vary" | "subtle" | "upscale":
            return _onward(wish, source, job)
        case _:
            masks = [position.mask for position in source.positions]
            return _same_round(_new_seed(wish.request, source, job), source, job, masks)


def _whole(wish: Wish, job: Job) -> None:
    """Two plans in one job lead nowhere; pictures that never stood anywhere may be shown."""
    if job.action == "compare" and (wish.action, job.state) != ("show", "undeliverable"):
        raise Compared


def _again(wish: Wish, source: Source, job: str) -> Derived:
    """Pictures that exist. A single one stands at position 0 and brings its own seed."""
    if wish.action == "show":
        drawn = [position for position in source.positions if position.picture]
        if not drawn:
            raise NotFinished(job=source.job.id)
        return Derived(source.job.request, source.job.round, _moved(drawn, job))
    one = _picture(wish, source)
    seed = one.shot.seed if one.shot else wish.request.seed
    strengths = (one.shot.recipe.strength,) if one.shot else ()
    request = msgspec.structs.replace(wish.request, count=1, seed=seed, strengths=strengths)
    only = msgspec.structs.replace(one, index=0)
    return Derived(request, source.job.round, _moved([only], job))


def _onward(wish: Wish, source: Source, job: str) -> Derived:
    """Drawn on from a picture that exists, with its own mask. Raises `OutOfRange` for one too large."""
    one = _picture(wish, source)
    if one.picture is None:
        raise NotFinished(job=source.job.id)
    if wish.action == "upscale":
        request = doubling(wish.request, one.picture)
    else:
        strength = STRONG if wish.action == "vary" else SUBTLE
        request = varying(wish.request, one.picture, strength)
    return _same_round(request, source, job, [one.mask] * request.count)


def _moved(positions: Sequence[Position], job: str) -> tuple[Position, ...]:
    return tuple(msgspec.structs.replace(p, job=job, serial=None) for p in positions)


def _picture(wish: Wish, source: Source) -> Position:
    for position in source.positions:
        if position.index == wish.index and position.picture is not None:
            return position
    raise NotFinished(job=source.job.id)


def _next_masks(wish: Wish, source: Source, plan: Plan, job: str) -> Derived:
    """In a new round every seed moves on by the root's count, so nothing is drawn twice."""
    order = source.job.order
    if not plan.tasks or not order:
        raise NothingToChange(job=source.job.id)
    serials = next_serials(source.taken, len(order), wish.request.count)
    number = serials[0] // len(order)
    ahead = source.step * (number - source.job.round)
    seed = (wish.request.seed + ahead) % (LIMITS.seed + 1)
    cells = tuple(
        Position(job=job, index=index, mask=order[serial % len(order)], serial=serial)
        for index, serial in enumerate(serials)
    )
    return Derived(_afresh(wish.request, seed), number, cells)


def _afresh(request: Request, seed: int | None = None) -> Request:
    """With other masks: how strong one picture of the source was says nothing of these."""
    seed = request.seed if seed is None else seed
    return msgspec.structs.replace(request, seed=seed, strengths=())


def _kept(wish: Wish, plan: Plan, source: str) -> str:
    """The chosen mask, if it is one of this plan."""
    shape = [len(task.choices) for task in plan.tasks]
    try:
        mask = Mask.parse(wish.mask or "")
    except ValueError as error:
        raise NothingToChange(job=source) from error
    if not shape or [len(group) for group in mask.bits] != shape:
        raise NothingToChange(job=source)
    return mask.code


def _new_seed(request: Request, source: Source, job: str) -> Request:
    """🎲 without a seed of its own takes the random end of the new job's id."""
    if request.seed != source.job.request.seed:
        return request
    seed = int(ULID.from_str(job)) % (LIMITS.seed + 1)
    return msgspec.structs.replace(request, seed=seed)


def _same_round(request: Request, source: Source, job: str, masks: Sequence[str]) -> Derived:
    cells = tuple(
        Position(job=job, index=index, mask=mask, serial=None) for index, mask in enumerate(masks)
    )
    return Derived(request, source.job.round, cells)
