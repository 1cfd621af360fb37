"""Recipes and seeds become shots."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle

from msgspec.structs import replace

from stylus_engine.errors import OutOfRange
from stylus_engine.model import LIMITS, Checkpoint, Mask, Plan, Request, Shot, Start
from stylus_engine.model.request import ratio
from stylus_engine.planning.pace import pace
from stylus_engine.planning.presets import Preset
from stylus_engine.planning.recipes import Fits, recipe


def seeds(first: int, count: int) -> tuple[int, ...]:
    """Image i (1-based) has seed first + i - 1, modulo 2^32."""
    return tuple((first + i) % (LIMITS.seed + 1) for i in range(count))


def size(request: Request, checkpoint: Checkpoint) -> tuple[int, int]:
    """(width, height) in pixels: as asked, else as the picture is shaped that it starts from.

    Raises `OutOfRange` for edges the checkpoint cannot draw.
    """
    if not (request.width or request.height):
        shape = ratio(request.aspect) if request.aspect else _shape(request.start)
        return _shaped(shape, checkpoint)
    edges = (request.width or checkpoint.size, request.height or checkpoint.size)
    for what, edge in zip(("Width", "Height"), edges, strict=True):
        if edge % checkpoint.multiple or edge < checkpoint.multiple:
            raise _off_grid(what, edge, checkpoint.multiple)
    return edges


def strengths(masks: Sequence[Mask], again: Sequence[float]) -> Iterator[float]:
    """Of each picture of a grid, 1 = as planned: a mask that comes again takes the next of `again`, round and round.

    Where a plan has fewer masks than the grid has pictures, seeds alone would differ.
    """
    seen: Counter[Mask] = Counter()
    for mask in masks:
        yield again[seen[mask] % len(again)]
        seen[mask] += 1


def shots(  # noqa: PLR0913  the whole of what decides a grid, and nothing that could be derived
    request: Request,
    plan: Plan,
    masks: Sequence[Mask],
    *,
    checkpoint: Checkpoint,
    preset: Preset,
    fits: Fits,
    job: str,
    preview_every: int = 0,
) -> tuple[Shot, ...]:
    """One shot for each mask, in the order of the grid."""
    width, height = size(request, checkpoint)
    steps, guidance, sampler = pace(request, plan.fast, checkpoint)
    numbers = seeds(request.seed, len(masks))
    strong = cycle(request.strengths) if request.strengths else strengths(masks, preset.again)
    return tuple(
        Shot(
            id=f"{job}-{index + 1}",
            job=job,
            index=index,
            recipe=recipe(request, plan, mask, preset, fits, strength),
            seed=seed,
            checkpoint=checkpoint.id,
            width=width,
            height=height,
            steps=steps,
            guidance=guidance,
            sampler=checkpoint.drawn_with(sampler),
            start=_on_grid(request.start, checkpoint),
            preview_every=preview_every,
        )
        for index, (mask, seed, strength) in enumerate(zip(masks, numbers, strong, strict=False))
    )


def _shape(start: Start | None) -> float:
    """Width over height of the picture that is started from; a longer strip is cut."""
    if start is None or not (start.width and start.height):
        return 1.0
    return min(max(start.width / start.height, 1 / LIMITS.aspect), LIMITS.aspect)


def _shaped(ratio: float, checkpoint: Checkpoint) -> tuple[int, int]:
    """The checkpoint's own area in another shape, each edge on its grid."""
    step = checkpoint.multiple
    wide, high = checkpoint.size * math.sqrt(ratio), checkpoint.size / math.sqrt(ratio)
    return max(step, round(wide / step) * step), max(step, round(high / step) * step)


def _on_grid(start: Start | None, checkpoint: Checkpoint) -> Start | None:
    """Squares of a picture that another checkpoint drew: cut to what this one draws in."""
    if start is None or not start.tile:
        return start
    step = checkpoint.multiple
    return replace(start, tile=max(step, start.tile // step * step))


def _off_grid(what: str, edge: int, multiple: int) -> OutOfRange:
    return OutOfRange(
        what=f"{what} (a multiple of {multiple})",
        value=edge,
        low=multiple,
        high=LIMITS.edge,
    )
