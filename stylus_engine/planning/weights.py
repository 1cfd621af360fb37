"""Final weights of the adapters a mask lights."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from stylus_engine.model import Choice, Mask, Plan, Weighted


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """How strong adapters may be together, as sums of |weight|.

    `task` holds within one concept, relative to its strongest lit adapter; `total`
    over the whole picture.  Over-strong adapters are the dominant failure (research on
    CARLoS); that 2.5 is the right place to begin is a guess, not a measurement.
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
        return tuple(_clamped(c, w * scale) for c, w in zip(choices, shared, strict=True))

    def _share(self, choices: list[Choice], strength: float) -> list[float]:
        weights = [choice.weight * strength for choice in choices]
        strongest = max((abs(weight) for weight in weights), default=0.0)
        scale = _at_most(weights, self._budgets.task * strongest)
        return [weight * scale for weight in weights]


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
