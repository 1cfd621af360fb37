"""Stable Diffusion 3 and 3.5: a transformer that reads two CLIPs and T5, one after the other.

What differs from FLUX.1 (arXiv 2403.03206): the transformer cuts its patches itself; the
states before the last layer of both CLIPs, side by side and filled up to T5's width, stand
before T5's own; guidance is two rows, as in the UNets.  T5 may be left out of a folder, as
many do for its size: zeros stand for it.  Source of every number: diffusers'
`StableDiffusion3Pipeline`, which the oracle runs.
"""

# diffusers and transformers type their `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false, reportAny=false

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.families.autoencoder import latent_shape
from stylus_engine.sampling.families.flux import compress, decode
from stylus_engine.sampling.families.folders import (
    model,
    opened_flowing,
    resting,
    scheduler_config,
    upcast,
)
from stylus_engine.sampling.families.parts import Parts, Told, Under
from stylus_engine.sampling.families.transformer_file import transformer_of, vae_of
from stylus_engine.sampling.families.words import padded

__all__ = ["compress", "decode", "denoise", "encode", "latent_shape", "load", "token_ids"]

WINDOW = 256  # tokens of T5, unless the folder's tokenizer says fewer
CLIPS: tuple[Component, Component] = ("text_encoder", "text_encoder_2")


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Parts:
    """A diffusers pipeline folder, or a transformer's file in one. Raises `BadCheckpoint`.

    fp16 is drawn in bf16, in which T5 does not overflow.
    """
    return opened_flowing(
        checkpoint, dtype, lambda path, kept: _read(path, checkpoint, kept, torch.device(device))
    )


def token_ids(parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask for T5, where there is one, else for CLIP; int64 of shape (B, window)."""
    return _ids(parts.words, texts)


def encode(parts: Parts, texts: list[str], under: Under) -> list[Told]:
    """States of both CLIPs and of T5, (1, 77 + 256, width of T5), and both CLIPs' pooled texts."""
    first, second = (
        under(name, _clip(getattr(parts, name), _ids(words, texts)[0].to(parts.device)))
        for name, words in zip(CLIPS, (parts.tokenizer, parts.tokenizer_2), strict=True)
    )
    return [
        _told(narrow, wide, states)
        for narrow, wide, states in zip(first, second, _of_t5(parts, texts, under), strict=True)
    ]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
    """Latents (B, 16, h, w), timesteps (B,) from 1000 to 0 -> velocity (B, 16, h, w); both fp32."""
    (predicted,) = parts.unet(
        hidden_states=latents.to(parts.dtype),
        timestep=timesteps,
        encoder_hidden_states=told.states,
        pooled_projections=told.pooled,
        return_dict=False,
    )
    return predicted.float()


def _ids(words: Any, texts: list[str]) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - tokenizers have no common typed base
    return padded(words, texts, min(WINDOW, words.model_max_length))


def _of_file(path: Path, dtype: torch.dtype) -> dict[str, Any]:
    vae = vae_of(path) or model(AutoencoderKL, path.parent / "vae", torch_dtype=torch.float32)
    return {"unet": transformer_of(path, "sd3", dtype), "vae": vae}


def _of_folder(folder: Path, dtype: torch.dtype) -> dict[str, Any]:
    return {
        "unet": model(SD3Transformer2DModel, folder / "transformer", torch_dtype=dtype),
        "vae": model(AutoencoderKL, folder / "vae", torch_dtype=torch.float32),
    }


def _clip(encoder: Any, ids: Tensor) -> Any:  # noqa: ANN401 - what `Under` takes
    def forward(rows: list[int]) -> list[tuple[Tensor, Tensor]]:
        out = encoder(ids[rows], output_hidden_states=True)
        return list(zip(out.hidden_states[-2], out.text_embeds, strict=True))

    return forward


def _of_t5(parts: Parts, texts: list[str], under: Under) -> list[Tensor]:
    """(256, width) of each text."""
    if parts.text_encoder_3 is None:
        width = parts.unet.config.joint_attention_dim
        none = torch.zeros(WINDOW, width, device=parts.device, dtype=parts.dtype)
        return [none for _ in texts]
    ids = _ids(parts.tokenizer_3, texts)[0].to(parts.device)
    return under("text_encoder_3", lambda rows: parts.text_encoder_3(ids[rows])[0])


def _told(narrow: tuple[Tensor, Tensor], wide: tuple[Tensor, Tensor], states: Tensor) -> Told:
    both = torch.cat([narrow[0], wide[0]], dim=-1)
    filled = F.pad(both, (0, states.shape[-1] - both.shape[-1]))
    pooled = torch.cat([narrow[1], wide[1]], dim=-1)
    return Told(torch.cat([filled, states])[None], pooled[None])


def _read(path: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    folder = path.parent if path.is_file() else path
    found = _of_file(path, dtype) if path.is_file() else _of_folder(path, dtype)
    found["vae"] = upcast(found["vae"], dtype)
    found |= {
        name: model(CLIPTextModelWithProjection, folder / name, dtype=dtype) for name in CLIPS
    }
    whole = (folder / "text_encoder_3").is_dir()
    if whole:
        found["text_encoder_3"] = model(T5EncoderModel, folder / "text_encoder_3", dtype=dtype)
    transformer = found["unet"].config
    return Parts(
        **{name: resting(module, device) for name, module in found.items()},
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "tokenizer_2", local_files_only=True),
        tokenizer_3=T5Tokenizer.from_pretrained(folder / "tokenizer_3", local_files_only=True)
        if whole
        else None,
        scheduler_config=scheduler_config(folder),
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
        denoiser="transformer",
        adapted=(*CLIPS, "text_encoder_3") if whole else CLIPS,
        reader="tokenizer_3" if whole else "tokenizer",
        spaced="trained",
        most_edge=transformer.pos_embed_max_size * checkpoint.multiple,
    )
