"""Z-Image (and -Turbo): one stream of patches and words, the words those of a language model.

What differs from FLUX.1: a prompt is put into the model's own chat template and only its
tokens are told, so texts differ in length, and rows of one forward must not; time runs
from 0 to 1, and the model says the velocity with the other sign.  The guidance is the
usual one: diffusers' `ZImagePipeline`, which the oracle runs, counts it from 0 (its 4 is
our 5), and draws without at 0 as we do at 1.
"""

# diffusers and transformers type their `config` and outputs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false, reportAny=false

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, ZImageTransformer2DModel
from torch import Tensor
from transformers import AutoModel, Qwen2Tokenizer

from stylus_engine.model import Checkpoint
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
from stylus_engine.sampling.families.transformer_file import transformer_of
from stylus_engine.sampling.families.words import padded

__all__ = ["compress", "decode", "denoise", "encode", "latent_shape", "load", "token_ids"]

WINDOW = 512  # tokens, those of the chat template included


def load(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Parts:
    """A diffusers pipeline folder, or a transformer's file in one. Raises `BadCheckpoint`.

    fp16 is drawn in bf16, which the model was trained in.
    """
    return opened_flowing(
        checkpoint, dtype, lambda path, kept: _read(path, checkpoint, kept, torch.device(device))
    )


def room(words: Any) -> int:  # noqa: ANN401 - tokenizers have no common typed base
    """How many tokens of a prompt fit beside those of the template."""
    return WINDOW - len(words(_asked(words, "")).input_ids)


def token_ids(parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask of the prompts alone, truncated and padded, int64 (B, room)."""
    return padded(parts.tokenizer, texts, room(parts.tokenizer))


def encode(parts: Parts, texts: list[str], under: Under) -> list[Told]:
    """The states before the last layer, (1, tokens, width): as many tokens as the text has."""
    asked = [_asked(parts.tokenizer, text) for text in texts]
    ids, mask = (each.to(parts.device) for each in padded(parts.tokenizer, asked, WINDOW))
    mask = mask.bool()

    def forward(rows: list[int]) -> list[Tensor]:
        out = parts.text_encoder(
            input_ids=ids[rows], attention_mask=mask[rows], output_hidden_states=True
        )
        states = zip(out.hidden_states[-2], mask[rows], strict=True)
        return [each[said] for each, said in states]

    return [Told(states[None]) for states in under("text_encoder", forward)]


def denoise(parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
    """Latents (B, 16, h, w), timesteps (B,) from 1000 to 0 -> velocity (B, 16, h, w); both fp32.

    All rows have texts of one length.
    """
    frames = latents.to(parts.dtype).unsqueeze(2)
    (predicted,) = parts.unet(
        list(frames.unbind()),
        (1000 - timesteps) / 1000,
        list(told.states.unbind()),
        return_dict=False,
    )
    return -torch.stack(list(predicted)).squeeze(2).float()


def _asked(words: Any, text: str) -> str:  # noqa: ANN401 - as above
    """What the language model was trained to read: a message, and the place for an answer."""
    message = [{"role": "user", "content": text}]
    asked: str = words.apply_chat_template(
        message, tokenize=False, add_generation_prompt=True, enable_thinking=True
    )
    return asked


def _read(path: Path, checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> Parts:
    folder = path.parent if path.is_file() else path
    vae = model(AutoencoderKL, folder / "vae", torch_dtype=torch.float32)
    found: dict[str, Any] = {
        "unet": transformer_of(path, "z-image", dtype)
        if path.is_file()
        else model(ZImageTransformer2DModel, folder / "transformer", torch_dtype=dtype),
        "vae": upcast(vae, dtype),
        "text_encoder": model(AutoModel, folder / "text_encoder", dtype=dtype),
    }
    words = Qwen2Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    return Parts(
        **{name: resting(module, device) for name, module in found.items()},
        tokenizer=words,
        scheduler_config=scheduler_config(folder),
        checkpoint=checkpoint,
        dtype=dtype,
        device=device,
        denoiser="transformer",
    )
