"""How other programs call the layers of Stable Diffusion 3 and Z-Image: their makers' names, which trainers keep.

Like FLUX.1's (`bfl.py`): query, key and value are one layer of theirs.  The last block
has a shorter text side, whose modulation says shift before scale, as the last layer's does.
"""

from collections.abc import Iterable, Iterator

from stylus_engine.sampling.bfl import ADDED, QKV, Named, blocks

BLOCK: dict[str, tuple[str, ...]] = {
    "x_block.attn.qkv": QKV,
    "x_block.attn.proj": ("attn.to_out.0",),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
    "x_block.attn2.proj": ("attn2.to_out.0",),
    "x_block.mlp.fc1": ("ff.net.0.proj",),
    "x_block.mlp.fc2": ("ff.net.2",),
    "x_block.adaLN_modulation.1": ("norm1.linear",),
    "context_block.attn.qkv": ADDED,
    "context_block.attn.proj": ("attn.to_add_out",),
    "context_block.mlp.fc1": ("ff_context.net.0.proj",),
    "context_block.mlp.fc2": ("ff_context.net.2",),
    "context_block.adaLN_modulation.1": ("norm1_context.linear",),
}
OUTER = {
    "context_embedder": "context_embedder",
    "x_embedder.proj": "pos_embed.proj",
    "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
    "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}


def sd3_names(paths: Iterable[str]) -> Iterator[Named]:
    """Every layer of theirs whose paths all exist here."""
    known = set(paths)
    return (each for each in _all(known) if known.issuperset(each.paths))


def _all(known: set[str]) -> Iterator[Named]:
    for number in blocks(known, "transformer_blocks"):
        last = f"transformer_blocks.{number}.ff_context.net.2" not in known
        for name, paths in BLOCK.items():
            inside = tuple(f"transformer_blocks.{number}.{path}" for path in paths)
            swapped = last and name.startswith("context_block.adaLN")
            yield Named(f"joint_blocks.{number}.{name}", inside, swapped)
    for name, path in OUTER.items():
        yield Named(name, (path,), swapped="adaLN" in name)


def z_image_names(paths: Iterable[str]) -> Iterator[Named]:
    """Every layer of Z-Image's makers whose name is not ours; its patches are 2 by 2, in one frame."""
    known = set(paths)
    blocks = {path.rpartition(".to_q")[0] for path in known if path.endswith("attention.to_q")}
    for block in sorted(blocks):
        yield Named(f"{block}.qkv", tuple(f"{block}.to_{part}" for part in "qkv"))
        yield Named(f"{block}.out", (f"{block}.to_out.0",))
    for path in sorted(known):
        if path.startswith(("all_x_embedder.", "all_final_layer.")):
            yield Named(path.removeprefix("all_").replace(".2-1", ""), (path,))
