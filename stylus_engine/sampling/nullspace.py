"""What content adapters share with the styles beside them, taken out of the content.

Source: NP-LoRA (arXiv 2511.11051), its soft projection, in low-rank form.  With V an
orthonormal basis of the inputs that the styles listen to in a layer,

    down  →  down − share · (down V) Vᵀ        up stays

so on those inputs the content says (1 − share) of what it said, and on all others the
same.  ΔW is never built; it costs O(in · r²) a layer, once for each set of styles.
"""

# torch.linalg carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from stylus_engine.model import Weighted
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.store import FactorStore

FAINT = 1e-6  # of the largest singular value: below it is a direction of rounding alone
OWN_WAY = frozenset({"style", "speed"})  # categories that are no content


def apart(lit: Sequence[Weighted], row: Row, share: float, store: FactorStore) -> Row:
    """The row, its content projected by `share` out of its styles; kept in `store` like any other."""
    pairs = list(zip(lit, row, strict=True))
    styles = [factors for each, (factors, _) in pairs if each.adapter.category == "style"]
    if not share or not styles:
        return row
    return tuple(
        (factors, weight)
        if each.adapter.category in OWN_WAY
        else (_kept(factors, styles, share, store), weight)
        for each, (factors, weight) in pairs
    )


def _kept(content: Factors, styles: Sequence[Factors], share: float, store: FactorStore) -> Factors:
    name = _name(content, styles, share)
    return store.derived(name, lambda: projected(content, styles, share, name))


def projected(content: Factors, styles: Sequence[Factors], share: float, name: str) -> Factors:
    """See this file's head. Layers that no style has stay as they are."""
    layers = {
        place: _out_of(layer, [s.layers[place] for s in styles if place in s.layers], share)
        for place, layer in content.layers.items()
    }
    return replace(content, id=name, layers=layers)


def _out_of(layer: Layer, styles: Sequence[Layer], share: float) -> Layer:
    if not styles:
        return layer
    basis = _inputs(torch.cat([style.down.double().flatten(1) for style in styles]))
    down = layer.down.double().flatten(1)
    rest = down - share * (down @ basis) @ basis.T
    return Layer(down=rest.float().reshape(layer.down.shape).contiguous(), up=layer.up)


def _inputs(rows: Tensor) -> Tensor:
    """An orthonormal basis, (in, k), of the space that `rows` span."""
    _, sizes, directions = torch.linalg.svd(rows, full_matrices=False)
    return directions[sizes > FAINT * sizes.max().clamp(min=1e-30)].T


def _name(content: Factors, styles: Sequence[Factors], share: float) -> str:
    facts = (content.id, sorted(style.id for style in styles), share)
    return hashlib.sha256(repr(facts).encode()).hexdigest()
