"""Squares of one picture: a denoiser sees its own size only, and their overlaps agree each step.

MultiDiffusion (Bar-Tal et al. 2023) over the latents: at every step all squares are
predicted, overlaps are averaged, the whole takes one step.  Not done: decoding each
square by itself and blending pixels, which leaves seams and doubles what lies on them.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

OVERLAP = 0.25  # of a square's edge, at least


class Box(NamedTuple):
    """A square of the latents."""

    top: int
    left: int
    high: int
    wide: int

    def of(self, latents: Tensor) -> Tensor:
        """The part of (B, C, h, w) inside."""
        return latents[..., self.top : self.top + self.high, self.left : self.left + self.wide]


def boxes(high: int, wide: int, tile: int) -> tuple[Box, ...]:
    """Squares that cover everything, evenly spread; one of the whole for `tile` 0."""
    edges = (min(tile, high), min(tile, wide)) if tile else (high, wide)
    return tuple(
        Box(top, left, *edges)
        for top in _starts(high, edges[0])
        for left in _starts(wide, edges[1])
    )


def blended(parts: Sequence[Tensor], where: Sequence[Box], like: Tensor) -> Tensor:
    """One prediction of the shape of `like` out of those of its squares."""
    if len(parts) == 1:
        return parts[0]
    total, weight = torch.zeros_like(like), torch.zeros_like(like[:, :1])
    for part, box in zip(parts, where, strict=True):
        window = _window(box.high, box.wide).to(like.device)
        box.of(total).add_(part * window)
        box.of(weight).add_(window)
    return total / weight


def _starts(length: int, edge: int) -> list[int]:
    if edge >= length:
        return [0]
    count = math.ceil((length - edge) / (edge * (1 - OVERLAP))) + 1
    return [round(number * (length - edge) / (count - 1)) for number in range(count)]


def _window(high: int, wide: int) -> Tensor:
    """The nearer to its middle, the more a square says."""
    return _slope(high)[:, None] * _slope(wide)


def _slope(length: int) -> Tensor:
    steps = torch.arange(length, dtype=torch.float32)
    return torch.minimum(steps + 1, length - steps)
