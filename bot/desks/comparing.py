"""One arrangement of a job, or two beside each other: presets with the same seeds."""

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from stylus_engine.engine import Arrangement
from stylus_engine.model import Liking, Plan, Request, Shot
from stylus_engine.workers.frames import Arrange


class Arranging(Protocol):
    """What is asked of the engine."""

    async def arrange(
        self,
        request: Request,
        job: str,
        *,
        plan: Plan | None = None,
        masks: Sequence[str] | None = None,
        order_seed: int | None = None,
        likes: Sequence[Liking] = (),
    ) -> Arrangement:
        """See `Engine.arrange`."""
        ...


async def arranged(engine: Arranging, asked: Arrange) -> Arrangement:
    """What the frame asks for."""
    if asked.arms:
        return beside([await _arm(engine, asked, preset) for preset in asked.arms])
    return await engine.arrange(
        asked.request,
        asked.job,
        plan=asked.plan,
        masks=asked.masks,
        order_seed=asked.order_seed,
        likes=asked.likes,
    )


async def _arm(engine: Arranging, asked: Arrange, preset: str) -> Arrangement:
    request = replace(asked.request, preset=preset)
    return await engine.arrange(request, asked.job, order_seed=asked.order_seed, likes=asked.likes)


def beside(arms: Sequence[Arrangement]) -> Arrangement:
    """All pictures as one grid, arm after arm. No order: nothing is derived from a comparison."""
    shots: list[Shot] = []
    for arm in arms:
        shots += [_moved(shot, len(shots) + place) for place, shot in enumerate(arm.shots)]
    return Arrangement(plan=arms[0].plan, order=(), total=1, shots=tuple(shots))


def _moved(shot: Shot, index: int) -> Shot:
    return replace(shot, id=f"{shot.job}-{index + 1}", index=index)
