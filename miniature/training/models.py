"""The shape of the checkpoint: denoiser, text encoder, noise schedule. Knows nothing of how they are trained."""

# diffusers leaves its exports untyped, transformers what a tokeniser returns
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from miniature.training import tokenizer

SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


@dataclass(slots=True)
class Checkpoint:
    """The two models that learn, and what they learn from."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer

    def parameters(self) -> list[nn.Parameter]:
        """All weights, the text encoder's last."""
        return [*self.unet.parameters(), *self.text_encoder.parameters()]

    def parts(self) -> tuple[nn.Module, nn.Module]:
        """Denoiser and text encoder."""
        return self.unet, self.text_encoder


def new_unet() -> UNet2DConditionModel:
    """An untrained denoiser of 2.8 M parameters for 16×16×4 latents."""
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64, 96),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=96,
        attention_head_dim=2,
        norm_num_groups=16,
    )


def new_text_encoder(words: CLIPTokenizer) -> CLIPTextModel:
    """An untrained text encoder: 2 layers × 96, 77 positions, the marks where this tokeniser has them."""
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=96,
        intermediate_size=384,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=tokenizer.LENGTH,
        projection_dim=96,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return CLIPTextModel(config)


def new_checkpoint(cache: Path) -> Checkpoint:
    """Untrained, with the tokeniser of `cache`; the same weights each time."""
    torch.manual_seed(1)
    words = tokenizer.load(cache / "tokenizer")
    return Checkpoint(new_unet(), new_text_encoder(words), words)


def alphas() -> Tensor:
    """(1000,) the share of the signal's variance left at each time."""
    return DDIMScheduler(**SCHEDULE).alphas_cumprod


def token_ids(words: CLIPTokenizer, texts: list[str], length: int) -> Tensor:
    """(texts, length) token ids, cut and padded."""
    return words(
        texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    ).input_ids
