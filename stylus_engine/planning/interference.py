"""Which adapters of a plan will be in each other's way, told from figures alone.

    Measured (health figures, sketch) -> Friction of two, Strain of one -> masks, weights

Nothing is drawn and no file is opened here.  Sketches estimate what the exact arithmetic
of two files would say: the error of a cosine is about 1 / √512.
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import combinations
from operator import mul

from msgspec.structs import replace

from stylus_engine.model import Adapter, Friction, Mask, Measured, Plan, Sketch, Strain

NUMBER = 2  # bytes of a float16


def noted(plan: Plan, measured: Mapping[str, Measured]) -> Plan:
    """The plan with what is known of its adapters; without figures the very same plan."""
    adapters = [choice.adapter for choice in plan.choices]
    strains = tuple(
        Strain(
            card_id=adapter.card_id,
            strength=known.strength,
            saturation=known.saturation,
            scale=known.scale,
        )
        for adapter in adapters
        if (known := measured.get(adapter.card_id)) is not None
    )
    return replace(plan, strains=strains, frictions=tuple(_frictions(adapters, measured)))


def _frictions(adapters: list[Adapter], measured: Mapping[str, Measured]) -> Iterator[Friction]:
    for one, other in combinations(adapters, 2):
        a, b = measured.get(one.card_id), measured.get(other.card_id)
        if a is not None and b is not None and comparable(a, b):
            told = Friction(one=one.card_id, other=other.card_id, clash=round(clash(a, b), 4))
            yield told


def comparable(a: Measured, b: Measured) -> bool:
    """Whether both were sketched alike, over the same checkpoint."""
    both = a.sketch is not None and b.sketch is not None and a.sketch.v == b.sketch.v
    return both and a.checkpoint == b.checkpoint


def clash(a: Measured, b: Measured) -> float:
    """How much one is expected to drown the other, 0 … 1: see `benchmarks.interference`."""
    if a.sketch is None or b.sketch is None:
        return 0.0
    return min(1.0, max(0.0, dot(a.sketch.speaks, b.sketch.speaks)))


def cosine(a: Sketch, b: Sketch) -> float:
    """Estimated cosine of the two updates, -1 … 1."""
    return dot(a.update, b.update)


def dot(a: bytes, b: bytes) -> float:
    """Dot product of two rows of float16; 0 where they are not of one length."""
    return sum(map(mul, _numbers(a), _numbers(b))) if len(a) == len(b) else 0.0


def friction(plan: Plan, mask: Mask) -> float:
    """The clashes among the adapters that a mask lights, added up."""
    bits = [bit for group in mask.bits for bit in group]
    lit = {choice.adapter.card_id for choice, bit in zip(plan.choices, bits, strict=True) if bit}
    return sum(each.clash for each in plan.frictions if {each.one, each.other} <= lit)


def _numbers(raw: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(raw) // NUMBER}e", raw)
