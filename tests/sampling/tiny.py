"""A checkpoint that is built, not downloaded: the real classes at toy widths, random weights.

UNet channels (32, 64), attention in both blocks, 8-dim heads, cross width 32; CLIP text
model 2 x 32; VAE 16x16 pixels <-> 8x8x4 latents; a tokenizer of letters and a few merges.
"""

# diffusers' signatures say less than its classes take: tuples of one, no None.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WIDTH = 32  # of the text encoder, so of cross attention
PIXELS = 16
LATENT = 8

Layout: TypeAlias = Literal[
    "peft",  # unet.PATH.lora_A.weight, alpha in the header
    "kohya",  # lora_unet_FLAT.lora_down.weight, alpha a tensor
    "locon",  # kohya with 3x3 convolutions, whatever `conv` says
    "loha",
    "lokr",
    "dora",  # kohya with dora_scale, norm over the output axis
    "tucker",  # locon with lora_mid
    "dora_in",  # dora_scale over the input axis
    "dora_peft",  # peft with lora_magnitude_vector
    "diffusers_old",  # ...processor.to_q_lora.down.weight, attention only
]
Truth: TypeAlias = dict[tuple[str, str], Tensor]  # (component, path) -> dW, fp64


def tiny_pipeline(seed: int = 0) -> StableDiffusionPipeline:
    """A whole fp32 pipeline on the CPU, in eval mode, its weights decided by `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet, text_encoder, vae = tiny_unet(), tiny_text_encoder(), tiny_vae()
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tiny_tokenizer(),
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def save(folder: Path, seed: int = 0) -> Path:
    """Write `tiny_pipeline(seed)` to `folder` in diffusers' layout, safetensors; returns `folder`."""
    tiny_pipeline(seed).save_pretrained(folder, safe_serialization=True)
    return folder


def tiny_unet(channels: int = 4) -> UNet2DConditionModel:
    """Latents (B, channels, 8, 8) and texts (B, 77, 32) -> noise (B, 4, 8, 8)."""
    unet = UNet2DConditionModel(
        sample_size=LATENT,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=(4, 8),  # diffusers means the number of heads: 8 dims each
        norm_num_groups=8,
    )
    return unet.eval()


def tiny_text_encoder() -> CLIPTextModel:
    """Ids (B, 77) -> (B, 77, 32)."""
    config = CLIPTextConfig(
        vocab_size=len(vocabulary()[0]),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=WIDTH,
        hidden_act="quick_gelu",
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config).eval()


def tiny_vae() -> AutoencoderKL:
    """Pixels (B, 3, 16, 16) <-> latents (B, 4, 8, 8)."""
    vae = AutoencoderKL(
        sample_size=PIXELS,
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    )
    return vae.eval()


def tiny_tokenizer() -> CLIPTokenizer:
    """Reads printable ASCII; made from files, as a real one is."""
    vocab, merges = vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        vocab_file, merges_file = (
            Path(folder, "vocab.json"),
            Path(folder, "merges.txt"),
        )
        vocab_file.write_text(json.dumps(vocab), encoding="utf-8")
        merges_file.write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def vocabulary() -> tuple[dict[str, int], list[str]]:
    """Token -> id, and merges: every printable ASCII letter alone and at a word's end."""
    merges = ["a n</w>", "o f</w>", "r e", "i n", "t h", "th e</w>", "in g</w>"]
    letters = [chr(code) for code in range(33, 127)]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters]
    tokens += [letter + "</w>" for letter in letters]
    tokens += [merge.replace(" ", "") for merge in merges]
    return {token: number for number, token in enumerate(tokens)}, merges


def random_adapter(
    path: Path,
    pipeline: StableDiffusionPipeline,
    layout: Layout,
    *,
    rank: int = 4,
    alpha: float | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    text_encoder: bool = True,
    conv: bool = False,
) -> Truth:
    """Write an adapter file with random weights and return what it must do to each layer.

    The truth is dense arithmetic on the tensors as rounded to `dtype`; it shares
    no line with the engine.  Each dW is about a tenth of a weight's size at alpha = rank.
    """
    dice = torch.Generator().manual_seed(seed)
    if alpha is None or layout == "diffusers_old":  # which has nowhere to keep it
        alpha = float(rank)
    tensors: dict[str, Tensor] = {}
    truth: Truth = {}
    for component, name, module in targets(pipeline, layout, text_encoder, conv):
        base = module.weight.detach().double()
        parts = random_parts(layout, base, rank, dice)
        parts = {part: tensor.to(dtype) for part, tensor in parts.items()}
        truth[component, name] = dense(parts, base, alpha, rank)
        tensors |= spelled(layout, component, name, parts, alpha)
    save_file(tensors, path, metadata=header(layout, rank, alpha, truth))
    return truth


def targets(
    pipeline: StableDiffusionPipeline, layout: Layout, text_encoder: bool, conv: bool
) -> Iterator[tuple[str, str, nn.Linear | nn.Conv2d]]:
    """The layers an adapter of this layout touches, as (component, path, module)."""
    spatial = conv or layout in ("locon", "tucker")
    for name, module in pipeline.unet.named_modules():
        if layout == "diffusers_old" and ".to_" not in name:
            continue
        inner = "transformer_blocks" in name if isinstance(module, nn.Linear) else spatial
        usual = inner or name.endswith((".proj_in", ".proj_out"))
        if isinstance(module, nn.Linear | nn.Conv2d) and usual:
            yield "unet", name, module
    if text_encoder:
        for name, module in pipeline.text_encoder.named_modules():
            if isinstance(module, nn.Linear):
                yield "text_encoder", name, module


