"""Stable Diffusion 1.x: a UNet over 4-channel latents, one CLIP text encoder, an AutoencoderKL.

Source of every number: diffusers' `StableDiffusionPipeline`, which the oracle runs.
"""

# diffusers and transformers type their `from_pretrained`, `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.autoencoder import drawn, latent_shape, shown
from stylus_engine.sampling.families.folders import (
    model,
    opened,
    resting,
    scheduler_config,
    upcast,
)
from stylus_engine.sampling.families.parts import Parts, Told, Under
from stylus_engine.sampling.families.single import SingleFile, tokenizer
from stylus_engine.sampling.families.words import padded

__all__ = ["check", "compress", "decode", "denoise", "encode", "latent_shape", "load", "token_ids"]

READABLE = (4, 9)  # channels; an inpainting UNet reads a mask and the masked picture besides


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Parts:
    """A diffusers pipeline folder or a single file: local, safetensors only. Raises `BadCheckpoint`."""
    parts = opened(
        checkpoint, lambda folder: _read(folder, checkpoint, dtype, torch.device(device))
    )
    check(parts)
    return parts


def token_ids(parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask of the truncated, padded texts, both int64 of shape (B, 77)."""
    return padded(parts.tokenizer, texts, parts.tokenizer.model_max_length)


def encode(parts: Parts, texts: list[str], under: Under) -> list[Told]:
    """The last hidden states, after the final norm, shape (1, 77, width); clip-skip none.

    CLIP attends over its padding: checkpoints were trained so, and only a config
    with `use_attention_mask` says otherwise.
    """
    ids, mask = (each.to(parts.device) for each in token_ids(parts, texts))
    masked = getattr(parts.text_encoder.config, "use_attention_mask", False)

    def forward(rows: list[int]) -> Tensor:
        return parts.text_encoder(ids[rows], attention_mask=mask[rows] if masked else None)[0]

    return [Told(states[None]) for states in under("text_encoder", forward)]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
    """Latents (B, 4 or 9, h, w), timesteps (B,), states (B, 77, width) -> prediction (B, 4, h, w).

    Latents and prediction are fp32; between them the model's own precision.
    """
    inner = latents.to(parts.dtype)
    (predicted,) = parts.unet(
        inner, timesteps, encoder_hidden_states=told.states, return_dict=False
    )
    return predicted.float()


def compress(parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents (1, 4, h, w)."""
    return drawn(parts, pixels, generator) * parts.vae.config.scaling_factor


def decode(parts: Parts, latents: Tensor) -> Tensor:
    """Latents (B, 4, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
    return shown(parts, latents / parts.vae.config.scaling_factor)


def check(parts: Parts) -> None:
    """Raise `BadCheckpoint` for a UNet that asks for more than this file tells it."""
    if parts.unet.config.in_channels not in READABLE:
        why = f"its UNet reads {parts.unet.config.in_channels} channels where 4 or 9 are needed"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)
    if parts.unet.config.time_cond_proj_dim is not None:
        why = "its UNet was distilled to read the guidance itself"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)


def _read(folder: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    unet, vae, text_encoder, words, config = (
        _from_file(folder, dtype) if folder.is_file() else _from_folder(folder, dtype)
    )
    return Parts(
        unet=resting(unet, device),
        vae=resting(upcast(vae, dtype), device),
        text_encoder=resting(text_encoder, device),
        tokenizer=words,
        scheduler_config=_repaired(config),
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
    )


def _from_folder(folder: Path, dtype: torch.dtype) -> tuple[Any, ...]:
    return (
        model(UNet2DConditionModel, folder / "unet", torch_dtype=dtype),
        model(AutoencoderKL, folder / "vae", torch_dtype=torch.float32),
        model(CLIPTextModel, folder / "text_encoder", dtype=dtype),
        CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        scheduler_config(folder),
    )


def _from_file(path: Path, dtype: torch.dtype) -> tuple[Any, ...]:
    file = SingleFile.read(path, "sd1")
    return (
        file.model(UNet2DConditionModel, "unet", dtype),
        file.model(AutoencoderKL, "vae", torch.float32),
        file.encoder(CLIPTextModel, "text_encoder", dtype),
        tokenizer(),
        file.scheduler_config,
    )


def _repaired(config: dict[str, Any]) -> dict[str, Any]:
    """The two repairs that `StableDiffusionPipeline.__init__` makes to the configs of old checkpoints."""
    repaired = {"steps_offset": 1, "clip_sample": False}
    return config | {key: repaired[key] for key in repaired.keys() & config.keys()}
