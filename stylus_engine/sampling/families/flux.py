"""FLUX.1: a transformer over 2x2 patches of 16-channel latents, read together with T5's text.

What differs from the UNets: words come from T5 (up to 512 tokens), CLIP gives its pooled
text alone; the denoiser predicts a velocity (`flow.py`); it was distilled to draw without
a second, negative row.  *dev* reads the guidance as a number, *schnell* reads none.
Outside of this file latents are a picture (B, 16, h, w): masks, squares and previews
need not know of patches.  Source of every number: diffusers' `FluxPipeline`, which the
oracle runs.
"""

# diffusers and transformers type their `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.autoencoder import drawn, latent_shape, shown
from stylus_engine.sampling.families.folders import (
    model,
    opened_flowing,
    resting,
    scheduler_config,
    upcast,
)
from stylus_engine.sampling.families.parts import Parts, Told, Under
from stylus_engine.sampling.families.transformer_file import transformer_of
from stylus_engine.sampling.families.words import padded

__all__ = ["compress", "decode", "denoise", "encode", "latent_shape", "load", "token_ids"]

PATCH = 2  # latents on an edge of one token
WINDOW = 512  # tokens of T5, unless the folder's tokenizer says fewer


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Parts:
    """A diffusers pipeline folder, or a transformer's file in one. Raises `BadCheckpoint`.

    fp16 is drawn in bf16: FLUX.1 was trained in it, and T5 overflows in fp16.
    """
    parts = opened_flowing(
        checkpoint, dtype, lambda path, kept: _read(path, checkpoint, kept, torch.device(device))
    )
    _check(parts)
    return parts


def token_ids(parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
    """T5's ids and attention mask of the truncated, padded texts, both int64 of shape (B, window)."""
    words = parts.tokenizer_2
    return padded(words, texts, min(WINDOW, words.model_max_length))


def encode(parts: Parts, texts: list[str], under: Under) -> list[Told]:
    """T5's last states (1, window, width) and CLIP's pooled text (1, width).

    T5 attends over its padding: the model was trained so.
    """
    long = token_ids(parts, texts)[0].to(parts.device)
    window = parts.tokenizer.model_max_length
    short = padded(parts.tokenizer, texts, window)[0].to(parts.device)

    def pooled(rows: list[int]) -> Tensor:
        return parts.text_encoder(short[rows]).pooler_output

    def states(rows: list[int]) -> Tensor:
        return parts.text_encoder_2(long[rows])[0]

    both = zip(under("text_encoder_2", states), under("text_encoder", pooled), strict=True)
    return [Told(words[None], whole[None]) for words, whole in both]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
    """Latents (B, 16, h, w), timesteps (B,) from 1000 to 0 -> velocity (B, 16, h, w); both fp32."""
    high, wide = (edge // PATCH for edge in latents.shape[-2:])
    words = torch.zeros(told.states.shape[1], 3, device=parts.device)
    (predicted,) = parts.unet(
        hidden_states=packed(latents).to(parts.dtype),
        timestep=timesteps / 1000,
        guidance=told.guidance if parts.unet.config.guidance_embeds else None,
        pooled_projections=told.pooled,
        encoder_hidden_states=told.states,
        txt_ids=words,
        img_ids=places(high, wide).to(parts.device),
        return_dict=False,
    )
    return unpacked(predicted.float(), high, wide)


def compress(parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents (1, 16, h, w)."""
    latents = drawn(parts, pixels, generator)
    return (latents - parts.vae.config.shift_factor) * parts.vae.config.scaling_factor


def decode(parts: Parts, latents: Tensor) -> Tensor:
    """Latents (B, 16, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
    return shown(parts, latents / parts.vae.config.scaling_factor + parts.vae.config.shift_factor)


def packed(latents: Tensor) -> Tensor:
    """(B, C, h, w) -> tokens (B, h/2 · w/2, 4 C): a token is one channel's four latents after another's."""
    rows, channels, high, wide = latents.shape
    patches = latents.view(rows, channels, high // PATCH, PATCH, wide // PATCH, PATCH)
    tokens = patches.permute(0, 2, 4, 1, 3, 5)
    return tokens.reshape(rows, (high // PATCH) * (wide // PATCH), channels * PATCH**2)


def unpacked(tokens: Tensor, high: int, wide: int) -> Tensor:
    """The other way; `high` and `wide` in tokens."""
    rows, _, width = tokens.shape
    patches = tokens.view(rows, high, wide, width // PATCH**2, PATCH, PATCH)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(rows, -1, high * PATCH, wide * PATCH)


def places(high: int, wide: int) -> Tensor:
    """Where each token stands, fp32 (high · wide, 3): nothing, its row, its column."""
    rows, columns = torch.arange(high), torch.arange(wide)
    return torch.cartesian_prod(torch.zeros(1), rows.float(), columns.float())


def _read(path: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    folder = path.parent if path.is_file() else path
    vae = model(AutoencoderKL, folder / "vae", torch_dtype=torch.float32)
    found: dict[str, Any] = {
        "unet": transformer_of(path, "flux1", dtype)
        if path.is_file()
        else model(FluxTransformer2DModel, folder / "transformer", torch_dtype=dtype),
        "vae": upcast(vae, dtype),
        "text_encoder": model(CLIPTextModel, folder / "text_encoder", dtype=dtype),
        "text_encoder_2": model(T5EncoderModel, folder / "text_encoder_2", dtype=dtype),
    }
    return Parts(
        **{name: resting(module, device) for name, module in found.items()},
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        tokenizer_2=T5Tokenizer.from_pretrained(folder / "tokenizer_2", local_files_only=True),
        scheduler_config=scheduler_config(folder),
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
        denoiser="transformer",
        adapted=("text_encoder", "text_encoder_2"),
        distilled=True,
        reader="tokenizer_2",
    )


def _check(parts: Parts) -> None:
    reads, needed = parts.unet.config.in_channels, parts.vae.config.latent_channels * PATCH**2
    if reads != needed:
        why = f"its transformer reads {reads} channels where {needed} are needed (a Fill, Depth or Canny model)"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)
    if parts.vae.config.shift_factor is None:
        raise BadCheckpoint(path=parts.checkpoint.path, why="its VAE states no shift")
