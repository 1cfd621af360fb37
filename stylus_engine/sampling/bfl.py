"""How other programs call the layers of FLUX.1: the names of its makers (BFL), and XLabs'.

kohya, ai-toolkit and ComfyUI write adapters so.  Where diffusers has layers for query,
key, value and the MLP's first half, BFL has one whose rows are theirs under each other.
diffusers' converters judge this table in the tests; they are not used because they
know the released sizes alone, drop what they do not know, and take no LoHa, no LoKr.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

QKV = ("attn.to_q", "attn.to_k", "attn.to_v")
ADDED = ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj")
DOUBLE: dict[str, tuple[str, ...]] = {
    "img_attn.qkv": QKV,
    "img_attn.proj": ("attn.to_out.0",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "img_mod.lin": ("norm1.linear",),
    "txt_attn.qkv": ADDED,
    "txt_attn.proj": ("attn.to_add_out",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
    "txt_mod.lin": ("norm1_context.linear",),
    "processor.qkv_lora1": QKV,
    "processor.qkv_lora2": ADDED,
    "processor.proj_lora1": ("attn.to_out.0",),
    "processor.proj_lora2": ("attn.to_add_out",),
}
SINGLE: dict[str, tuple[str, ...]] = {
    "linear1": (*QKV, "proj_mlp"),
    "linear2": ("proj_out",),
    "modulation.lin": ("norm.linear",),
    "processor.qkv": QKV,
    "processor.proj": ("proj_out",),
}
EMBEDDERS = {"time_in": "timestep", "vector_in": "text", "guidance_in": "guidance"}
OUTER: dict[str, str] = {
    "img_in": "x_embedder",
    "txt_in": "context_embedder",
    "final_layer.linear": "proj_out",
    **{
        f"{theirs}.{side}_layer": f"time_text_embed.{ours}_embedder.linear_{number}"
        for theirs, ours in EMBEDDERS.items()
        for side, number in (("in", 1), ("out", 2))
    },
}
SWAPPED = {"final_layer.adaLN_modulation.1": "norm_out.linear"}  # shift before scale


class Named(NamedTuple):
    """A layer of theirs: its name, ours from the top row down, and whether its halves change places."""

    name: str
    paths: tuple[str, ...]
    swapped: bool = False


def bfl_names(paths: Iterable[str]) -> Iterator[Named]:
    """Every layer of theirs whose paths all exist here."""
    known = set(paths)
    return (each for each in _all(known) if known.issuperset(each.paths))


def _all(known: set[str]) -> Iterator[Named]:
    for number in blocks(known, "transformer_blocks"):
        for name, paths in DOUBLE.items():
            inside = tuple(f"transformer_blocks.{number}.{path}" for path in paths)
            yield Named(f"double_blocks.{number}.{name}", inside)
    for number in blocks(known, "single_transformer_blocks"):
        for name, paths in SINGLE.items():
            inside = tuple(f"single_transformer_blocks.{number}.{path}" for path in paths)
            yield Named(f"single_blocks.{number}.{name}", inside)
    yield from (Named(name, (path,)) for name, path in OUTER.items())
    yield from (Named(name, (path,), swapped=True) for name, path in SWAPPED.items())


def blocks(known: Iterable[str], kind: str) -> list[str]:
    """The numbers of the blocks of a kind that `known` paths lie in."""
    found = (re.match(rf"{kind}\.(\d+)\.", path) for path in known)
    return sorted({each[1] for each in found if each})
