"""What is the same in every AutoencoderKL: how it says latents, how it shows them, how far it shrinks an edge.

How latents are normed between the two differs, and stands with each family.
"""

# diffusers types its `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false, reportAny=false

from typing import Any

import torch
from torch import Tensor

from stylus_engine.sampling.families.parts import Parts


def drawn(parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents (1, C, h, w) as the encoder has them.

    The encoder says a mean and a width; the draw between them is fp32 on the CPU.
    """
    (posterior,) = parts.vae.encode(pixels.to(parts.device, parts.vae.dtype), return_dict=False)
    noise = torch.randn(posterior.mean.shape, generator=generator, dtype=torch.float32)
    return posterior.mean.float() + posterior.std.float() * noise.to(parts.device)


def shown(parts: Parts, inner: Tensor) -> Tensor:
    """Latents (B, C, h, w) as the decoder reads them -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
    vae: Any = parts.vae  # its decode asks for a `FloatTensor`, a type that no tensor has
    (pixels,) = vae.decode(inner.to(vae.dtype), return_dict=False)
    return pixels.float() / 2 + 0.5


def shrinking(parts: Parts) -> int:
    """Pixels on an edge of one latent: the VAE halves the edges once per block but the first."""
    return 2 ** (len(parts.vae.config.block_out_channels) - 1)


def latent_shape(parts: Parts, width: int, height: int) -> tuple[int, int, int, int]:
    """Shape (1, C, h, w) of the latents of a picture of width x height pixels."""
    edge = shrinking(parts)
    return 1, parts.vae.config.latent_channels, height // edge, width // edge
