"""Networks of real size without weights, and adapter files for them.

What an adapter costs before the first step depends on names, shapes and bytes of the
*adapter*; the weights beside it are memory that nobody touches, so that SDXL's ten
gigabytes cost none.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

import stylus_engine.sampling.families as rooms
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Component
from tests.sampling.oracle import quiet
from tests.sampling.tiny import tiny_tokenizer, tiny_vae

# diffusers hides its names from type checkers and types one pipeline for two APIs.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

CONFIGS = Path(rooms.__file__).parent / "configs"
Size: TypeAlias = Literal["sd1", "sdxl"]
Modules: TypeAlias = dict[Component, nn.Module]
KOHYA: dict[str, dict[Component, str]] = {
    "sd1": {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"},
    "sdxl": {
        "unet": "lora_unet_",
        "text_encoder": "lora_te1_text_model_",
        "text_encoder_2": "lora_te2_text_model_",
    },
}


def modules(size: Size) -> Modules:
    """UNet and text encoders by the published configs; their memory was never written to."""
    found: Modules = {
        "unet": _blank(lambda: UNet2DConditionModel.from_config(_config(size, "unet")))
    }
    encoders = {"text_encoder": CLIPTextModel}
    if size == "sdxl":
        encoders["text_encoder_2"] = CLIPTextModelWithProjection
    for name, kind in encoders.items():
        config = CLIPTextConfig(**_config(size, name))
        found[name] = _blank(lambda kind=kind, config=config: kind(config))
    return found


def bases(size: Size, blank: Modules) -> Bases:
    return Bases(f"blank-{size}", size, blank)


def pipeline(size: Size, blank: Modules) -> Any:  # noqa: ANN401 - diffusers types its pipelines loosely
    """The pipeline of diffusers over these modules; VAE and tokenizers are toys."""
    scheduler, vae = EulerDiscreteScheduler(), tiny_vae()
    if size == "sdxl":
        with quiet():
            return StableDiffusionXLPipeline(
                vae=vae,
                **blank,
                tokenizer=tiny_tokenizer(),
                tokenizer_2=tiny_tokenizer(),
                scheduler=scheduler,
            )
    with quiet():
        return StableDiffusionPipeline(
            vae=vae,
            **blank,
            tokenizer=tiny_tokenizer(),
            scheduler=scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def kohya(path: Path, size: Size, blank: Modules, rank: int, seed: int = 0) -> int:
    """A LoRA as kohya writes it: every transformer block and every text layer, fp16; how many modules."""
    tensors: dict[str, Tensor] = {}
    dice = torch.Generator().manual_seed(seed)
    for name, weight in _targets(size, blank):
        out, *into = weight.shape
        ones = [1] * (len(into) - 1)
        down = torch.randn(rank, *into, generator=dice) / math.sqrt(math.prod(into))
        tensors[f"{name}.lora_down.weight"] = down.half()
        tensors[f"{name}.lora_up.weight"] = (
            torch.randn(out, rank, *ones, generator=dice) * 0.1 / math.sqrt(rank)
        ).half()
        tensors[f"{name}.alpha"] = torch.tensor(rank / 2).half()
    save_file(tensors, path)
    return len(tensors) // 3


def lokr(path: Path, size: Size, blank: Modules, rank: int, seed: int = 0) -> int:
    """A LoKr of factor 8 over the attention of the UNet, fp16: it becomes factors by way of ΔW."""
    tensors: dict[str, Tensor] = {}
    dice = torch.Generator().manual_seed(seed)
    for name, weight in _targets(size, {"unet": blank["unet"]}):
        if "attn" not in name or weight.ndim > 2:
            continue
        out, into = weight.shape
        tensors[f"{name}.lokr_w1"] = torch.randn(8, 8, generator=dice).half() * 0.1
        tensors[f"{name}.lokr_w2_a"] = torch.randn(out // 8, rank, generator=dice).half() * 0.1
        tensors[f"{name}.lokr_w2_b"] = torch.randn(rank, into // 8, generator=dice).half() * 0.1
        tensors[f"{name}.alpha"] = torch.tensor(rank / 2).half()
    save_file(tensors, path)
    return len(tensors) // 4


def _targets(size: Size, blank: Modules) -> Iterator[tuple[str, Tensor]]:
    """Kohya's names and the weights of what its trainer touches."""
    for component, root in blank.items():
        for path, module in root.named_modules():
            usual = component != "unet" or "transformer_blocks" in path
            usual = usual or path.endswith((".proj_in", ".proj_out"))
            usual = usual and path != "text_projection"
            if usual and isinstance(module, nn.Linear | nn.Conv2d):
                yield KOHYA[size][component] + path.replace(".", "_"), module.weight


def _config(size: Size, name: str) -> dict[str, Any]:
    return json.loads((CONFIGS / size / name / "config.json").read_text(encoding="utf-8"))


def _blank(build: Callable[[], nn.Module]) -> nn.Module:
    with quiet(), torch.device("meta"):
        made = build()
    return made.to_empty(device="cpu").eval().requires_grad_(requires_grad=False)
