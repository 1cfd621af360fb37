"""An adapter as low-rank factors: the one form in which this room knows adapters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from torch import Tensor

Component: TypeAlias = Literal[
    "unet", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3"
]


@dataclass(frozen=True, slots=True)
class Layer:
    """The update of one linear or conv layer: ΔW = up · down, alpha / rank already folded into `up`.

    `down` has shape (r, in) or (r, in, kh, kw), `up` (out, r); both fp32 on the CPU.
    """

    down: Tensor
    up: Tensor

    @property
    def rank(self) -> int:
        """The number r of directions."""
        return self.down.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes of both factors."""
        return self.down.nbytes + self.up.nbytes


@dataclass(frozen=True, slots=True)
class Factors:
    """All layers of one adapter file for one checkpoint.

    Keys of `layers` are (component, dotted module path as in `named_modules()`),
    for example ("unet", "mid_block.attentions.0.proj_in").  `id` names the bytes
    of the file, the checkpoint and the version of the conversion.  `kept` is the
    smallest share of ΔW's squared norm that any truncation kept (1.0 = nothing
    was cut), `residual` the largest relative error ‖ΔW − up·down‖ / ‖ΔW‖.  `vectors`:
    what a textual inversion means to each text encoder, fp32 (n, width); `words`: which
    words mean it, in lower case.
    """

    id: str
    file_sha256: str
    layers: Mapping[tuple[Component, str], Layer]
    kept: float = 1.0
    residual: float = 0.0
    vectors: Mapping[Component, Tensor] = field(default_factory=dict["Component", Tensor])
    words: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all factors and vectors."""
        vectors = sum(each.nbytes for each in self.vectors.values())
        return vectors + sum(layer.nbytes for layer in self.layers.values())
