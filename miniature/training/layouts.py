"""Trained factors as the wild keeps them: peft keys, kohya keys with alphas, LoHa and LoKr. Knows files; trains nothing."""

# peft leaves what hangs on its layers untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
from pathlib import Path

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import save_file
from torch import Tensor, nn

from miniature.training.shelf import Spec

ADAPTER = "default"
# Files keep the `text_model.` that transformers' text encoder had until version 5.
PEFT_PREFIX = {"unet": "unet.", "text_encoder": "text_encoder.text_model."}
KOHYA_PREFIX = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"}
KOHYA_NAMES = {"lora_A": "lora_down.weight", "lora_B": "lora_up.weight"}
LYCORIS_NAMES = (
    "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b",
    "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b",
)  # fmt: skip
NETWORKS = {"kohya": "networks.lora", "loha": "lycoris.kohya", "lokr": "lycoris.kohya"}

Factors = dict[str, dict[str, Tensor]]


def write(path: Path, parts: dict[str, nn.Module], spec: Spec) -> None:
    """Writes the adapter inside `parts` (unet, perhaps text_encoder) in the layout of `spec`, whole or not at all."""
    tensors = {
        key: value
        for part, model in parts.items()
        for key, value in keyed(part, factors(model), spec).items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    save_file(tensors, half, metadata=_metadata(spec))
    half.chmod(0o644)  # safetensors leaves it to the owner alone
    half.replace(path)


def factors(model: nn.Module) -> Factors:
    """The trained tensors of every wrapped layer, by the layer's path in the bare model."""
    return {
        name: _of_layer(layer)
        for name, layer in model.named_modules()
        if isinstance(layer, BaseTunerLayer)
    }


def keyed(part: str, found: Factors, spec: Spec) -> dict[str, Tensor]:
    """One part's factors under the keys of the layout, in its precision, with an alpha a layer where it has them."""
    kind = torch.float16 if spec.dtype == "fp16" else torch.float32
    file: dict[str, Tensor] = {}
    for layer, tensors in found.items():
        for name, value in tensors.items():
            file[_key(part, layer, name, spec)] = value.detach().to(kind).contiguous()
        if spec.layout != "peft":
            file[f"{_kohya_layer(part, layer)}.alpha"] = torch.tensor(spec.alpha, dtype=kind)
    return file


def _of_layer(layer: BaseTunerLayer) -> dict[str, Tensor]:
    low_rank = {
        name: getattr(layer, name)[ADAPTER].weight for name in KOHYA_NAMES if hasattr(layer, name)
    }
    held = {name: getattr(layer, name, {}) for name in LYCORIS_NAMES}
    return low_rank | {
        name: tensors[ADAPTER] for name, tensors in held.items() if ADAPTER in tensors
    }


def _key(part: str, layer: str, name: str, spec: Spec) -> str:
    if spec.layout == "peft":
        return f"{PEFT_PREFIX[part]}{layer}.{name}.weight"
    return f"{_kohya_layer(part, layer)}.{KOHYA_NAMES.get(name, name)}"


def _kohya_layer(part: str, layer: str) -> str:
    return KOHYA_PREFIX[part] + layer.replace(".", "_")


def _metadata(spec: Spec) -> dict[str, str]:
    """What kohya's scripts write into the header; nothing where the file is to come without."""
    if not spec.metadata:
        return {"format": "pt"}
    return {
        "format": "pt",
        "ss_base_model_version": "sd_v1",
        "ss_sd_model_name": "stylus-miniature",
        "ss_output_name": spec.name,
        "ss_network_module": NETWORKS.get(spec.layout, "networks.lora"),
        "ss_network_dim": str(spec.rank),
        "ss_network_alpha": str(float(spec.alpha)),
        "ss_network_args": json.dumps(_network_args(spec)),
        "ss_learning_rate": str(spec.rate),
        "ss_steps": str(spec.steps),
        "ss_resolution": "(64, 64)",
        "ss_tag_frequency": json.dumps({f"10_{spec.name}": {spec.triggers[0]: 256}}),
    }


def _network_args(spec: Spec) -> dict[str, str]:
    if spec.layout in ("loha", "lokr"):
        return {
            "algo": spec.layout,
            "conv_dim": str(spec.rank),
            "conv_alpha": str(float(spec.alpha)),
        }
    return {"conv_dim": str(spec.rank), "conv_alpha": str(float(spec.alpha))} if spec.conv else {}
