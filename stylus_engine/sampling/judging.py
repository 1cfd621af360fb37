"""What somebody else makes of an adapter file: diffusers' reading of it, as factors.

Law of this file: it never imports our conversion, for it is what ours is held against.
Files that diffusers does not read whole (LoHa, LoKr, DoRA, fused layers) have no judge.
"""

# diffusers' loaders carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false, reportAny=false

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from diffusers.utils import logging
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.families import Parts

SPELLINGS = re.compile(
    r"^(unet|text_encoder|text_encoder_2)\.(?:text_model\.)?(.+?)"
    r"(?:\.lora_A|\.lora\.down|\.lora_linear_layer\.down|(?:\.processor)?\.(to_\w+?)_lora\.down)\.weight$"
)
UP = {"lora_A": "lora_B", "lora.down": "lora.up", "lora_linear_layer.down": "lora_linear_layer.up"}
FOREIGN = (
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    OSError,
    AttributeError,
    IndexError,
    SafetensorError,
)


def judged(path: Path, parts: Parts, ours: Factors) -> Factors | None:
    """The file's layers as diffusers reads them; None where it does not read all that we do."""
    try:
        if _dropped(path):
            return None
        layers = _layers(path, parts)
    except FOREIGN:
        return None
    if layers.keys() != ours.layers.keys():
        return None
    return Factors(id=f"judge:{ours.id}", file_sha256=ours.file_sha256, layers=layers)


def _layers(path: Path, parts: Parts) -> dict[tuple[Component, str], Layer]:
    tensors, alphas, metadata = _read(path, parts)
    found: dict[tuple[Component, str], Layer] = {}
    for key, down in tensors.items():
        if (match := SPELLINGS.match(key)) is None:
            continue
        component, name, old = match.groups()
        name = f"{name}.{_modern(component, old)}" if old else name
        place = (cast("Component", component), _name(parts.modules, component, name))
        scale = _alpha(key, place, alphas, metadata) or float(down.shape[0])
        up = tensors[_up(key)].float().flatten(1) * (scale / down.shape[0])
        found[place] = Layer(down.float(), up)
    return found


def _modern(component: str, old: str) -> str:
    """`to_out` of diffusers' first spelling is a layer's name of today."""
    if component == "unet":
        return old.replace("to_out", "to_out.0")
    return f"{old.removeprefix('to_')}_proj"


def _dropped(path: Path) -> bool:
    """Whether diffusers would read the file without what makes it a DoRA, and call that a success."""
    with safe_open(path, framework="pt") as file:
        return any("dora_scale" in key or "magnitude" in key for key in file.keys())  # noqa: SIM118 - not a mapping


def _read(
    path: Path, parts: Parts
) -> tuple[dict[str, Tensor], Mapping[str, Any], Mapping[str, Any]]:
    wide = parts.text_encoder_2 is not None
    reader = StableDiffusionXLPipeline if wide else StableDiffusionPipeline
    more = {"unet_config": parts.unet.config} if wide else {}
    was = logging.get_verbosity()
    logging.set_verbosity_error()  # it warns of what is counted here
    try:
        read: Any = reader.lora_state_dict
        tensors, alphas, metadata = read(
            str(path.parent),
            weight_name=path.name,
            local_files_only=True,
            use_safetensors=True,
            return_lora_metadata=True,
            **more,
        )
    finally:
        logging.set_verbosity(was)
    return tensors, alphas or {}, metadata or {}


def _up(key: str) -> str:
    for down, up in UP.items():
        if f".{down}.weight" in key:
            return key.replace(f".{down}.weight", f".{up}.weight")
    return key.replace("_lora.down.", "_lora.up.")


def _name(modules: Mapping[Component, nn.Module], component: str, name: str) -> str:
    """Transformers 5 dropped CLIP's `text_model.` from paths; older ones have it."""
    known = dict(cast("Any", modules[cast("Component", component)].named_modules()))
    return name if name in known or component == "unet" else f"text_model.{name}"


def _alpha(
    key: str, place: tuple[str, str], alphas: Mapping[str, Any], metadata: Mapping[str, Any]
) -> float | None:
    """Of the file, else of its metadata; None: the rank."""
    stem = re.split(r"\.lora|\.processor", key)[0]
    for name in (f"{stem}.alpha", f"{key}.alpha"):
        if name in alphas:
            return float(torch.as_tensor(alphas[name]))
    component, path = place
    patterns = metadata.get(f"{component}.alpha_pattern") or {}
    told = patterns.get(path, metadata.get(f"{component}.lora_alpha"))
    return None if told is None else float(told)
