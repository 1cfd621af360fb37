"""A tiny FLUX.1: the real classes at toy widths, two blocks of each kind, T5 and CLIP before them."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextModel, T5Config, T5EncoderModel, T5Tokenizer

from tests.sampling.tiny import tiny_tokenizer
from tests.sampling.tiny_sdxl import text_config

HEADS, HEAD = 2, 16
WIDTH = HEADS * HEAD
POOLED, WORDS = 24, 40  # widths of CLIP and of T5
WINDOW = 48  # of T5
RANK, ALPHA = 4, 2.0
Layout: TypeAlias = Literal["diffusers", "kohya", "ai_toolkit", "comfy", "xlabs", "onetrainer"]
SCALED = ("kohya", "comfy", "onetrainer")  # layouts that state an alpha
LETTERS = " abcdefghijklmnopqrstuvwxyz,.'-0123456789"


def tiny_flux(seed: int = 0, *, distilled: bool = True) -> FluxPipeline:
    """A whole fp32 pipeline in eval mode, its weights decided by `seed`; `distilled` as *dev* is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer, vae = tiny_transformer(distilled=distilled), tiny_vae()
        clip = CLIPTextModel(text_config(POOLED, "quick_gelu")).eval()
        t5 = tiny_t5()
    pipeline = FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=3.0 if distilled else 1.0,
            use_dynamic_shifting=distilled,
            max_image_seq_len=1024,  # so that toy pictures differ in their shift
            base_image_seq_len=16,
        ),
        vae=vae,
        text_encoder=clip,
        tokenizer=tiny_tokenizer(),
        text_encoder_2=t5,
        tokenizer_2=tiny_words(),
        transformer=transformer,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tiny_transformer(*, distilled: bool = True, channels: int = 64) -> FluxTransformer2DModel:
    transformer = FluxTransformer2DModel(
        in_channels=channels,
        out_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=HEAD,
        num_attention_heads=HEADS,
        joint_attention_dim=WORDS,
        pooled_projection_dim=POOLED,
        guidance_embeds=distilled,
        axes_dims_rope=(4, 6, 6),
    )
    with torch.no_grad():  # a toy's words would hardly show beside its noise
        transformer.context_embedder.weight *= 8
    return transformer.eval()


