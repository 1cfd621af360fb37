"""Stable Diffusion XL (Pony and Illustrious too): a UNet that reads two text encoders, a pooled text and sizes.

What differs from SD 1 (arXiv 2307.01952, 2.1-2.3): the hidden states before the last
layer of *both* CLIPs, side by side; beside the timestep the second one's pooled text and
six numbers, the size of the picture, where it was cropped and how large it shall be.
Those states are what other programs call clip-skip 2, which Pony and Illustrious ask for:
they need nothing of their own.  Source of every number: diffusers'
`StableDiffusionXLPipeline`, which the oracle runs.
"""

# diffusers and transformers type their `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false, reportAny=false

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.autoencoder import drawn, latent_shape, shown, shrinking
from stylus_engine.sampling.families.folders import (
    model,
    opened,
    resting,
    scheduler_config,
    upcast,
)
from stylus_engine.sampling.families.parts import Parts, Told, Under
from stylus_engine.sampling.families.sd1 import check, token_ids
from stylus_engine.sampling.families.single import PADDING, SingleFile, tokenizer
from stylus_engine.sampling.families.words import padded

__all__ = ["compress", "decode", "denoise", "encode", "latent_shape", "load", "token_ids"]

ENCODERS = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
SIZES = 6  # height and width of the picture, top and left of its crop, height and width to draw


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
    _check_sizes(parts)
    return parts


def encode(parts: Parts, texts: list[str], under: Under) -> list[Told]:
    """Both encoders' states before the last layer, (1, 77, width + width 2), and the pooled text.

    An empty negative is encoded like any other text, as A1111 and ComfyUI do and as
    diffusers does when it is given one; only left away is it zeros there.
    """
    first = token_ids(parts, texts)[0].to(parts.device)
    window = parts.tokenizer_2.model_max_length
    second = padded(parts.tokenizer_2, texts, window)[0].to(parts.device)

    def narrow(rows: list[int]) -> Tensor:
        return parts.text_encoder(first[rows], output_hidden_states=True).hidden_states[-2]

    def wide(rows: list[int]) -> list[tuple[Tensor, Tensor]]:
        out = parts.text_encoder_2(second[rows], output_hidden_states=True)
        return list(zip(out.hidden_states[-2], out.text_embeds, strict=True))

    both = zip(under("text_encoder", narrow), under("text_encoder_2", wide), strict=True)
    return [
        Told(torch.cat([states, states_2], dim=-1)[None], pooled[None])
        for states, (states_2, pooled) in both
    ]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
    """Latents (B, 4 or 9, h, w), timesteps (B,) -> prediction (B, 4, h, w); both fp32.

    The sizes are those of the picture that is drawn, uncropped.
    """
    edge = shrinking(parts)
    height, width = latents.shape[-2] * edge, latents.shape[-1] * edge
    sizes = torch.tensor([height, width, 0, 0, height, width]).to(parts.device, parts.dtype)
    (predicted,) = parts.unet(
        latents.to(parts.dtype),
        timesteps,
        encoder_hidden_states=told.states,
        added_cond_kwargs={
            "text_embeds": told.pooled,
            "time_ids": sizes.expand(len(latents), SIZES),
        },
        return_dict=False,
    )
    return predicted.float()


def compress(parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents (1, 4, h, w)."""
    mean, std = _normal(parts)
    return (drawn(parts, pixels, generator) - mean) * parts.vae.config.scaling_factor / std


def decode(parts: Parts, latents: Tensor) -> Tensor:
    """Latents (B, 4, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
    mean, std = _normal(parts)
    return shown(parts, latents * std / parts.vae.config.scaling_factor + mean)


def _normal(parts: Parts) -> tuple[Tensor | float, Tensor | float]:
    """Mean and width of the latents of each channel, where a VAE states them."""
    mean, std = (getattr(parts.vae.config, f"latents_{each}", None) for each in ("mean", "std"))
    if mean is None or std is None:
        return 0.0, 1.0
    return _channels(mean, parts), _channels(std, parts)


def _channels(numbers: Any, parts: Parts) -> Tensor:  # noqa: ANN401 - a config holds anything
    return torch.tensor(numbers, device=parts.device, dtype=torch.float32).view(1, -1, 1, 1)


def _read(folder: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    (unet, vae), encoders, tokenizers, config = (
        _from_file(folder, dtype) if folder.is_file() else _from_folder(folder, dtype)
    )
    return Parts(
        unet=resting(unet, device),
        vae=resting(upcast(vae, dtype), device),
        text_encoder=resting(encoders[0], device),
        tokenizer=tokenizers[0],
        scheduler_config=config,
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
        text_encoder_2=resting(encoders[1], device),
        tokenizer_2=tokenizers[1],
        adapted=("text_encoder", "text_encoder_2"),
    )


def _from_folder(folder: Path, dtype: torch.dtype) -> tuple[Any, ...]:
    unet = model(UNet2DConditionModel, folder / "unet", torch_dtype=dtype)
    vae = model(AutoencoderKL, folder / "vae", torch_dtype=torch.float32)
    encoders = [model(kind, folder / name, dtype=dtype) for name, kind in ENCODERS.items()]
    tokenizers = [
        CLIPTokenizer.from_pretrained(folder / name, local_files_only=True) for name in PADDING
    ]
    return (unet, vae), encoders, tokenizers, scheduler_config(folder)


def _from_file(path: Path, dtype: torch.dtype) -> tuple[Any, ...]:
    file = SingleFile.read(path, "sdxl")
    unet = file.model(UNet2DConditionModel, "unet", dtype)
    vae = file.model(AutoencoderKL, "vae", torch.float32)
    encoders = [file.encoder(kind, name, dtype) for name, kind in ENCODERS.items()]
    tokenizers = [tokenizer(name) for name in PADDING]
    return (unet, vae), encoders, tokenizers, file.scheduler_config


def _check_sizes(parts: Parts) -> None:
    config = parts.unet.config
    needed = getattr(config, "projection_class_embeddings_input_dim", None)
    pooled = parts.text_encoder_2.config.projection_dim
    told = pooled + SIZES * (config.addition_time_embed_dim or 0)
    if needed != told:
        why = f"its UNet reads {needed} numbers about text and size where {told} are told"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)
