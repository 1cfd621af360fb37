"""A schedule is walked once with sixteen numbers in place of a picture, before anybody waits for it.

A checkpoint's scheduler_config.json is anybody's text, and diffusers finds fault with it
where it comes upon it: at the first step, at the last, or never, with NaN for a picture.
Not done: a table of what each scheduler takes, which the next version would make wrong.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from stylus_engine.sampling.schedules import Schedule

REFUSED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
EDGE = 2


def walkable(plan: Callable[[], Schedule], channels: int) -> bool:
    """Whether `plan` makes a schedule that leads from noise to finite latents of `channels`. Some milliseconds."""
    try:
        return _arrives(plan(), channels)
    except REFUSED:
        return False


def _arrives(schedule: Schedule, channels: int) -> bool:
    dice = torch.Generator().manual_seed(0)
    noise = torch.randn(1, channels, EDGE, EDGE, generator=dice)
    latents, seen = schedule.start(noise), [schedule.noised(torch.zeros_like(noise), noise)]
    while not schedule.done:
        scaled = schedule.scaled(latents)
        latents, expected = schedule.step(torch.sin(scaled), latents, dice)
        seen += [scaled, latents, expected]
    return all(_sound(each, noise) for each in seen)


def _sound(tensor: Tensor, like: Tensor) -> bool:
    alike = (tensor.shape, tensor.dtype) == (like.shape, like.dtype)
    return alike and bool(torch.isfinite(tensor).all())
