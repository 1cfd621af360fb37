"""A tiny Z-Image: the real classes at toy widths, one refiner of each kind, two layers, a language model of two."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from torch import Tensor, nn
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

from tests.sampling.tiny_flux import tiny_vae, written

WIDTH, WORDS = 32, 24
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKERS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def tiny_zimage(seed: int = 0) -> ZImagePipeline:
    """A whole fp32 pipeline in eval mode, its weights decided by `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer, vae, words = tiny_transformer(), tiny_vae(), tiny_qwen()
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae,
        text_encoder=words,
        tokenizer=tiny_words(),
        transformer=transformer,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def tiny_transformer() -> ZImageTransformer2DModel:
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=WIDTH,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WORDS,
        axes_dims=[4, 6, 6],
        axes_lens=[256, 32, 32],
    )
    with torch.no_grad():
        for token in (transformer.x_pad_token, transformer.cap_pad_token):
            token.normal_()
    return transformer.eval()


def tiny_qwen() -> Qwen3Model:
    config = Qwen3Config(
        vocab_size=len(vocabulary()),
        hidden_size=WORDS,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return Qwen3Model(config).eval()


def vocabulary() -> dict[str, int]:
    """Bytes as byte-level BPE writes them, printable ones alone, and the markers of a chat."""
    letters = [chr(number) for number in range(33, 127)]
    return {piece: number for number, piece in enumerate([*MARKERS, *letters, "Ġ", "Ċ"])}


def tiny_words() -> Qwen2Tokenizer:
    words = Qwen2Tokenizer(
        vocab=vocabulary(),
        merges=[],
        additional_special_tokens=list(MARKERS[1:]),
        model_max_length=1024,
    )
    words.chat_template = TEMPLATE
    return words


def adapter(
    path: Path, pipeline: ZImagePipeline, layout: Literal["diffusers", "comfy"], seed: int
) -> Path:
    """Write a random LoRA, and beside it the same one as diffusers itself would: returns that one."""
    return written(path, pipeline, layout, seed, places(pipeline, layout), swaps=r"$^")


def places(
    pipeline: ZImagePipeline, layout: Literal["diffusers", "comfy"]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(their name, ours) of every layer that such a file changes."""
    for name, module in pipeline.transformer.named_modules():
        if not isinstance(module, nn.Linear):
            continue
        ours = f"transformer.{name}"
        if layout == "diffusers":
            yield ours, (ours,)
        elif "attention.to_" not in name:
            plain = name.removeprefix("all_").replace("embedder.2-1", "embedder")
            yield f"diffusion_model.{plain.replace('layer.2-1', 'layer')}", (ours,)
        elif name.endswith("to_q"):
            block = ours.removesuffix(".to_q")
            theirs = block.replace("transformer.", "diffusion_model.", 1)
            yield f"{theirs}.qkv", tuple(f"{block}.to_{part}" for part in "qkv")
            yield f"{theirs}.out", (f"{block}.to_out.0",)


def by_makers(pipeline: ZImagePipeline) -> dict[str, Tensor]:
    """The transformer alone as its makers name it, and a norm of theirs that nothing reads."""
    ours = pipeline.transformer.state_dict()
    theirs = {"norm_final.weight": torch.ones(WIDTH)}
    for name, weight in ours.items():
        if ".to_q." in name:
            rows = [ours[name.replace("to_q", f"to_{part}")] for part in "qkv"]
            theirs[name.replace("to_q", "qkv")] = torch.cat(rows)
        elif ".to_k." not in name and ".to_v." not in name:
            plain = re.sub(r"^all_(x_embedder|final_layer)\.2-1", r"\1", name)
            plain = re.sub(r"norm_([qk])", r"\1_norm", plain).replace("to_out.0", "out")
            theirs[plain] = weight
    return {f"model.diffusion_model.{name}": each.clone() for name, each in theirs.items()}
