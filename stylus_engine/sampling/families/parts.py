"""A loaded checkpoint, and what a family file must be able to do with it."""

# diffusers exports its classes lazily, which a type checker takes for private.
# pyright: reportPrivateImportUsage=false

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.factors import Component


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of one checkpoint: in eval mode, without gradients, on one device, in one dtype.

    `scheduler_config` is the folder's own, with the two repairs that the plain
    pipeline makes; every slot builds its scheduler from it.
    """

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler_config: Mapping[str, Any]
    checkpoint: Checkpoint
    dtype: torch.dtype
    device: torch.device

    @property
    def modules(self) -> dict[Component, nn.Module]:
        """The modules that adapters can change."""
        return {"unet": self.unet, "text_encoder": self.text_encoder}


class Family(Protocol):
    """What differs between model families: one module of plain functions each."""

    def load(
        self,
        checkpoint: Checkpoint,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Parts:
        """Read a folder from disk, never from a network. Raises `BadCheckpoint`."""
        ...

    def token_ids(self, parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Ids and attention mask of the truncated, padded texts, both int64 of shape (B, window)."""
        ...

    def encode(self, parts: Parts, ids: Tensor, mask: Tensor) -> Tensor:
        """Texts as the denoiser reads them, shape (B, window, width)."""
        ...

    def denoise(self, parts: Parts, latents: Tensor, timesteps: Tensor, texts: Tensor) -> Tensor:
        """One forward for B rows, each at its own timestep; fp32 in and out."""
        ...

    def compress(self, parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents, drawn from what the encoder says."""
        ...

    def decode(self, parts: Parts, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
        ...

    def latent_shape(self, parts: Parts, width: int, height: int) -> tuple[int, int, int, int]:
        """Shape (1, C, h, w) of the latents of a picture of width x height pixels."""
        ...
