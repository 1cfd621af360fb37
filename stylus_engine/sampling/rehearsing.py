"""A schedule is walked once with sixteen numbers in place of a picture, before anybody waits for it.

A checkpoint's scheduler_config.json is anybody's text, and diffusers finds fault with it
where it comes upon it: at the first step, at the last, or never, with NaN for a picture.
Not done: a table of what each scheduler takes, which the next version would make wrong; which
key of a config is to blame is found by leaving each out.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

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
MOST_KEYS, MOST_NAMED, MOST_TEXT = 40, 3, 120
ASTRAY = "the numbers go to infinity on the way"
Config: TypeAlias = Mapping[str, Any]


def astray(plan: Callable[[Config], Schedule], config: Config, channels: int) -> str:
    """Why the schedule that `plan` makes of `config` leads to no finite latents of `channels`; "" = it does.

    Some milliseconds where it does.  Begins with the keys without any of which it would.
    """
    why = why_not(partial(plan, config), channels)
    if not why:
        return ""
    keys = [key for key in list(config)[:MOST_KEYS] if _helps(plan, config, key, channels)]
    return "; ".join(filter(None, (" or ".join(keys[:MOST_NAMED])[:MOST_TEXT], why)))


def _helps(plan: Callable[[Config], Schedule], config: Config, without: str, channels: int) -> bool:
    rest = {key: value for key, value in config.items() if key != without}
    return not why_not(partial(plan, rest), channels)


def why_not(plan: Callable[[], Schedule], channels: int) -> str:
    """What goes wrong on the way, as diffusers says it, in one line; "" = nothing."""
    try:
        return "" if _arrives(plan(), channels) else ASTRAY
    except REFUSED as error:
        said = " ".join(str(error).split()).rstrip(".")
        return said[:MOST_TEXT] or type(error).__name__


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