def tiny_vae() -> AutoencoderKL:
    """Pixels (B, 3, 16, 16) <-> latents (B, 16, 8, 8), shifted as FLUX.1's are."""
    vae = AutoencoderKL(
        sample_size=16,
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=4,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return vae.eval()


def tiny_t5() -> T5EncoderModel:
    config = T5Config(
        vocab_size=len(pieces()),
        d_model=WORDS,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config).eval()


def pieces() -> list[tuple[str, float]]:
    """T5's three special tokens, then letters and a few whole words."""
    letters = [(letter.replace(" ", "▁"), -4.0) for letter in LETTERS]
    words = [(f"▁{word}", -1.0) for word in ("a", "the", "fox", "cat", "red", "kohya")]
    return [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *letters, *words]


def tiny_words() -> T5Tokenizer:
    return T5Tokenizer(vocab=pieces(), extra_ids=0, model_max_length=WINDOW)


def adapter(path: Path, pipeline: FluxPipeline, layout: Layout, seed: int) -> Path:
    """Write a random LoRA, and beside it the same one as diffusers itself would: returns that one."""
    return written(path, pipeline, layout, seed, places(pipeline, layout))


def written(
    path: Path,
    pipeline: Any,
    layout: Layout,
    seed: int,
    layers: Iterable[tuple[str, tuple[str, ...]]],
    swaps: str = "adaLN",
) -> Path:
    """Only the plain layout is written by its names; all others by hand, rows and halves too."""
    dice = torch.Generator().manual_seed(seed)
    theirs: dict[str, Tensor] = {}
    plain: dict[str, Tensor] = {}
    for name, paths in layers:
        weights = [pipeline_weight(pipeline, each) for each in paths]
        width = weights[0].shape[1]
        down = torch.randn(RANK, width, generator=dice) / width**0.5
        up = torch.randn(sum(map(len, weights)), RANK, generator=dice) * 0.1
        theirs |= spelled(name, layout, down, up)
        scale = ALPHA / RANK if layout in SCALED else 1.0
        rows = swapped(up) if re.search(swaps, name) else up
        for each, part in zip(paths, rows.split([len(w) for w in weights]), strict=True):
            plain[f"{each}.lora_A.weight"] = down.clone()
            plain[f"{each}.lora_B.weight"] = (part * scale).contiguous()
    save_file(theirs, path, metadata={"format": "pt"})
    judged = path.with_name(f"{path.stem}-plain.safetensors")
    save_file(plain, judged, metadata={"format": "pt"})
    return judged


def swapped(up: Tensor) -> Tensor:
    """BFL's last modulation says shift, scale; diffusers' says scale, shift."""
    shift, scale = up.chunk(2)
    return torch.cat([scale, shift])


def pipeline_weight(pipeline: Any, place: str) -> Tensor:
    component, _, path = place.partition(".")
    root = getattr(pipeline, component)
    bare = path if hasattr(root, "text_model") else path.removeprefix("text_model.")
    return root.get_submodule(bare).weight


def spelled(name: str, layout: Layout, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    if layout == "xlabs" and not name.startswith("text"):
        return {f"{name}.down.weight": down, f"{name}.up.weight": up}
    pair = (
        ("lora_A", "lora_B") if layout in ("diffusers", "ai_toolkit") else ("lora_down", "lora_up")
    )
    found = {f"{name}.{pair[0]}.weight": down, f"{name}.{pair[1]}.weight": up}
    return found | ({f"{name}.alpha": torch.tensor(ALPHA)} if layout in SCALED else {})


def places(pipeline: FluxPipeline, layout: Layout) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(their name, ours) of every layer that such a file changes."""
    prefix = {"kohya": "lora_unet_", "ai_toolkit": "diffusion_model.", "comfy": "diffusion_model."}
    if layout in ("diffusers", "onetrainer"):
        for name, module in pipeline.transformer.named_modules():
            if isinstance(module, nn.Linear):
                yield _ours(f"transformer.{name}", layout), (f"transformer.{name}",)
    elif layout == "xlabs":
        yield from _of_xlabs()
    else:
        for name, paths in _of_bfl(outer=layout == "kohya"):
            flat = name.replace(".", "_") if layout == "kohya" else name
            yield prefix[layout] + flat, tuple(f"transformer.{path}" for path in paths)
    if layout in ("diffusers", "kohya", "comfy", "onetrainer"):
        yield from _of_clip(pipeline, layout)


def _ours(place: str, layout: Layout) -> str:
    return place if layout == "diffusers" else "lora_" + place.replace(".", "_")


def _of_clip(pipeline: FluxPipeline, layout: Layout) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, module in pipeline.text_encoder.named_modules():
        if isinstance(module, nn.Linear) and "layers" in name:
            ours = f"text_model.{name.removeprefix('text_model.')}"
            flat = f"lora_te1_{ours.replace('.', '_')}"
            theirs = {
                "diffusers": f"text_encoder.{ours}",
                "comfy": f"text_encoders.clip_l.transformer.{ours}",
            }
            yield theirs.get(layout, flat), (f"text_encoder.{ours}",)


def _of_bfl(*, outer: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    for at in range(2):
        ours, theirs = f"transformer_blocks.{at}", f"double_blocks.{at}"
        q, k, v = (f"{ours}.attn.to_{each}" for each in "qkv")
        yield f"{theirs}.img_attn.qkv", (q, k, v)
        yield f"{theirs}.img_attn.proj", (f"{ours}.attn.to_out.0",)
        yield f"{theirs}.img_mlp.0", (f"{ours}.ff.net.0.proj",)
        yield f"{theirs}.img_mlp.2", (f"{ours}.ff.net.2",)
        yield f"{theirs}.img_mod.lin", (f"{ours}.norm1.linear",)
        q, k, v = (f"{ours}.attn.add_{each}_proj" for each in "qkv")
        yield f"{theirs}.txt_attn.qkv", (q, k, v)
        yield f"{theirs}.txt_attn.proj", (f"{ours}.attn.to_add_out",)
        yield f"{theirs}.txt_mlp.0", (f"{ours}.ff_context.net.0.proj",)
        yield f"{theirs}.txt_mlp.2", (f"{ours}.ff_context.net.2",)
        yield f"{theirs}.txt_mod.lin", (f"{ours}.norm1_context.linear",)
        ours, theirs = f"single_transformer_blocks.{at}", f"single_blocks.{at}"
        q, k, v = (f"{ours}.attn.to_{each}" for each in "qkv")
        yield f"{theirs}.linear1", (q, k, v, f"{ours}.proj_mlp")
        yield f"{theirs}.linear2", (f"{ours}.proj_out",)
        yield f"{theirs}.modulation.lin", (f"{ours}.norm.linear",)
    if outer:
        yield from _outer()


def _outer() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "img_in", ("x_embedder",)
    yield "txt_in", ("context_embedder",)
    yield "final_layer.linear", ("proj_out",)
    yield "final_layer.adaLN_modulation.1", ("norm_out.linear",)
    for theirs, ours in (
        ("time_in", "timestep"),
        ("vector_in", "text"),
        ("guidance_in", "guidance"),
    ):
        yield f"{theirs}.in_layer", (f"time_text_embed.{ours}_embedder.linear_1",)
        yield f"{theirs}.out_layer", (f"time_text_embed.{ours}_embedder.linear_2",)


def _of_xlabs() -> Iterator[tuple[str, tuple[str, ...]]]:
    for at in range(2):
        ours, theirs = f"transformer.transformer_blocks.{at}.attn", f"double_blocks.{at}.processor"
        yield f"{theirs}.qkv_lora1", tuple(f"{ours}.to_{each}" for each in "qkv")
        yield f"{theirs}.qkv_lora2", tuple(f"{ours}.add_{each}_proj" for each in "qkv")
        yield f"{theirs}.proj_lora1", (f"{ours}.to_out.0",)
        yield f"{theirs}.proj_lora2", (f"{ours}.to_add_out",)
        ours, theirs = (
            f"transformer.single_transformer_blocks.{at}",
            f"single_blocks.{at}.processor",
        )
        yield f"{theirs}.qkv_lora", tuple(f"{ours}.attn.to_{each}" for each in "qkv")
        yield f"{theirs}.proj_lora", (f"{ours}.proj_out",)


def bfl_file(path: Path, pipeline: FluxPipeline, prefix: str = "model.diffusion_model.") -> Path:
    """The transformer alone as its makers name it, written by hand."""
    ours, theirs = pipeline.transformer.state_dict(), dict[str, Tensor]()
    for name, paths in _of_bfl(outer=True):
        for part in ("weight", "bias"):
            if f"{paths[0]}.{part}" in ours:
                whole = torch.cat([ours[f"{each}.{part}"] for each in paths])
                theirs[f"{name}.{part}"] = swapped(whole) if "adaLN" in name else whole
    for at in range(2):
        mine, block = f"transformer_blocks.{at}.attn", f"double_blocks.{at}"
        for side, added in (("img", ""), ("txt", "added_")):
            for part, letter in (("query", "q"), ("key", "k")):
                scale = ours[f"{mine}.norm_{added}{letter}.weight"]
                theirs[f"{block}.{side}_attn.norm.{part}_norm.scale"] = scale
        mine, block = f"single_transformer_blocks.{at}.attn", f"single_blocks.{at}"
        for part, letter in (("query", "q"), ("key", "k")):
            theirs[f"{block}.norm.{part}_norm.scale"] = ours[f"{mine}.norm_{letter}.weight"]
    named = {prefix + name: each.clone().contiguous() for name, each in theirs.items()}
    save_file(named, path, metadata={"format": "pt"})
    return path
