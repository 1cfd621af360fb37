"""What the tests of conversion share: two readings of one file, and ways to spoil it."""

import json
import re
from pathlib import Path
from typing import get_args

import torch
from peft.tuners.lora.layer import Conv2d, Linear
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.convert import convert
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.files import read_adapter
from tests.sampling.tiny import Layout, Truth, tiny_pipeline

LAYOUTS = get_args(Layout)
QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
CROSS = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"


def factors(path: Path, bases: Bases) -> Factors:
    return convert(read_adapter(path, "Ink"), bases, "id")


def deltas(found: Factors) -> Truth:
    """dW of every layer in fp64."""
    return {
        place: torch.einsum("or,r...->o...", layer.up.double(), layer.down.double())
        for place, layer in found.layers.items()
    }


def worst(ours: Truth, theirs: Truth) -> float:
    """The largest relative error; both speak of the very same layers."""
    assert set(ours) == set(theirs)
    return max(((ours[at] - theirs[at]).norm() / theirs[at].norm()).item() for at in theirs)


def by_diffusers(path: Path) -> Truth:
    """What `load_lora_weights` and peft make of the file, on a pipeline of its own."""
    pipeline = tiny_pipeline(0)
    pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name="ink")
    return {
        (component, name): module.get_delta_weight("ink").detach().double()
        for component in ("unet", "text_encoder")
        for name, module in getattr(pipeline, component).named_modules()
        if isinstance(module, Linear | Conv2d) and "ink" in module.scaling
    }


def rewritten(path: Path, change, metadata: dict[str, object] | None = None) -> Path:
    """The file with `change(tensors)` applied, perhaps with another peft header."""
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        header = file.metadata()
    if metadata is not None:
        header["lora_adapter_metadata"] = json.dumps(metadata)
    change(tensors)
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path, header)
    return path


def renamed(path: Path, pattern: str, by: str) -> Path:
    """The file with every key `re.sub`-ed."""

    def change(tensors):
        new = {re.sub(pattern, by, key): tensors[key] for key in tensors}
        tensors.clear()
        tensors.update(new)

    return rewritten(path, change)


def file_of(path: Path, **tensors: torch.Tensor) -> Path:
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)
    return path
