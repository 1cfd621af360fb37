"""What an adapter's tensors mean, written down a second time: the formulas of LyCORIS (arXiv 2309.14859) and DoRA.

Law of this file: it imports nothing of ours.  A layer is its tensors by role:
`down`, `up`, `mid`, `alpha`, `magnitude` (peft) or `dora_scale` (kohya), `hada_*`, `lokr_*`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

DORA = {"magnitude", "dora_scale"}


def delta_weight(layer: Mapping[str, Tensor], base: Tensor) -> Tensor:
    """ΔW of one layer at weight 1, in the shape of `base`, whatever the kind of file."""
    if "hada_w1_a" in layer:
        delta = _loha(layer)
    elif any(role.startswith("lokr") for role in layer):
        delta = _lokr(layer)
    else:
        delta = _lora(layer)
    delta = delta.reshape(base.shape)
    return _dora(delta, base, layer) if layer.keys() & DORA else delta


def _lora(layer: Mapping[str, Tensor]) -> Tensor:
    down, up = layer["down"], layer["up"].flatten(1)
    if "mid" in layer:  # Tucker: up (out, r), mid (r, r, kh, kw), down (r, in)
        delta = torch.einsum("or,rskl,si->oikl", up, layer["mid"], down.flatten(1)).flatten(1)
    else:
        delta = up @ down.flatten(1)
    return delta * alpha_over_rank(layer, down.shape[0])


def _loha(layer: Mapping[str, Tensor]) -> Tensor:
    def half(number: int) -> Tensor:
        a, b = layer[f"hada_w{number}_a"], layer[f"hada_w{number}_b"]
        if "hada_t1" not in layer:
            return a @ b
        return torch.einsum("rskl,ro,si->oikl", layer[f"hada_t{number}"], a, b)

    return half(1) * half(2) * alpha_over_rank(layer, layer["hada_w1_b"].shape[0])


def _lokr(layer: Mapping[str, Tensor]) -> Tensor:
    ranks = [layer[role].shape[0] for role in ("lokr_w1_b", "lokr_w2_b") if role in layer]
    scale = alpha_over_rank(layer, ranks[-1]) if ranks else 1.0  # both halves full: no scale
    first, second = _half(layer, "lokr_w1"), _half(layer, "lokr_w2")
    while first.dim() < second.dim():
        first = first.unsqueeze(-1)
    return torch.kron(first, second.contiguous()) * scale


def _half(layer: Mapping[str, Tensor], name: str) -> Tensor:
    if name in layer:
        return layer[name]
    a, b = layer[f"{name}_a"], layer[f"{name}_b"]
    if name == "lokr_w2" and "lokr_t2" in layer:
        return torch.einsum("rskl,ro,si->oikl", layer["lokr_t2"], a, b)
    return (a @ b.flatten(1)).reshape(a.shape[0], *b.shape[1:])


def _dora(delta: Tensor, base: Tensor, layer: Mapping[str, Tensor]) -> Tensor:
    """Rescale base + delta to the trained magnitudes: per output row, or (older LyCORIS) per input column."""
    whole = base + delta
    rest = [1] * (base.dim() - 2)
    trained = layer["magnitude"] if "magnitude" in layer else layer["dora_scale"]
    if "dora_scale" in layer and trained.shape[0] == 1 != base.shape[0]:
        norm = whole.transpose(0, 1).flatten(1).norm(dim=1).reshape(1, -1, *rest)
        return trained.reshape(1, -1, *rest) / norm * whole - base
    norm = whole.flatten(1).norm(dim=1).reshape(-1, 1, *rest)
    return trained.reshape(-1, 1, *rest) / norm * whole - base


def alpha_over_rank(layer: Mapping[str, Tensor], rank: int) -> float:
    """Alpha / rank; a layer without alpha is as trained."""
    return float(layer["alpha"]) / rank if "alpha" in layer else 1.0
