"""Which adapters of a plan will be in each other's way, told from figures alone.

    Measured (health figures) -> Friction of two, Strain of one -> masks, weights

Nothing is drawn and no file is opened here.  Measured on sixty pairs of the miniature
(`benchmarks.interference`): what a pair loses goes with the strength of the weaker one of
the two (rank correlation 0.57, 95 % 0.34 … 0.73).  What sketches say of the two updates,
their cosine and how far their inputs and outputs overlap, tells nothing of it (0.00,
-0.11, -0.11, each interval around 0), so nothing here goes by them.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

from msgspec.structs import replace

from stylus_engine.model import Adapter, Friction, Mask, Measured, Plan, Strain


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
        if a is not None and b is not None and a.checkpoint == b.checkpoint:
            told = Friction(one=one.card_id, other=other.card_id, clash=round(clash(a, b), 4))
            yield told


def clash(a: Measured, b: Measured) -> float:
    """How much two are expected to take from each other, 0 … 1: where both are strong, one drowns."""
    return min(a.strength, b.strength)


def friction(plan: Plan, mask: Mask) -> float:
    """The clashes among the adapters that a mask lights, added up."""
    bits = [bit for group in mask.bits for bit in group]
    lit = {choice.adapter.card_id for choice, bit in zip(plan.choices, bits, strict=True) if bit}
    return sum(each.clash for each in plan.frictions if {each.one, each.other} <= lit)
