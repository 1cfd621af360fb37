"""A VAE that never holds a whole picture at its widest, and yet draws the very same one.

The wide layers run over tiles with a margin as broad as they look; what would tell a
tile from the whole are the group norms, so each of them is given the statistics of
the whole picture, one pass over the tiles for each.  Not done: diffusers'
`enable_tiling`, whose tiles have statistics of their own and blend what disagrees
(measured on the miniature: 4 to 8 levels of 255 on average; this: none).  The price is
time, so a picture that fits is decoded as ever.
"""

# diffusers' blocks are typed loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false, reportAny=false

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import current_thread
from typing import Any, NamedTuple, TypeAlias

import torch
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

from stylus_engine.sampling.families.parts import Wings
from stylus_engine.sampling.tiles import Box

Stage: TypeAlias = Callable[[Tensor], Tensor]
COPIES = (
    4  # tensors of a layer's size that are alive at once: in, normed, out, and a convolution's own
)
LEAST = 16  # pixels of a tile without its margin: below, only the margins would be computed


class Frugal:
    """Stands in for `vae` where a family decodes or compresses; holds at most about `most` bytes."""

    def __init__(self, vae: AutoencoderKL, most: int, wings: Wings | None = None) -> None:
        """`wings`: where the VAE waits until it is used."""
        self._vae: Any = vae  # typed for two APIs
        self._most = most
        self._wings = wings

    @property
    def config(self) -> Any:  # noqa: ANN401 - diffusers' own
        """The VAE's."""
        return self._vae.config

    @property
    def dtype(self) -> torch.dtype:
        """The VAE's."""
        return self._vae.dtype

    def decode(self, latents: Tensor, *, return_dict: bool = False) -> tuple[Tensor]:
        """Latents (B, C, h, w) -> pixels (B, 3, H, W), as the VAE's own method without a dict."""
        peaks = decoding(self._vae, latents)
        if max(peaks) <= self._most or not _known(self._vae):
            return self._vae.decode(latents, return_dict=return_dict)
        self._enter()
        decoder: Any = self._vae.decoder
        into = latents if self._vae.post_quant_conv is None else self._vae.post_quant_conv(latents)
        whole = fitting(peaks, self._most // 2)
        state = decoder.mid_block(decoder.conv_in(into))
        for block in decoder.up_blocks[:whole]:
            state = block(state)
        rest = decoder.up_blocks[whole:]

        def stage(tile: Tensor) -> Tensor:
            for block in rest:
                tile = block(tile)
            return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(tile)))

        edge = self._edge(state, max(peaks[whole:]))
        return (through(stage, (*rest, decoder.conv_norm_out), state, edge, _margin_up(rest)),)

    def encode(
        self, pixels: Tensor, *, return_dict: bool = False
    ) -> tuple[DiagonalGaussianDistribution]:
        """Pixels (B, 3, H, W) -> what the encoder says of the latents."""
        peaks = encoding(self._vae, pixels)
        if max(peaks) <= self._most or not _known(self._vae):
            return self._vae.encode(pixels, return_dict=return_dict)
        self._enter()
        encoder: Any = self._vae.encoder
        tiled = len(peaks) - fitting(peaks[::-1], self._most // 2)
        first = encoder.down_blocks[:tiled]

        def stage(tile: Tensor) -> Tensor:
            tile = encoder.conv_in(tile)
            for block in first:
                tile = block(tile)
            return tile

        edge = self._edge(pixels, max(peaks[:tiled]))
        state = through(stage, first, pixels, edge, _margin_down(first))
        for block in encoder.down_blocks[tiled:]:
            state = block(state)
        state = encoder.conv_act(encoder.conv_norm_out(encoder.mid_block(state)))
        said = encoder.conv_out(state)
        if self._vae.quant_conv is not None:
            said = self._vae.quant_conv(said)
        return (DiagonalGaussianDistribution(said),)

    def _enter(self) -> None:
        if self._wings is not None:
            self._wings.enter(self._vae)

    def _edge(self, state: Tensor, peak: float) -> int:
        """The edge of a square of `state` whose way through the wide layers fits into half of the room."""
        share = min(1.0, self._most / 2 / peak)
        return math.floor(math.sqrt(share * state.shape[-1] * state.shape[-2]))


def decoding(vae: Any, latents: Tensor) -> list[float]:  # noqa: ANN401 - as above
    """Bytes that each block of the decoder needs at once."""
    widths = [*reversed(vae.config.block_out_channels)]
    pixels, peaks, before = latents[:, 0].numel(), list[float](), widths[0]
    for number, width in enumerate(widths):
        pixels *= 4 if number < len(widths) - 1 else 1
        wide = width if number < len(widths) - 1 else max(before, width)
        peaks.append(COPIES * wide * pixels * vae.dtype.itemsize)
        before = width
    return peaks


def encoding(vae: Any, pixels: Tensor) -> list[float]:  # noqa: ANN401 - as above
    """Bytes that each block of the encoder needs at once."""
    size = pixels[:, 0].numel() * vae.dtype.itemsize * COPIES
    return [size * width / 4**number for number, width in enumerate(vae.config.block_out_channels)]


def fitting(peaks: Sequence[float], most: float) -> int:
    """How many blocks, from the narrow end on, may see the whole picture."""
    count = 0
    while count < len(peaks) - 1 and peaks[count] <= most:
        count += 1
    return count


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


def _margin_up(blocks: Sequence[Any]) -> int:
    """How far the way from these blocks to the pixels looks, in pixels before it."""
    margin = 1
    for block in reversed(blocks):
        if block.upsamplers is not None:
            margin = math.ceil((margin + 1) / 2)
        margin += 2 * len(block.resnets)
    return margin


def _margin_down(blocks: Sequence[Any]) -> int:
    """How far the way into these blocks looks, in pixels before it; whole pixels at its end."""
    margin = 0
    for block in reversed(blocks):
        if block.downsamplers is not None:
            margin = 2 * margin + 2
        margin += 2 * len(block.resnets)
    step = 2 ** len(blocks)
    return math.ceil((margin + 1) / step) * step


def _known(vae: Any) -> bool:  # noqa: ANN401 - as above
    """Whether all is as this file expects: nothing but convolutions and group norms beside the middle."""
    blocks = (*vae.decoder.up_blocks, *vae.encoder.down_blocks)
    return all(hasattr(block, "resnets") and not hasattr(block, "attentions") for block in blocks)
