"""A transformer in one file, under its makers' names, as finetunes of FLUX.1 and Z-Image are shared.

Text encoders, tokenizers and VAE are those of the folder that the file lies in.  The
names are those of the tables by which adapters are read too; what a file has beyond
them (the scales of 8-bit files) is refused, not left out.
"""

# diffusers types what a config makes loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from diffusers import FluxTransformer2DModel, ZImageTransformer2DModel
from safetensors.torch import load_file
from torch import Tensor, nn

from stylus_engine.sampling.bfl import Named, bfl_names, blocks
from stylus_engine.sampling.mmdit import z_image_names

PREFIX = "model.diffusion_model."
FLUX_NORMS: tuple[tuple[str, str], ...] = (  # of queries and keys
    (r"double_blocks\.(\d+)\.img_attn\.norm\.(.).+\.scale", r"transformer_blocks.\1.attn.norm_\2"),
    (
        r"double_blocks\.(\d+)\.txt_attn\.norm\.(.).+\.scale",
        r"transformer_blocks.\1.attn.norm_added_\2",
    ),
    (r"single_blocks\.(\d+)\.norm\.(.).+\.scale", r"single_transformer_blocks.\1.attn.norm_\2"),
)
Z_NORMS = ((r"(.+\.attention)\.([qk])_norm\.weight", r"\1.norm_\2"),)


class Makers(NamedTuple):
    """How one family's files are read.

    `names`: linear layers; `norms`: their name -> our module; `shape`: what of the config
    the file itself shows; `unused`: what files have that no model reads.
    """

    kind: Any
    names: Callable[[Iterable[str]], Iterator[Named]]
    norms: tuple[tuple[str, str], ...]
    shape: Callable[[Mapping[str, Tensor]], dict[str, int | bool]]
    unused: frozenset[str] = frozenset()


def _flux_shape(theirs: Mapping[str, Tensor]) -> dict[str, int | bool]:
    return {
        "num_layers": len(blocks(theirs, "double_blocks")),
        "num_single_layers": len(blocks(theirs, "single_blocks")),
        "guidance_embeds": "guidance_in.in_layer.weight" in theirs,
    }


def _z_shape(theirs: Mapping[str, Tensor]) -> dict[str, int | bool]:
    return {
        "n_layers": len(blocks(theirs, "layers")),
        "n_refiner_layers": len(blocks(theirs, "noise_refiner")),
    }


MAKERS: Mapping[str, Makers] = MappingProxyType(
    {
        "flux1": Makers(FluxTransformer2DModel, bfl_names, FLUX_NORMS, _flux_shape),
        "z-image": Makers(
            ZImageTransformer2DModel,
            z_image_names,
            Z_NORMS,
            _z_shape,
            frozenset({"norm_final.weight"}),
        ),
    }
)


def transformer_of(path: Path, family: str, dtype: torch.dtype) -> nn.Module:
    """The model in `path`, shaped as the folder says but for what the file itself shows.

    Raises `ValueError` for tensors that are missing, of another shape, or not known.
    """
    makers = MAKERS[family]
    theirs = {name.removeprefix(PREFIX): each for name, each in load_file(path).items()}
    model = _empty(makers, path.parent, theirs)
    ours = {name: each.to(dtype) for name, each in _renamed(makers, model, theirs)}
    missing = sorted(model.state_dict().keys() - ours.keys())
    unknown = sorted(theirs.keys() - makers.unused)
    if missing or unknown:
        what, which = ("are missing", missing) if missing else ("are not known", unknown)
        raise ValueError(f"tensors of its transformer {what}, such as {which[0]}")
    model.load_state_dict(ours, assign=True)
    return model


def _empty(makers: Makers, folder: Path, theirs: Mapping[str, Tensor]) -> nn.Module:
    config = json.loads((folder / "transformer" / "config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):
        return makers.kind.from_config(config | makers.shape(theirs))


def _renamed(
    makers: Makers, model: nn.Module, theirs: dict[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """Our names and rows; takes each tensor out of `theirs`."""
    paths = [path for path, module in model.named_modules() if isinstance(module, nn.Linear)]
    for named in makers.names(paths):
        for part in ("weight", "bias"):
            if (whole := theirs.pop(f"{named.name}.{part}", None)) is not None:
                yield from _rows(model, named, part, whole)
    for name in list(theirs):
        ours = _norm(makers, name)
        if ours in model.state_dict():
            yield ours, theirs.pop(name)


def _rows(model: nn.Module, named: Named, part: str, whole: Tensor) -> Iterator[tuple[str, Tensor]]:
    """A layer of theirs, or several of ours out of its rows."""
    whole = whole.roll(len(whole) // 2, 0) if named.swapped else whole
    rows = [len(model.get_submodule(path).get_parameter(part)) for path in named.paths]
    for path, piece in zip(named.paths, torch.split(whole, rows), strict=True):
        yield f"{path}.{part}", piece


def _norm(makers: Makers, name: str) -> str:
    """Our name of a norm; any other name is already ours."""
    for theirs, ours in makers.norms:
        if found := re.fullmatch(theirs, name):
            return f"{found.expand(ours)}.weight"
    return name
