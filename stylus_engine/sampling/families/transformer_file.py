"""A transformer in one file, under its makers' names, as finetunes of SD 3, FLUX.1 and Z-Image are shared.

Text encoders and tokenizers are those of the folder that the file lies in, and so is the
VAE where the file has none.  The
names are those of the tables by which adapters are read too; what a file has beyond
them (the scales of 8-bit files) is refused, not left out.
"""

# diffusers types what a config makes loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from diffusers import (
    AutoencoderKL,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    ZImageTransformer2DModel,
)
from safetensors.torch import load_file
from torch import Tensor, nn

from stylus_engine.sampling.bfl import Named, bfl_names, blocks
from stylus_engine.sampling.families.single import SingleFile
from stylus_engine.sampling.mmdit import sd3_names, z_image_names

PREFIX, VAE = "model.diffusion_model.", "first_stage_model."
Others = tuple[tuple[str, str], ...]
FLUX: Others = (  # norms of queries and keys
    (
        r"double_blocks\.(\d+)\.img_attn\.norm\.(.).+\.scale",
        r"transformer_blocks.\1.attn.norm_\2.weight",
    ),
    (
        r"double_blocks\.(\d+)\.txt_attn\.norm\.(.).+\.scale",
        r"transformer_blocks.\1.attn.norm_added_\2.weight",
    ),
    (
        r"single_blocks\.(\d+)\.norm\.(.).+\.scale",
        r"single_transformer_blocks.\1.attn.norm_\2.weight",
    ),
)
SD3: Others = (
    (
        r"joint_blocks\.(\d+)\.x_block\.(attn2?)\.ln_([qk])\.weight",
        r"transformer_blocks.\1.\2.norm_\3.weight",
    ),
    (
        r"joint_blocks\.(\d+)\.context_block\.attn\.ln_([qk])\.weight",
        r"transformer_blocks.\1.attn.norm_added_\2.weight",
    ),
    (r"pos_embed", "pos_embed.pos_embed"),
)
Z: Others = ((r"(.+\.attention)\.([qk])_norm\.weight", r"\1.norm_\2.weight"),)


class Makers(NamedTuple):
    """How one family's files are read.

    `names`: linear layers and convolutions; `others`: their name -> ours of any tensor else;
    `shape`: what of the config the file itself shows; `unused`: what files have that no model reads.
    """

    kind: Any
    names: Callable[[Iterable[str]], Iterator[Named]]
    others: Others
    shape: Callable[[Mapping[str, Tensor]], dict[str, object]]
    unused: frozenset[str] = frozenset()


def _flux_shape(theirs: Mapping[str, Tensor]) -> dict[str, object]:
    return {
        "num_layers": len(blocks(theirs, "double_blocks")),
        "num_single_layers": len(blocks(theirs, "single_blocks")),
        "guidance_embeds": "guidance_in.in_layer.weight" in theirs,
    }


def _sd3_shape(theirs: Mapping[str, Tensor]) -> dict[str, object]:
    numbers = sorted(map(int, blocks(theirs, "joint_blocks")))
    twice = [at for at in numbers if f"joint_blocks.{at}.x_block.attn2.qkv.weight" in theirs]
    normed = any(".ln_q." in name for name in theirs)
    return {
        "num_layers": len(numbers),
        "dual_attention_layers": tuple(twice),
        "qk_norm": "rms_norm" if normed else None,
        "pos_embed_max_size": _edge(theirs.get("pos_embed")),
    }


def _edge(places: Tensor | None) -> int:
    """How many patches an edge may have, of places (1, edge squared, width)."""
    if places is None or places.ndim != 3:
        raise ValueError("it says of no patch where it stands (pos_embed)")
    return math.isqrt(places.shape[1])


def _z_shape(theirs: Mapping[str, Tensor]) -> dict[str, object]:
    return {
        "n_layers": len(blocks(theirs, "layers")),
        "n_refiner_layers": len(blocks(theirs, "noise_refiner")),
    }


MAKERS: Mapping[str, Makers] = MappingProxyType(
    {
        "flux1": Makers(FluxTransformer2DModel, bfl_names, FLUX, _flux_shape),
        "sd3": Makers(SD3Transformer2DModel, sd3_names, SD3, _sd3_shape),
        "z-image": Makers(
            ZImageTransformer2DModel,
            z_image_names,
            Z,
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
    theirs = {
        name.removeprefix(PREFIX): each
        for name, each in load_file(path).items()
        if not name.startswith(VAE)
    }
    model = _empty(makers, path.parent, theirs)
    ours = {name: each.to(dtype) for name, each in _renamed(makers, model, theirs)}
    missing = sorted(model.state_dict().keys() - ours.keys())
    unknown = sorted(theirs.keys() - makers.unused)
    if missing or unknown:
        what, which = ("are missing", missing) if missing else ("are not known", unknown)
        raise ValueError(f"tensors of its transformer {what}, such as {which[0]}")
    model.load_state_dict(ours, assign=True)
    return model


def vae_of(path: Path) -> Any | None:  # noqa: ANN401 - a class of diffusers
    """The VAE in `path`, in fp32; None where the file holds none. Raises `ValueError` for half of one."""
    state = {name: each for name, each in load_file(path).items() if name.startswith(VAE)}
    found = SingleFile(state, path.parent)
    return found.model(AutoencoderKL, "vae", torch.float32) if state else None


def _empty(makers: Makers, folder: Path, theirs: Mapping[str, Tensor]) -> nn.Module:
    config = json.loads((folder / "transformer" / "config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):
        return makers.kind.from_config(config | makers.shape(theirs))


def _renamed(
    makers: Makers, model: nn.Module, theirs: dict[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """Our names and rows; takes each tensor out of `theirs`."""
    kinds = nn.Linear | nn.Conv2d
    paths = [path for path, module in model.named_modules() if isinstance(module, kinds)]
    for named in makers.names(paths):
        for part in ("weight", "bias"):
            if (whole := theirs.pop(f"{named.name}.{part}", None)) is not None:
                yield from _rows(model, named, part, whole)
    for name in list(theirs):
        ours = _other(makers, name)
        if ours in model.state_dict():
            yield ours, theirs.pop(name)


def _rows(model: nn.Module, named: Named, part: str, whole: Tensor) -> Iterator[tuple[str, Tensor]]:
    """A layer of theirs, or several of ours out of its rows."""
    whole = whole.roll(len(whole) // 2, 0) if named.swapped else whole
    rows = [len(model.get_submodule(path).get_parameter(part)) for path in named.paths]
    for path, piece in zip(named.paths, torch.split(whole, rows), strict=True):
        yield f"{path}.{part}", piece


def _other(makers: Makers, name: str) -> str:
    """Our name of a tensor that is no layer's; what the table does not know is already ours."""
    for theirs, ours in makers.others:
        if found := re.fullmatch(theirs, name):
            return found.expand(ours)
    return name
