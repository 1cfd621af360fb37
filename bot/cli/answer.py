"""What `--json` prints: the shapes, and how nouns become them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from stylus_engine.model import Faster, Picture, Plan, Shot


class ChoiceOut(msgspec.Struct, frozen=True):
    id: str
    name: str
    weight: float
    reason: str


class TaskOut(msgspec.Struct, frozen=True):
    concept: str
    adapters: list[ChoiceOut]


class DroppedOut(msgspec.Struct, frozen=True):
    what: str
    why: str


class FastOut(msgspec.Struct, frozen=True):
    """The few-step adapter of all pictures, and what it sets where the person says nothing else."""

    id: str
    name: str
    weight: float
    kind: str
    steps: int
    guidance: float
    sampler: str


class PlanOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """`instead`: why the language model did not choose; `dropped`: what a rule struck out. Only where there is any."""

    tasks: list[TaskOut]
    uncovered: list[str]
    composer: str
    instead: str = ""
    dropped: list[DroppedOut] = []
    fast: FastOut | None = None


class LitOut(msgspec.Struct, frozen=True):
    id: str
    name: str
    weight: float


class ImageOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """`lost`: concepts that a look at the picture did not find; `repaired`: drawn a second time."""

    path: str
    seed: int
    mask: str
    adapters: list[LitOut]
    prompt: str
    lost: list[str] = []
    repaired: bool = False


class Failure(msgspec.Struct, frozen=True):
    kind: str
    sentence: str


class Told(msgspec.Struct, frozen=True):
    """A refusal."""

    error: Failure


class Planning(msgspec.Struct, frozen=True):
    """Of `stylus plan`."""

    plan: PlanOut
    timings: dict[str, float]


class Drawing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of `stylus imagine` and `again`; `error` only where a picture is missing."""

    plan: PlanOut
    images: list[ImageOut]
    timings: dict[str, float]
    error: Failure | None = None


def encode(value: object) -> str:
    """One line of JSON."""
    return msgspec.json.encode(value).decode()


def plan_out(plan: Plan | None) -> PlanOut:
    """A picture drawn again from its manifest has no plan: nobody chose anything."""
    if plan is None:
        return PlanOut(tasks=[], uncovered=[], composer="manifest")
    tasks = [
        TaskOut(
            concept=task.concept,
            adapters=[
                ChoiceOut(c.adapter.card_id, c.adapter.name, c.weight, c.reason)
                for c in task.choices
            ],
        )
        for task in plan.tasks
    ]
    return PlanOut(
        tasks=tasks,
        uncovered=list(plan.uncovered),
        composer=plan.composer,
        instead=plan.instead,
        dropped=[DroppedOut(one.what, one.why) for one in plan.dropped],
        fast=_fast_out(plan.fast) if plan.fast else None,
    )


def _fast_out(fast: Faster) -> FastOut:
    card, few = fast.adapter, fast.few
    return FastOut(
        card.card_id, card.name, few.weight, few.kind, few.steps, few.guidance, few.sampler
    )


def images_out(
    shots: Sequence[Shot], pictures: Mapping[str, Picture], paths: Mapping[str, Path]
) -> list[ImageOut]:
    """The finished ones, in the order of the grid."""
    return [
        ImageOut(
            path=str(paths.get(shot.id, pictures[shot.id].path)),
            seed=shot.seed,
            mask=shot.recipe.mask.code,
            adapters=[
                LitOut(w.adapter.card_id, w.adapter.name, w.weight) for w in shot.recipe.adapters
            ],
            prompt=shot.recipe.prompt,
            lost=list(seen.lost) if (seen := pictures[shot.id].manifest.survival) else [],
            repaired=seen is not None and seen.repaired,
        )
        for shot in shots
        if shot.id in pictures
    ]


def rounded(timings: Mapping[str, float]) -> dict[str, float]:
    """Seconds to the millisecond."""
    return {name: round(seconds, 3) for name, seconds in timings.items()}
