"""A tiny SDXL: the real classes at toy widths, three blocks of two layers as the real UNet has."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from stylus_engine.sampling.names import ldm_names
from tests.sampling.tiny import tiny_tokenizer, tiny_vae, vocabulary

WIDTHS = (32, 24)  # of the two text encoders
POOLED = 16
COMFY = {
    "unet": "diffusion_model",
    "text_encoder": "text_encoders.clip_l.transformer",
    "text_encoder_2": "text_encoders.clip_g.transformer",
}
Layout: TypeAlias = Literal["diffusers", "kohya", "kohya_ldm", "diffusers_dotted", "comfy"]


def tiny_sdxl(seed: int = 0) -> StableDiffusionXLPipeline:
    """A whole fp32 pipeline in eval mode, its weights decided by `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet, vae = tiny_unet(), tiny_vae()
        first = CLIPTextModel(text_config(WIDTHS[0], "quick_gelu")).eval()
        second = CLIPTextModelWithProjection(text_config(WIDTHS[1], "gelu")).eval()
    words, words_2 = tiny_tokenizer(), tiny_tokenizer()
    words_2.pad_token = "!"  # noqa: S105 - no password: as the second tokenizer of every released SDXL
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=words,
        tokenizer_2=words_2,
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tiny_unet() -> UNet2DConditionModel:
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(16, 32, 32),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        cross_attention_dim=sum(WIDTHS),
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + POOLED,
        norm_num_groups=8,
    )
    return unet.eval()


def text_config(width: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(vocabulary()[0]),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=POOLED,
        hidden_act=act,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def adapter(path: Path, pipeline: StableDiffusionXLPipeline, layout: Layout, seed: int) -> int:
    """Write a random LoRA over the UNet and both text encoders; returns how many layers it has."""
    dice = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    places: list[tuple[str, str]] = []
    for component, name, module in targets(pipeline, layout):
        out, into = module.weight.shape[:2]
        kernel, ones = module.weight.shape[2:], [1] * (module.weight.ndim - 2)
        down = torch.randn(4, into, *kernel, generator=dice) / (module.weight[0].numel() ** 0.5)
        up = torch.randn(out, 4, *ones, generator=dice) * 0.1
        tensors |= spelled(pipeline, layout, component, name, down, up)
        places.append((component, name.removeprefix("text_model.")))
    save_file(tensors, path, metadata=header(layout, places))
    return len(places)


def targets(
    pipeline: StableDiffusionXLPipeline, layout: Layout
) -> Iterator[tuple[str, str, nn.Linear | nn.Conv2d]]:
    for name, module in pipeline.unet.named_modules():
        inner = "transformer_blocks" in name or name.endswith((".proj_in", ".proj_out"))
        conv = layout in ("kohya", "kohya_ldm", "comfy") and (
            "resnets" in name or "samplers" in name
        )
        if isinstance(module, nn.Linear | nn.Conv2d) and (inner or conv):
            yield "unet", name, module
    for component in ("text_encoder", "text_encoder_2"):
        for name, module in getattr(pipeline, component).named_modules():
            if isinstance(module, nn.Linear) and "layers" in name:
                yield component, f"text_model.{name.removeprefix('text_model.')}", module


def spelled(
    pipeline: StableDiffusionXLPipeline,
    layout: Layout,
    component: str,
    name: str,
    down: Tensor,
    up: Tensor,
) -> dict[str, Tensor]:
    if layout in ("diffusers", "diffusers_dotted"):
        pair = ("lora_A", "lora_B") if layout == "diffusers" else ("lora.down", "lora.up")
        if component != "unet" and layout == "diffusers_dotted":
            pair = ("lora_linear_layer.down", "lora_linear_layer.up")
        keys = [f"{component}.{name}.{part}.weight" for part in pair]
        return dict(zip(keys, (down, up), strict=True))
    if component == "unet" and layout in ("kohya_ldm", "comfy"):
        name = _ldm(pipeline)[name]
    if layout == "comfy":
        pair = (f"{COMFY[component]}.{name}.lora_{part}.weight" for part in ("down", "up"))
        return dict(zip(pair, (down, up), strict=True))
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}
    flat = prefix[component] + name.replace(".", "_")
    return {
        f"{flat}.lora_down.weight": down,
        f"{flat}.lora_up.weight": up,
        f"{flat}.alpha": torch.tensor(2.0),
    }


def _ldm(pipeline: StableDiffusionXLPipeline) -> dict[str, str]:
    paths = [name for name, _ in pipeline.unet.named_modules()]
    return {path: name for name, path in ldm_names(paths, 2)}


def header(layout: Layout, places: list[tuple[str, str]]) -> dict[str, str]:
    if layout != "diffusers":
        return {"format": "pt"}
    config: dict[str, object] = {}
    for component in dict(places):
        names = [name for each, name in places if each == component]
        facts = {"r": 4, "lora_alpha": 6, "target_modules": names}
        config |= {f"{component}.{key}": value for key, value in facts.items()}
    return {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
