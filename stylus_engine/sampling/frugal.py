"""A VAE that never holds a whole picture at its widest, and yet draws the very same one.

The wide layers are walked `piecewise`, over tiles with a margin as broad as they look;
how many of them, and how large a tile may be, is decided here.  Not done: diffusers'
`enable_tiling`, whose tiles have statistics of their own and blend what disagrees
(measured on the miniature: 4 to 8 levels of 255 on average; this: none).  The price is
time, so a picture that fits is decoded as ever.
"""

# diffusers' blocks are typed loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false, reportAny=false

import math
from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor

from stylus_engine.sampling.families.parts import Wings
from stylus_engine.sampling.piecewise import through

COPIES = (
    4  # tensors of a layer's size that are alive at once: in, normed, out, and a convolution's own
)


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
