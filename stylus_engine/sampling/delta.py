"""One layer's tensors become low-rank factors: LoRA, LoCon, LoHa, LoKr, and DoRA over each.

All arithmetic is fp64; only the finished factors are fp32.  Formulas: LyCORIS
(arXiv 2309.14859) and its 4.1.3 source, where `get_weight` is the reference:
`get_diff_weight` applies the scale a second time.  DoRA (arXiv 2402.09353) is not
additive; what is kept is its change at weight 1 against the pristine base, as
A1111 and ComfyUI do.

`parts` are a layer's tensors by their suffix in LyCORIS' spelling without `.weight`;
`magnitude` is peft's `lora_magnitude_vector`.
"""

# torch.linalg and Tensor.norm carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from stylus_engine.sampling.factors import Layer
from stylus_engine.sampling.products import Hadamard, Kronecker, Pair, Update, same

Parts: TypeAlias = Mapping[str, Tensor]

EXACT = 1 - 1e-13  # of the energy: what fp32 factors can hold
HADA = {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}
FORMS: tuple[set[str], ...] = (  # the fuller form first: each is one whole update
    {"lora_down", "lora_up", "lora_mid"},
    {"lora_down", "lora_up"},
    HADA | {"hada_t1", "hada_t2"},
    HADA,
    *(
        one | two
        for one, two in itertools.product(
            ({"lokr_w1"}, {"lokr_w1_a", "lokr_w1_b"}),
            ({"lokr_w2_a", "lokr_w2_b", "lokr_t2"}, {"lokr_w2_a", "lokr_w2_b"}, {"lokr_w2"}),
        )
    ),
)
PLAIN = {"lora_down", "lora_up", "alpha"}
ALONGSIDE = {"alpha", "dora_scale", "magnitude"}
CORES = {"lora_mid", "hada_t1", "hada_t2", "lokr_t2"}


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of an update that is not low-rank by nature is kept.

    Ranks up to `exact_rank` are kept whole.  Beyond it the smallest rank is taken
    that keeps the share `keep` of the squared norm, and never more than `most_rank`.
    """

    exact_rank: int = 128
    keep: float = 0.9999
    most_rank: int = 256


@dataclass(frozen=True, slots=True)
class Made:
    """A finished layer; `kept` and `residual` as in `Factors`."""

    layer: Layer
    kept: float = 1.0
    residual: float = 0.0


def misshapen(parts: Parts) -> str:
    """The first factor that is no matrix, no kernel, or without numbers; empty: there is none."""
    for name, tensor in parts.items():
        dims = (4, 4) if name in CORES else (2, 5)
        if name not in ALONGSIDE and not (dims[0] <= tensor.ndim <= dims[1] and tensor.numel()):
            return name
    return ""


def whole(parts: Parts) -> set[str]:
    """The names among `parts` that together make one update; empty when a piece is missing."""
    names = set(parts)
    form = next((form for form in FORMS if form <= names), None)
    return names & (form | ALONGSIDE) if form else set()


def make(parts: Parts, weight: Tensor, cut: Cut, scale: float | None = None) -> Made:
    """Factors of one layer whose pristine weight is (out, in) or (out, in, kh, kw).

    `scale` is what multiplies the bare product when the file says so elsewhere than in
    `alpha`.  Raises `Misfit`.
    """
    if parts.keys() <= PLAIN:
        return Made(_plain(parts, weight, scale))
    update = read(parts)
    _fits(parts, update, weight)
    factor = _scale(parts, update) if scale is None else scale
    if "dora_scale" in parts or "magnitude" in parts:
        delta = _decomposed(parts, update.dense() * factor, weight.cpu().double())
        return _reduced(delta, weight, cut)
    if isinstance(update, Pair):
        return Made(_layer(update, factor, weight))
    if update.rank > min(cut.exact_rank, *update.shape):
        return _reduced(update.dense() * factor, weight, cut)
    layer = _layer(update.pair(), factor, weight)
    return Made(layer, residual=_residual(layer, update.dense() * factor))


def _plain(parts: Parts, weight: Tensor, scale: float | None) -> Layer:
    """Most layers of most files: the same numbers as by way of fp64, in a tenth of the time."""
    pair = Pair(parts["lora_up"].flatten(1), parts["lora_down"].flatten(1))
    _fits(parts, pair, weight)
    factor = _scale(parts, pair) if scale is None else scale
    down = pair.down.reshape(pair.rank, *weight.shape[1:])
    return Layer(down=down.to(torch.float32, copy=True), up=_times(pair.up, factor))


def _times(tensor: Tensor, factor: float) -> Tensor:
    """fp32, rounded once: a power of two changes no digit, other factors are applied in fp64."""
    if math.frexp(factor)[0] == 0.5:
        return tensor.to(torch.float32, copy=True).mul_(factor)
    return (tensor.double() * factor).float()


def width(parts: Parts) -> int:
    """How many numbers a row of the update has: (in) or (in x kh x kw). Raises `Misfit`."""
    if parts.keys() <= PLAIN:
        return parts["lora_down"][:1].numel()
    return read(parts).shape[1]


def read(parts: Parts) -> Update:
    """The update that `whole(parts)` promised, unscaled, fp64. Raises `Misfit`."""
    p = {name: tensor.double() for name, tensor in parts.items()}
    if "lora_down" in p:
        return Pair(p["lora_up"].flatten(1), _down(p.get("lora_mid"), p["lora_down"]))
    if "hada_w1_a" in p:
        return Hadamard(_half(p, "hada_w1", "hada_t1"), _half(p, "hada_w2", "hada_t2"))
    return Kronecker(_half(p, "lokr_w1"), _half(p, "lokr_w2", "lokr_t2"))


def _half(p: dict[str, Tensor], stem: str, core: str = "") -> Pair:
    """One operand: whole, as a · b, or as a Tucker core between aᵀ and b."""
    if stem in p:
        full = p[stem].flatten(1)
        eye = torch.eye(min(full.shape), dtype=full.dtype)
        return Pair(full, eye) if full.shape[0] > full.shape[1] else Pair(eye, full)
    a, b = p[f"{stem}_a"], p[f"{stem}_b"]
    if core in p:
        return Pair(a.T, _down(p[core], b))
    return Pair(a.flatten(1), b.flatten(1))


def _down(core: Tensor | None, down: Tensor) -> Tensor:
    """(r, n): `down` itself, or a core (r, s, kh, kw) over a pointwise `down` (s, in)."""
    if core is None:
        return down.flatten(1)
    same(core.shape[1:2], down.shape[:1])
    return torch.einsum("rskl,si->rikl", core, down.flatten(1)).flatten(1)


def _scale(parts: Parts, update: Update) -> float:
    """Alpha over rank; no alpha means alpha = rank.

    The rank is the trainer's `lora_dim`, not the product's.  LoKr with both operands
    whole ignores alpha, and LyCORIS reads alpha 0 as "the rank".
    """
    if "alpha" not in parts:
        return 1.0
    same((parts["alpha"].numel(),), (1,))
    alpha = parts["alpha"].item()
    if "lora_down" in parts:
        return alpha / update.rank
    inner = ("hada_w1_b", "lokr_w2_b", "lokr_w1_b")
    ranks = [parts[name].shape[0] for name in inner if name in parts]
    return alpha / ranks[0] if ranks and alpha else 1.0


def _decomposed(parts: Parts, delta: Tensor, base: Tensor) -> Tensor:
    """DoRA: m · (W + ΔW) / ‖W + ΔW‖ − W, with the norm on the axis that m has. (out, n)."""
    merged = base + delta.reshape(base.shape)
    out, into = base.shape[:2]
    size = parts["magnitude" if "magnitude" in parts else "dora_scale"].double()
    by_input = "dora_scale" in parts and size.ndim > 1 and size.shape[:2] == (1, into)
    axis = 1 if by_input and size.shape[0] != out else 0
    same((size.numel(),), (base.shape[axis],))
    others = [dim for dim in range(base.ndim) if dim != axis]
    norm = torch.linalg.vector_norm(merged, dim=others, keepdim=True)
    # LyCORIS adds its epsilon, peft has none: all that matters is that an empty row is not NaN.
    norm = norm.clamp(min=torch.finfo(torch.float32).eps)
    return (size.reshape(norm.shape) / norm * merged - base).flatten(1)


def _reduced(delta: Tensor, weight: Tensor, cut: Cut) -> Made:
    """Project ΔW (out, n) on its strongest directions: eigenvectors of the smaller Gram matrix."""
    tall = delta.shape[0] > delta.shape[1]
    energy, basis = torch.linalg.eigh(delta.T @ delta if tall else delta @ delta.T)
    energy, basis = energy.flip(0).clamp(min=0), basis.flip(1)
    rank, kept = _rank(energy, cut)
    basis = basis[:, :rank]
    pair = Pair(delta @ basis, basis.T) if tall else Pair(basis, basis.T @ delta)
    layer = _layer(pair, 1.0, weight)
    return Made(layer, kept, _residual(layer, delta))


def _rank(energy: Tensor, cut: Cut) -> tuple[int, float]:
    """How many of the sorted energies to keep, and their share of the whole."""
    total = energy.sum()
    if not total:
        return 1, 1.0
    share = energy.cumsum(0) / total
    small = len(energy) <= cut.exact_rank
    enough = int((share < (EXACT if small else cut.keep)).sum()) + 1
    rank = min(enough, len(energy) if small else cut.most_rank)
    return rank, min(1.0, share[rank - 1].item())


def _residual(layer: Layer, delta: Tensor) -> float:
    """‖ΔW − up · down‖ / ‖ΔW‖, of the rounded factors."""
    norm = delta.norm().item()
    missed = delta - layer.up.double() @ layer.down.double().flatten(1)
    return missed.norm().item() / norm if norm else 0.0


def _layer(pair: Pair, factor: float, weight: Tensor) -> Layer:
    down = pair.down.reshape(pair.rank, *weight.shape[1:])
    return Layer(down=down.float().contiguous(), up=(pair.up * factor).float().contiguous())


def _fits(parts: Parts, update: Update, weight: Tensor) -> None:
    """A matrix of the right size may still come from another kernel: a spatial `lora_down` must match."""
    same(update.shape, (weight.shape[0], math.prod(weight.shape[1:])))
    down = parts.get("lora_down")
    if down is not None and "lora_mid" not in parts and down.ndim == weight.ndim:
        same(down.shape[1:], weight.shape[1:])