def random_parts(
    layout: Layout, base: Tensor, rank: int, dice: torch.Generator
) -> dict[str, Tensor]:
    """Random tensors by their LyCORIS suffix, for a base weight (out, in[, kh, kw])."""
    out, into, *kernel = base.shape

    def draw(*shape: int, std: float) -> Tensor:
        return torch.randn(*shape, generator=dice, dtype=torch.float64) * std

    wide = 1 / math.sqrt(base[0].numel())
    if layout == "loha":
        std = math.sqrt(0.1 * wide / rank)
        a, b = (out, rank), (rank, base[0].numel())
        return {
            f"hada_w{half}_{side}": draw(*shape, std=math.sqrt(std))
            for half in (1, 2)
            for side, shape in (("a", a), ("b", b))
        }
    if layout == "lokr":
        std = math.sqrt(0.1 * wide)
        return {
            "lokr_w1": draw(4, 2, std=std),
            "lokr_w2_a": draw(out // 4, rank, std=std / math.sqrt(rank)),
            "lokr_w2_b": draw(rank, into // 2 * math.prod(kernel), std=1.0),
        }
    ones = [1] * len(kernel)
    parts = {
        "lora_down.weight": draw(rank, into, *kernel, std=wide),
        "lora_up.weight": draw(out, rank, *ones, std=0.1 / math.sqrt(rank)),
    }
    if layout == "tucker" and math.prod(kernel) > 1:
        parts["lora_down.weight"] = draw(rank, into, *ones, std=wide)
        parts["lora_mid.weight"] = draw(rank, rank, *kernel, std=1 / math.sqrt(rank))
    if layout.startswith("dora"):
        axis = 1 if layout == "dora_in" else 0
        others = tuple(dim for dim in range(base.ndim) if dim != axis)
        norm = torch.linalg.vector_norm(base, dim=others, keepdim=True)
        parts["dora_scale"] = norm * (1 + draw(*norm.shape, std=0.1))
    return parts


def dense(parts: dict[str, Tensor], base: Tensor, alpha: float, rank: int) -> Tensor:
    """dW in fp64 and in the shape of `base`, by the formulas of the LyCORIS paper (2309.14859)."""
    p = {part: tensor.double() for part, tensor in parts.items()}
    if "hada_w1_a" in p:
        delta = (p["hada_w1_a"] @ p["hada_w1_b"]) * (p["hada_w2_a"] @ p["hada_w2_b"])
    elif "lokr_w1" in p:
        delta = torch.kron(p["lokr_w1"], p["lokr_w2_a"] @ p["lokr_w2_b"])
    elif "lora_mid.weight" in p:
        delta = torch.einsum(
            "or,rskl,si->oikl",
            p["lora_up.weight"].flatten(1),
            p["lora_mid.weight"],
            p["lora_down.weight"].flatten(1),
        )
    else:
        delta = p["lora_up.weight"].flatten(1) @ p["lora_down.weight"].flatten(1)
    delta = delta.reshape(base.shape) * (alpha / rank)
    if "dora_scale" not in p:
        return delta
    others = tuple(dim for dim in range(base.ndim) if p["dora_scale"].shape[dim] == 1)
    norm = torch.linalg.vector_norm(base + delta, dim=others, keepdim=True)
    return p["dora_scale"] / norm * (base + delta) - base


def spelled(
    layout: Layout, component: str, name: str, parts: dict[str, Tensor], alpha: float
) -> dict[str, Tensor]:
    """The tensors under the keys that this layout's trainers write."""
    parts = {part: tensor.contiguous() for part, tensor in parts.items()}
    if component == "text_encoder":
        name = f"text_model.{name}"
    if layout in ("peft", "dora_peft"):
        rename = {"lora_down.weight": "lora_A.weight", "lora_up.weight": "lora_B.weight"}
        if "dora_scale" in parts:
            scale = parts.pop("dora_scale")
            parts["lora_magnitude_vector"] = (
                scale.flatten() if scale.ndim == 2 else scale.transpose(0, 1).contiguous()
            )
        return {
            f"{component}.{name}.{rename.get(part, part)}": tensor for part, tensor in parts.items()
        }
    if layout == "diffusers_old":
        return {
            f"{component}.{old_name(name)}{part.removeprefix('lora_')}": tensor
            for part, tensor in parts.items()
        }
    flat = ("lora_unet_" if component == "unet" else "lora_te_") + name.replace(".", "_")
    parts["alpha"] = torch.tensor(alpha)
    return {f"{flat}.{part}": tensor for part, tensor in parts.items()}


def old_name(name: str) -> str:
    """`…attn1.to_out.0` -> `…attn1.processor.to_out_lora.`, as diffusers wrote it before peft."""
    if ".to_" in name:
        head, layer = name.removesuffix(".0").rsplit(".", 1)
        return f"{head}.processor.{layer}_lora."
    return f"{name}.lora_linear_layer."


def header(layout: Layout, rank: int, alpha: float, truth: Truth) -> dict[str, str]:
    """The file's metadata; peft keeps alpha there, as `StableDiffusionPipeline.save_lora_weights` does."""
    if layout not in ("peft", "dora_peft"):
        return {"format": "pt"}
    config: dict[str, object] = {}
    for component, name in truth:
        config[f"{component}.r"] = rank
        config[f"{component}.lora_alpha"] = alpha
        config[f"{component}.use_dora"] = layout == "dora_peft"
        modules = config.setdefault(f"{component}.target_modules", [])
        assert isinstance(modules, list)
        modules.append(name)
    return {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
