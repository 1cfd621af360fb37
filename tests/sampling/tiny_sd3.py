"""A tiny Stable Diffusion 3.5: the real classes at toy widths, one block with a second attention, a last one."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from torch import nn
from transformers import CLIPTextModelWithProjection

from tests.sampling.tiny import tiny_tokenizer
from tests.sampling.tiny_flux import WORDS, tiny_t5, tiny_vae, tiny_words, written
from tests.sampling.tiny_sdxl import POOLED, text_config

CLIPS = (16, 20)  # widths of the two CLIPs: less than T5's together
WIDTH = 32
SWAPS = r"final_layer.adaLN|_1.context_block.adaLN|_1_context_block_adaLN|final_layer_adaLN"


def tiny_sd3(seed: int = 0, *, t5: bool = True) -> StableDiffusion3Pipeline:
    """A whole fp32 pipeline in eval mode, its weights decided by `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer, vae, words = tiny_transformer(), tiny_vae(), tiny_t5()
        first = CLIPTextModelWithProjection(text_config(CLIPS[0], "quick_gelu")).eval()
        second = CLIPTextModelWithProjection(text_config(CLIPS[1], "gelu")).eval()
    other = tiny_tokenizer()
    other.pad_token = "!"  # noqa: S105 - no password: as the second tokenizer of every released one
    pipeline = StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae,
        text_encoder=first,
        tokenizer=tiny_tokenizer(),
        text_encoder_2=second,
        tokenizer_2=other,
        text_encoder_3=words if t5 else None,
        tokenizer_3=tiny_words() if t5 else None,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tiny_transformer() -> SD3Transformer2DModel:
    transformer = SD3Transformer2DModel(
        sample_size=16,
        in_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WORDS,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * POOLED,
        out_channels=16,
        pos_embed_max_size=24,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    with torch.no_grad():  # a toy's words would hardly show beside its noise
        transformer.context_embedder.weight *= 8
    return transformer.eval()


def adapter(
    path: Path, pipeline: StableDiffusion3Pipeline, layout: Literal["diffusers", "kohya"], seed: int
) -> Path:
    """Write a random LoRA, and beside it the same one as diffusers itself would: returns that one."""
    return written(path, pipeline, layout, seed, places(pipeline, layout), SWAPS)


def places(
    pipeline: StableDiffusion3Pipeline, layout: Literal["diffusers", "kohya"]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(their name, ours) of every layer that such a file changes."""
    if layout == "diffusers":
        for name, module in pipeline.transformer.named_modules():
            if isinstance(module, nn.Linear):
                yield f"transformer.{name}", (f"transformer.{name}",)
    else:
        for name, paths in of_makers():
            flat = f"lora_unet_{name.replace('.', '_')}"
            yield flat, tuple(f"transformer.{path}" for path in paths)
    for number, component in enumerate(("text_encoder", "text_encoder_2"), start=1):
        for name, module in getattr(pipeline, component).named_modules():
            if isinstance(module, nn.Linear) and "layers" in name:
                ours = f"text_model.{name.removeprefix('text_model.')}"
                flat = f"lora_te{number}_{ours.replace('.', '_')}"
                theirs = flat if layout == "kohya" else f"{component}.{ours}"
                yield theirs, (f"{component}.{ours}",)


def of_makers() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each layer as its makers name it, and ours in it: those that adapters change here."""
    for at in range(2):
        ours, theirs = f"transformer_blocks.{at}", f"joint_blocks.{at}"
        q, k, v = (f"{ours}.attn.to_{each}" for each in "qkv")
        yield f"{theirs}.x_block.attn.qkv", (q, k, v)
        yield f"{theirs}.x_block.attn.proj", (f"{ours}.attn.to_out.0",)
        yield f"{theirs}.x_block.mlp.fc1", (f"{ours}.ff.net.0.proj",)
        yield f"{theirs}.x_block.mlp.fc2", (f"{ours}.ff.net.2",)
        yield f"{theirs}.x_block.adaLN_modulation.1", (f"{ours}.norm1.linear",)
        q, k, v = (f"{ours}.attn.add_{each}_proj" for each in "qkv")
        yield f"{theirs}.context_block.attn.qkv", (q, k, v)
        yield f"{theirs}.context_block.adaLN_modulation.1", (f"{ours}.norm1_context.linear",)
    ours, theirs = "transformer_blocks.0", "joint_blocks.0"
    yield f"{theirs}.x_block.attn2.qkv", tuple(f"{ours}.attn2.to_{each}" for each in "qkv")
    yield f"{theirs}.x_block.attn2.proj", (f"{ours}.attn2.to_out.0",)
    yield f"{theirs}.context_block.attn.proj", (f"{ours}.attn.to_add_out",)
    yield f"{theirs}.context_block.mlp.fc1", (f"{ours}.ff_context.net.0.proj",)
    yield f"{theirs}.context_block.mlp.fc2", (f"{ours}.ff_context.net.2",)
    yield "context_embedder", ("context_embedder",)
    yield "t_embedder.mlp.0", ("time_text_embed.timestep_embedder.linear_1",)
    yield "y_embedder.mlp.2", ("time_text_embed.text_embedder.linear_2",)
    yield "final_layer.linear", ("proj_out",)
    yield "final_layer.adaLN_modulation.1", ("norm_out.linear",)
