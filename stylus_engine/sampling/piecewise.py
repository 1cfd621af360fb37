"""A stage of layers walked tile by tile, as if it had seen the whole picture at once.

What would tell a tile from the whole are the group norms: each of them is given the
statistics of the whole picture, one pass over the tiles for each.  Knows tiles, margins
and norms; never which stage it walks, nor how much memory there is.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import current_thread
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from stylus_engine.sampling.tiles import Box

Stage: TypeAlias = Callable[[Tensor], Tensor]
LEAST = 16  # pixels of a tile without its margin: below, only the margins would be computed


class Tile(NamedTuple):
    """`core` is what this tile answers for; `outer` is what must be looked at to know it."""

    core: Box
    outer: Box

    def kept(self, made: Tensor) -> Tensor:
        """The core's part of what became of `outer`, at whatever scale."""
        return self.place(made.shape[-2] / self.outer.high, inside=True).of(made)

    def place(self, scale: float, *, inside: bool = False) -> Box:
        """Where the core lies in the picture, or in this tile, at another scale."""
        top, left = (self.outer.top, self.outer.left) if inside else (0, 0)
        moved = (self.core.top - top, self.core.left - left, self.core.high, self.core.wide)
        return Box(*(round(each * scale) for each in moved))


def tiled(high: int, wide: int, edge: int, margin: int) -> list[Tile]:
    """Tiles whose cores lie side by side and leave nothing out; all cut at multiples of `margin`'s step."""
    step = max(LEAST, edge - 2 * margin) // LEAST * LEAST
    cores = [
        Box(top, left, min(step, high - top), min(step, wide - left))
        for top in range(0, high, step)
        for left in range(0, wide, step)
    ]
    return [Tile(core, _grown(core, high, wide, margin)) for core in cores]


def through(
    stage: Stage, modules: Iterable[nn.Module], state: Tensor, edge: int, margin: int
) -> Tensor:
    """`stage` of `state` (B, C, h, w), tile by tile, as if it had seen all at once.

    `modules` hold the stage's group norms.
    """
    high, wide = state.shape[-2:]
    tiles = tiled(high, wide, edge, margin)
    with statistics(modules) as known:
        while _learned(stage, state, tiles, known):
            pass
        return _joined(stage, state, tiles)


def _joined(stage: Stage, state: Tensor, tiles: Sequence[Tile]) -> Tensor:
    whole: Tensor | None = None
    for tile in tiles:
        made = stage(tile.outer.of(state))
        scale = made.shape[-2] / tile.outer.high
        if whole is None:
            size = [round(edge * scale) for edge in state.shape[-2:]]
            whole = made.new_empty(*made.shape[:2], *size)
        tile.place(scale).of(whole).copy_(tile.kept(made))
    assert whole is not None  # noqa: S101 - a picture has a tile
    return whole


def _learned(
    stage: Stage, state: Tensor, tiles: Sequence[Tile], known: "dict[nn.GroupNorm, Moments]"
) -> bool:
    """Find the statistics of the first norm on the way that has none; False when all have."""
    met: nn.GroupNorm | None = None
    moments = Moments()
    for tile in tiles:
        try:
            stage(tile.outer.of(state))
        except _Met as here:
            met = here.norm
            moments = moments.with_part(tile.kept(here.inputs), here.norm.num_groups)
        else:
            return False
    if met is not None:
        known[met] = moments
    return met is not None


@dataclass(frozen=True, slots=True)
class Moments:
    """How many numbers, their mean and the sum of squares about it: (B, groups) fp32."""

    count: int = 0
    mean: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def with_part(self, part: Tensor, groups: int) -> "Moments":
        """Of these and of (B, C, h, w) together. Source: Chan, Golub, LeVeque 1979."""
        flat = part.float().reshape(part.shape[0], groups, -1)
        count, mean = flat.shape[-1], flat.mean(dim=-1)
        squares = flat.var(dim=-1, unbiased=False) * count
        apart, total = mean - self.mean, self.count + count
        return Moments(
            total,
            self.mean + apart * (count / total),
            self.squares + squares + apart**2 * (self.count * count / total),
        )

    def normed(self, norm: nn.GroupNorm, inputs: Tensor) -> Tensor:
        """What `norm` would have made of `inputs` had it seen the whole picture."""
        spread = torch.as_tensor(self.squares / self.count + norm.eps).rsqrt()
        each = inputs.shape[1] // norm.num_groups
        mean, spread = (
            value.repeat_interleave(each, dim=1)[..., None, None]
            for value in (torch.as_tensor(self.mean), spread)
        )
        normal = (inputs.float() - mean) * spread
        weight, bias = (value.float()[:, None, None] for value in (norm.weight, norm.bias))
        return normal.mul_(weight).add_(bias).to(inputs.dtype)


class _Met(Exception):  # no error: a norm was reached whose statistics nobody knows yet
    def __init__(self, norm: nn.GroupNorm, inputs: Tensor) -> None:
        super().__init__()
        self.norm, self.inputs = norm, inputs


@contextmanager
def statistics(
    modules: Iterable[nn.Module],
) -> Generator[dict[nn.GroupNorm, Moments], None, None]:
    """Within, every group norm of `modules` goes by what is known of it, or stops the way at its door.

    For this thread alone: another one may decode a preview while this one pauses.
    """
    us = current_thread()
    known: dict[nn.GroupNorm, Moments] = {}

    def enter(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if current_thread() is us and isinstance(norm, nn.GroupNorm) and norm not in known:
            raise _Met(norm, inputs[0])

    def leave(norm: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> Tensor | None:
        if current_thread() is not us or not isinstance(norm, nn.GroupNorm):
            return None
        return known[norm].normed(norm, inputs[0])

    with ExitStack() as hooks:
        for module in modules:
            for norm in module.modules():
                if isinstance(norm, nn.GroupNorm):
                    hooks.callback(norm.register_forward_pre_hook(enter).remove)
                    hooks.callback(norm.register_forward_hook(leave).remove)
        yield known


def _grown(core: Box, high: int, wide: int, margin: int) -> Box:
    top, left = max(0, core.top - margin), max(0, core.left - margin)
    bottom = min(high, core.top + core.high + margin)
    right = min(wide, core.left + core.wide + margin)
    return Box(top, left, bottom - top, right - left)
