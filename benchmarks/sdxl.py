"""A checkpoint of SDXL's shape with random weights; texts and VAE are toys.

On an accelerator its UNet is the real one's (2.6 G parameters).  On a CPU, where two
copies in fp32 would take 21 GB, it has the real widths and `LAYERS` of the ten inner
transformer layers: every layer costs what it costs in the real one, there are fewer.
"""

from dataclasses import replace

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from benchmarks.sd15 import filled, small_vae
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import Parts
from tests.sampling.tiny import tiny_tokenizer, vocabulary

# diffusers hides its names from type checkers, and calls a tuple of any length `tuple[int]`.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

WIDTHS = (768, 1280)  # of the two text encoders
LAYERS = 1  # of ten, on a CPU


def big_parts(device: str) -> Parts:
    """fp32 on the CPU, fp16 on an accelerator; equal at every call."""
    dtype = torch.float32 if device == "cpu" else torch.float16
    checkpoint = Checkpoint(
        id="random-sdxl", name="random-sdxl", path="", family="sdxl", size=1024, multiple=8
    )
    words, words_2 = tiny_tokenizer(), tiny_tokenizer()
    return Parts(
        unet=filled(_unet(10 if device != "cpu" else LAYERS), device, dtype),
        vae=filled(small_vae(), device, dtype),
        text_encoder=filled(CLIPTextModel(_text(WIDTHS[0])), device, dtype),
        tokenizer=words,
        scheduler_config={
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "steps_offset": 1,
        },
        checkpoint=checkpoint,
        dtype=dtype,
        device=torch.device(device),
        text_encoder_2=filled(CLIPTextModelWithProjection(_text(WIDTHS[1])), device, dtype),
        tokenizer_2=words_2,
        adapted=("text_encoder", "text_encoder_2"),
    )


def whole_parts() -> Parts:
    """All of it in the released shapes: fp16 on the CPU, the VAE in fp32, as `force_upcast` asks."""
    with torch.device("meta"):
        first = CLIPTextModel(_released(768, 12, "quick_gelu"))
        second = CLIPTextModelWithProjection(_released(1280, 32, "gelu"))
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
        )
    return replace(
        big_parts("cpu"),
        unet=filled(_unet(10), "cpu", torch.float16),
        vae=filled(vae, "cpu", torch.float32),
        text_encoder=filled(first, "cpu", torch.float16),
        text_encoder_2=filled(second, "cpu", torch.float16),
        dtype=torch.float16,
    )


def _released(width: int, layers: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=act,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _unet(layers: int) -> UNet2DConditionModel:
    """As in the released config, but for `layers`."""
    with torch.device("meta"):
        return UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, layers),
            attention_head_dim=(5, 10, 20),
            cross_attention_dim=sum(WIDTHS),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + WIDTHS[1],
        )


def _text(width: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(vocabulary()[0]),
        hidden_size=width,
        intermediate_size=width,
        num_hidden_layers=2,
        num_attention_heads=width // 64,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
