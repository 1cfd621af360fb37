"""Stable Diffusion 1.x: a UNet over 4-channel latents, one CLIP text encoder, an AutoencoderKL.

Source of every number: diffusers' `StableDiffusionPipeline`, which the oracle runs.
"""

# diffusers and transformers type their `from_pretrained`, `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.parts import Parts

UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)
Module = TypeVar("Module", bound=nn.Module)
CHANNELS = 4  # of the latents
READABLE = (CHANNELS, 9)  # an inpainting UNet reads a mask and the masked picture besides


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Parts:
    """Read a diffusers pipeline folder: local files only, safetensors only. Raises `BadCheckpoint`."""
    folder = Path(checkpoint.path)
    if not folder.is_dir():
        raise BadCheckpoint(path=checkpoint.path, why="there is no such folder")
    try:
        with _quiet():
            parts = _read(folder, checkpoint, dtype, torch.device(device))
    except UNREADABLE as error:
        raise BadCheckpoint(path=checkpoint.path, why=_first_line(error)) from error
    _check(parts)
    return parts


def token_ids(parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask of the truncated, padded texts, both int64 of shape (B, 77)."""
    batch = parts.tokenizer(
        texts,
        padding="max_length",
        max_length=parts.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    return batch.input_ids, batch.attention_mask


def encode(parts: Parts, ids: Tensor, mask: Tensor) -> Tensor:
    """The last hidden states, after the final norm, shape (B, 77, width); clip-skip none.

    CLIP attends over its padding: checkpoints were trained so, and only a config
    with `use_attention_mask` says otherwise.
    """
    masked = getattr(parts.text_encoder.config, "use_attention_mask", False)
    seen = mask.to(parts.device) if masked else None
    return parts.text_encoder(ids.to(parts.device), attention_mask=seen)[0]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, texts: Tensor) -> Tensor:
    """Latents (B, 4 or 9, h, w), timesteps (B,), texts (B, 77, width) -> prediction (B, 4, h, w).

    Latents and prediction are fp32; between them the model's own precision.
    """
    inner = latents.to(parts.dtype)
    (predicted,) = parts.unet(inner, timesteps, encoder_hidden_states=texts, return_dict=False)
    return predicted.float()


def compress(parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents (1, 4, h, w).

    The encoder says a mean and a width; the draw between them is fp32 on the CPU.
    """
    (posterior,) = parts.vae.encode(pixels.to(parts.device, parts.dtype), return_dict=False)
    drawn = torch.randn(posterior.mean.shape, generator=generator, dtype=torch.float32)
    latents = posterior.mean.float() + posterior.std.float() * drawn.to(parts.device)
    return latents * parts.vae.config.scaling_factor


def decode(parts: Parts, latents: Tensor) -> Tensor:
    """Latents (B, 4, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
    inner = (latents / parts.vae.config.scaling_factor).to(parts.dtype)
    (pixels,) = parts.vae.decode(inner, return_dict=False)
    return pixels.float() / 2 + 0.5


def latent_shape(parts: Parts, width: int, height: int) -> tuple[int, int, int, int]:
    """Shape (1, 4, h, w): the VAE halves the edges once per block but the first."""
    edge = 2 ** (len(parts.vae.config.block_out_channels) - 1)
    return 1, CHANNELS, height // edge, width // edge


def _read(folder: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    unet = _model(UNet2DConditionModel, folder / "unet", torch_dtype=dtype)
    vae = _model(AutoencoderKL, folder / "vae", torch_dtype=dtype)
    text_encoder = _model(CLIPTextModel, folder / "text_encoder", dtype=dtype)
    return Parts(
        unet=_resting(unet, device),
        vae=_resting(vae, device),
        text_encoder=_resting(text_encoder, device),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        scheduler_config=_scheduler_config(folder / "scheduler" / "scheduler_config.json"),
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
    )


def _model(kind: Any, folder: Path, **precision: torch.dtype) -> Any:  # noqa: ANN401 - three unrelated classes of two libraries
    # Both libraries call a model with missing tensors a success (random weights and a log line).
    model, told = kind.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
        **precision,
    )
    if told["missing_keys"]:
        missing = sorted(told["missing_keys"])
        raise ValueError(f"{folder.name} lacks {len(missing)} tensors, such as {missing[0]}")
    return model


def _resting(model: Module, device: torch.device) -> Module:
    model.to(device).eval().requires_grad_(requires_grad=False)
    return model


def _scheduler_config(path: Path) -> dict[str, Any]:
    """The two repairs that `StableDiffusionPipeline.__init__` makes to the configs of old checkpoints."""
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    repaired = {"steps_offset": 1, "clip_sample": False}
    return config | {key: repaired[key] for key in repaired.keys() & config.keys()}


def _check(parts: Parts) -> None:
    if parts.unet.config.in_channels not in READABLE:
        why = f"its UNet reads {parts.unet.config.in_channels} channels where 4 or 9 are needed"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)
    if parts.unet.config.time_cond_proj_dim is not None:
        why = "its UNet was distilled to read the guidance itself"
        raise BadCheckpoint(path=parts.checkpoint.path, why=why)


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """No progress bars on a terminal that is not ours; whoever had them on has them back."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _first_line(error: BaseException) -> str:
    """Foreign errors run over pages; their first line says which file."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
