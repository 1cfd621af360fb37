"""FLUX.1's transformer in one file, under its makers' names, as finetunes of it are shared.

Text encoders, tokenizers and VAE are those of the folder that the file lies in.  The
names are those of `bfl.py`, which adapters are read by too; what a file has beyond them
(the scales of 8-bit files) is refused, not left out.
"""

# diffusers types what a config makes loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import load_file
from torch import Tensor, nn

from stylus_engine.sampling.bfl import bfl_names, blocks

PREFIX = "model.diffusion_model."
NORMS = {  # of queries and keys: theirs -> ours, in a block
    "img_attn.norm.query_norm": "attn.norm_q",
    "img_attn.norm.key_norm": "attn.norm_k",
    "txt_attn.norm.query_norm": "attn.norm_added_q",
    "txt_attn.norm.key_norm": "attn.norm_added_k",
    "norm.query_norm": "attn.norm_q",
    "norm.key_norm": "attn.norm_k",
}


def transformer_of(path: Path, dtype: torch.dtype) -> FluxTransformer2DModel:
    """The model in `path`, shaped as the folder says but for what the file itself shows.

    Raises `ValueError` for tensors that are missing, of another shape, or not known.
    """
    theirs = {name.removeprefix(PREFIX): each for name, each in load_file(path).items()}
    model = _empty(path.parent, theirs)
    ours = {name: each.to(dtype) for name, each in _renamed(model, theirs)}
    missing = sorted(model.state_dict().keys() - ours.keys())
    if missing or theirs:
        what, which = ("are missing", missing) if missing else ("are not known", sorted(theirs))
        raise ValueError(f"tensors of its transformer {what}, such as {which[0]}")
    model.load_state_dict(ours, assign=True)
    return model


def _empty(folder: Path, theirs: dict[str, Tensor]) -> FluxTransformer2DModel:
    config = json.loads((folder / "transformer" / "config.json").read_text(encoding="utf-8"))
    shown = {
        "num_layers": len(blocks(theirs, "double_blocks")),
        "num_single_layers": len(blocks(theirs, "single_blocks")),
        "guidance_embeds": "guidance_in.in_layer.weight" in theirs,
    }
    with torch.device("meta"):
        found = FluxTransformer2DModel.from_config(config | shown)
    assert isinstance(found, FluxTransformer2DModel)  # noqa: S101 - `from_config` may return more when asked to
    return found


def _renamed(model: nn.Module, theirs: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Our names and rows; takes each tensor out of `theirs`."""
    paths = [path for path, module in model.named_modules() if isinstance(module, nn.Linear)]
    for name, inside, swapped in bfl_names(paths):
        for part in ("weight", "bias"):
            whole = theirs.pop(f"{name}.{part}", None)
            if whole is not None:
                whole = whole.roll(len(whole) // 2, 0) if swapped else whole
                rows = [len(model.get_submodule(path).get_parameter(part)) for path in inside]
                pieces = torch.split(whole, rows)
                yield from ((f"{p}.{part}", q) for p, q in zip(inside, pieces, strict=True))
    yield from _norms(theirs)


def _norms(theirs: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for kind, ours in (
        ("double_blocks", "transformer_blocks"),
        ("single_blocks", "single_transformer_blocks"),
    ):
        for number in blocks(theirs, kind):
            for name, path in NORMS.items():
                if (scale := theirs.pop(f"{kind}.{number}.{name}.scale", None)) is not None:
                    yield f"{ours}.{number}.{path}.weight", scale
