"""A checkpoint of SD 1.5's size with random weights: its UNet is the real one's shape, its texts and VAE are toys.

Time does not depend on the values, as long as none is infinite; a tile of random
numbers scaled by fan-in keeps them small and costs a copy instead of a minute.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import Parts
from tests.sampling.oracle import quiet
from tests.sampling.tiny import tiny_tokenizer, vocabulary

# diffusers hides its names from type checkers, and calls a tuple of any length `tuple[int]`.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

WIDTH = 768
Model = TypeVar("Model", bound=nn.Module)
Wanted = Callable[[str, nn.Module], bool]


def big_parts(folder: Path | None, device: str) -> Parts:
    """UNet of 860 M parameters, fp32 on the CPU, fp16 on an accelerator; equal at every call."""
    dtype = torch.float32 if device == "cpu" else torch.float16
    checkpoint = Checkpoint(
        id="random-sd15",
        name="random-sd15",
        path=str(folder or ""),
        family="sd1",
        size=512,
        multiple=8,
    )
    return Parts(
        unet=filled(_unet(), device, dtype),
        vae=filled(small_vae(), device, dtype),
        text_encoder=filled(_text_encoder(), device, dtype),
        tokenizer=tiny_tokenizer(),
        scheduler_config={
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "steps_offset": 1,
        },
        checkpoint=checkpoint,
        dtype=dtype,
        device=torch.device(device),
    )


def attention(path: str, module: nn.Module) -> bool:
    """What most files touch: the eight projections of each transformer block."""
    return isinstance(module, nn.Linear) and (".attn1.to_" in path or ".attn2.to_" in path)


def every_layer(path: str, module: nn.Module) -> bool:
    """LoCon over everything but the two ends."""
    return isinstance(module, nn.Linear | nn.Conv2d) and path not in ("conv_in", "conv_out")


def big_adapters(
    folder: Path, parts: Parts, wanted: Wanted, rank: int, count: int, prefix: str = ""
) -> Mapping[str, Path]:
    """`count` files in peft's layout, fp16, each of the same layers."""
    files: dict[str, Path] = {}
    for number in range(count):
        path = folder / f"{prefix}{wanted.__name__}-r{rank}-{number}.safetensors"
        save_file(dict(_factors(parts.unet, wanted, rank, seed=number)), path)
        files[path.stem] = path
    return files


def _factors(unet: nn.Module, wanted: Wanted, rank: int, seed: int) -> Iterator[tuple[str, Tensor]]:
    dice = torch.Generator().manual_seed(seed)
    for path, module in unet.named_modules():
        if wanted(path, module):
            out, *into = module.get_parameter("weight").shape
            ones = [1] * (len(into) - 1)
            down = torch.randn(rank, *into, generator=dice) / math.sqrt(math.prod(into))
            up = torch.randn(out, rank, *ones, generator=dice) * 0.1 / math.sqrt(rank)
            yield f"unet.{path}.lora_A.weight", down.half()
            yield f"unet.{path}.lora_B.weight", up.half()


def _unet() -> UNet2DConditionModel:
    with torch.device("meta"):
        return UNet2DConditionModel(
            sample_size=64,
            block_out_channels=(320, 640, 1280, 1280),
            cross_attention_dim=WIDTH,
            attention_head_dim=8,
        )


def _text_encoder() -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(vocabulary()[0]),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=12,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config)


def small_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    )


def filled(model: Model, device: str, dtype: torch.dtype) -> Model:
    if any(parameter.is_meta for parameter in model.parameters()):
        model.to_empty(device="cpu")
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            _tile(parameter.data, math.sqrt(parameter[0].numel()))
        else:
            parameter.data.fill_(0.0 if name.endswith("bias") else 1.0)
    with quiet():  # diffusers doubts every cast; here nothing was loaded that it could spoil
        return model.to(device, dtype).eval().requires_grad_(requires_grad=False)


@cache
def _noise() -> Tensor:
    return torch.randn(2**20 + 7, generator=torch.Generator().manual_seed(0))


def _tile(target: Tensor, fan_in: float) -> None:
    noise, flat = _noise(), target.view(-1)
    for start in range(0, len(flat), len(noise)):
        piece = flat[start : start + len(noise)]
        torch.div(noise[: len(piece)], fan_in, out=piece)
