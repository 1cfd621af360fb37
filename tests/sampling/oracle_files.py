"""What the oracle reads of an adapter file itself, key by key, and whether diffusers put all of it in place.

Law of this file: as `oracle`'s; it never imports our conversion.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from diffusers import (
    StableDiffusionPipeline,
)
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from torch import Tensor, nn

from tests.sampling.formulas import alpha_over_rank, delta_weight

# diffusers' lazy module hides its names from type checkers, and its pipeline is typed for two APIs.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

Place: TypeAlias = tuple[str, str]  # (component, dotted module path)
Parts: TypeAlias = dict[Place, dict[str, Tensor]]  # what a file holds for each layer

COMPONENTS = ("unet", "text_encoder")

ROLES = {
    ".lora_down.weight": "down",
    ".lora_A.weight": "down",
    ".lora.down.weight": "down",
    ".lora_linear_layer.down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_B.weight": "up",
    ".lora.up.weight": "up",
    ".lora_linear_layer.up.weight": "up",
    ".lora_mid.weight": "mid",
    ".alpha": "alpha",
    ".dora_scale": "dora_scale",
    ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector": "magnitude",
    **{
        f".{name}": name
        for name in (
            *("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"),
            *("hada_t1", "hada_t2"),
            *("lokr_w1", "lokr_w1_a", "lokr_w1_b"),
            *("lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"),
        )
    },
}


class OracleError(AssertionError):
    """The oracle cannot vouch for its own picture."""


def read(path: Path, pipeline: StableDiffusionPipeline) -> Parts:
    """What the file holds for which module, fp32; a key that names no module is an error."""
    names = _names(pipeline)
    parts: Parts = {}
    with safe_open(path, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a mapping
            place, role = _locate(key, names)
            parts.setdefault(place, {})[role] = file.get_tensor(key).float()
        header = (file.metadata() or {}).get("lora_adapter_metadata", "{}")
    for (component, module), layer in parts.items():
        _alpha_of_header(json.loads(header), component, module, layer)
    return parts


def _alpha_of_header(
    header: Mapping[str, Any], component: str, module: str, layer: dict[str, Tensor]
) -> None:
    """peft keeps alpha in the file's header (diffusers writes it as `unet.lora_alpha`), kohya in a tensor."""
    alpha = header.get(f"{component}.lora_alpha")
    for pattern, other in header.get(f"{component}.alpha_pattern", {}).items():
        if f".{module}".endswith(f".{pattern.lstrip('^')}"):
            alpha = other
    if alpha is not None:
        layer.setdefault("alpha", torch.tensor(float(alpha)))


def _locate(key: str, names: Mapping[str, Place]) -> tuple[Place, str]:
    plain = key.replace(".processor.", ".").replace("to_out_lora.", "to_out.0.lora.")
    for letter in "qkv":
        plain = plain.replace(f"to_{letter}_lora.", f"to_{letter}.lora.")
    for suffix, role in ROLES.items():
        if plain.endswith(suffix) and plain.removesuffix(suffix) in names:
            return names[plain.removesuffix(suffix)], role
    raise OracleError(f"{key} names no module")


def _names(pipeline: StableDiffusionPipeline) -> dict[str, Place]:
    # Flattened names are looked up, never taken apart: "_" in a file may have been "." or "_".
    names: dict[str, Place] = {}
    for component, path, _ in targets(pipeline):
        flat = path.replace(".", "_")
        if component == "unet":
            spellings = [f"unet.{path}", f"lora_unet_{flat}"]
        else:
            spellings = [f"text_encoder.{path}", f"text_encoder.text_model.{path}"]
            for prefix in ("lora_te_", "lora_te1_"):
                spellings += [f"{prefix}{flat}", f"{prefix}text_model_{flat}"]
        names.update(dict.fromkeys(spellings, (component, path)))
    return names


def targets(
    pipeline: StableDiffusionPipeline,
) -> Iterable[tuple[str, str, nn.Linear | nn.Conv2d]]:
    """Every layer that an adapter can reach."""
    for component in COMPONENTS:
        for path, module in getattr(pipeline, component).named_modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                yield component, path, module


def verify(pipeline: StableDiffusionPipeline, name: str, parts: Parts) -> None:
    """Raise unless diffusers put exactly these tensors at exactly these scales into exactly these modules."""
    loaded = {
        (component, path): module
        for component in COMPONENTS
        for path, module in getattr(pipeline, component).named_modules()
        if isinstance(module, LoraLayer) and name in module.lora_A
    }
    if loaded.keys() != parts.keys():
        odd = sorted(loaded.keys() ^ parts.keys())
        raise OracleError(f"diffusers loaded {len(loaded)} of {len(parts)} layers: {odd[:3]}")
    for place, layer in parts.items():
        _verify_layer(place, loaded[place], name, layer)


def _verify_layer(place: Place, module: LoraLayer, name: str, layer: Mapping[str, Tensor]) -> None:
    scale = alpha_over_rank(layer, layer["down"].shape[0])
    same = torch.equal(module.lora_A[name].weight, layer["down"])
    same = same and torch.equal(module.lora_B[name].weight, layer["up"])
    if not same or abs(module.scaling[name] - scale) > 1e-6 * abs(scale):
        raise OracleError(
            f"diffusers put something else into {place}: scale {module.scaling[name]}, not {scale}"
        )


def add(pipeline: StableDiffusionPipeline, deltas: Mapping[Place, Tensor], weight: float) -> None:
    """W + weight · ΔW of each layer, in place."""
    for (component, path), delta in deltas.items():
        module = getattr(pipeline, component).get_submodule(path)
        module.weight.data += weight * delta


def deltas_of(parts: Parts, pipeline: StableDiffusionPipeline) -> dict[Place, Tensor]:
    """ΔW of every layer at weight 1, by formula against these pristine weights."""
    return {
        (component, path): delta_weight(
            layer, getattr(pipeline, component).get_submodule(path).weight.data
        )
        for (component, path), layer in parts.items()
    }
