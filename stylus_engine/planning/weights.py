"""Final weights of the adapters a mask lights."""

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

from stylus_engine.model import Choice, Mask, Plan, Strain, Weighted

BURNT = 0.5  # saturation from which pictures count as burnt: `catalog.health.figures`
MOST_BURN = 0.99  # of one adapter's saturation: more would leave the others nothing


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """How strong adapters may be together, as sums of |weight|.

    `task` holds within one concept, relative to its strongest lit adapter; `total`
    over the whole picture.  Over-strong adapters are the dominant failure (research on
    CARLoS).  On the miniature less than 2.5 costs truth and more gains none that shows
    (benchmarks.strength); larger checkpoints were not measured.
    """

    task: float = 1.0
    total: float = 2.5


class Weigh(Protocol):
    """A rule: plan and mask to final weights, in the order of the plan's choices."""

    def __call__(self, plan: Plan, mask: Mask, strength: float) -> tuple[Weighted, ...]:
        """Weights of lit adapters only; `strength` is the person's dial, 1.0 = as planned."""
        ...


def lit_choices(plan: Plan, mask: Mask) -> list[list[Choice]]:
    """The lit choices of each task. Raises `ValueError` when the mask is of another plan."""
    return [
        [choice for choice, bit in zip(task.choices, group, strict=True) if bit]
        for task, group in zip(plan.tasks, mask.bits, strict=True)
    ]


class BudgetRule:
    """Ours: share a task's budget among its lit adapters, then the picture's among all.

    Where a plan says how much its adapters saturate, together they may saturate less than
    burns a picture.
    Last, each weight is clamped into its adapter's own range; an adapter whose
    author says «not under 0.4» is not drawn at 0.2 because of its neighbours.
    """

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets

    def __call__(self, plan: Plan, mask: Mask, strength: float) -> tuple[Weighted, ...]:
        """See `Weigh`."""
        lit = lit_choices(plan, mask)
        shared = [w for task in lit for w in self._share(task, strength)]
        scale = _at_most(shared, self._budgets.total)
        choices = [choice for task in lit for choice in task]
        scale *= unburnt(plan.strains, choices, [w * scale for w in shared])
        return tuple(_clamped(c, w * scale) for c, w in zip(choices, shared, strict=True))

    def _share(self, choices: list[Choice], strength: float) -> list[float]:
        weights = [choice.weight * strength for choice in choices]
        strongest = max((abs(weight) for weight in weights), default=0.0)
        scale = _at_most(weights, self._budgets.task * strongest)
        return [weight * scale for weight in weights]


def unburnt(
    strains: Sequence[Strain], choices: Sequence[Choice], weights: Sequence[float]
) -> float:
    """The factor ≤ 1 that keeps what adapters saturate together below what burns.

    What one leaves, (1 - saturation), is raised to the power weight / measured weight;
    what they leave together is taken as the product.  One adapter alone is never held
    back: how much of it alone is sound, its own check has found.
    """
    known = {strain.card_id: strain for strain in strains}
    pairs = zip(choices, weights, strict=True)
    heats = [_heat(known[c.adapter.card_id], w) for c, w in pairs if c.adapter.card_id in known]
    if sum(each > 0 for each in heats) < 2:
        return 1.0
    return min(1.0, -math.log(1 - BURNT) / sum(heats))


def _heat(strain: Strain, weight: float) -> float:
    left = 1 - min(strain.saturation, MOST_BURN)
    return -math.log(left) * abs(weight / strain.scale) if strain.scale else 0.0


def paper_rule(plan: Plan, mask: Mask, strength: float) -> tuple[Weighted, ...]:
    """The published code: recommended × 0.8 ÷ lit adapters in the topic; no cap, no clamp."""
    return tuple(
        Weighted(
            adapter=choice.adapter,
            weight=choice.adapter.weight * 0.8 / len(task) * strength,
        )
        for task in lit_choices(plan, mask)
        for choice in task
    )


def _at_most(weights: Sequence[float], budget: float) -> float:
    """The factor ≤ 1 that brings the sum of |weights| within `budget`."""
    total = sum(abs(weight) for weight in weights)
    return min(1.0, budget / total) if total > 0 else 1.0


def _clamped(choice: Choice, weight: float) -> Weighted:
    low, high = choice.adapter.weight_low, choice.adapter.weight_high
    return Weighted(adapter=choice.adapter, weight=min(high, max(low, weight)))
