"""The presets as data: which masks, which weights, which words.

`stylus` is ours.  `paper` is the published system; `paper-rules` is the same with its LLM
replaced by rules; `base` draws the checkpoint alone.  Source: research on the released
code, sections 1.7 and 1.8 (masks, weights, suffix, lower-casing, no trigger words).

`retriever-only`, `reranker` and `random` are the paper's baselines.  Its code draws them
through the very path of its own method: each adapter in a topic of its own, so recommended
× 0.8 without a division, the same suffix and negative prompt; and without masks, so all
adapters are lit in every picture (2.2).  So they are drawn here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from stylus_engine.model import Plan, Request
from stylus_engine.planning.interference import friction
from stylus_engine.planning.masks import (
    MaskOrder,
    PaperOrder,
    RankedOrder,
    StylusOrder,
    WholeOrder,
    sizes,
)
from stylus_engine.planning.weights import BudgetRule, Budgets, Weigh, paper_rule

Masks: TypeAlias = Callable[[Plan, Request], MaskOrder]

BASELINES = ("retriever-only", "reranker", "random")
PAPER_SUFFIX = ", realistic, best quality"
ONCE = (1.0,)
PAPER_NEGATIVE = "worst quality, low quality, blurry, deformed, cropped, watermark, text"


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to turn a plan into recipes."""

    name: str
    masks: Masks
    weigh: Weigh
    words: Callable[[str], str]
    triggers: bool
    negative: str = ""
    null_space: float = 0.0  # see `Recipe`
    again: Sequence[float] = ONCE  # see `shots.strengths`


def presets(
    budgets: Budgets, null_space: float = 0.0, again: Sequence[float] = ONCE
) -> dict[str, Preset]:
    """All presets by name; ours with these budgets, so much of styles kept apart, and these strengths."""
    ours = Preset(
        name="stylus",
        masks=_stylus_masks,
        weigh=BudgetRule(budgets),
        words=str.strip,
        triggers=True,
        null_space=null_space,
        again=tuple(again),
    )
    rules = Preset(
        name="paper-rules",
        masks=_paper_masks,
        weigh=paper_rule,
        words=_paper_words,
        triggers=False,
        negative=PAPER_NEGATIVE,
    )
    base = Preset(
        name="base",
        masks=_stylus_masks,
        weigh=ours.weigh,
        words=str.strip,
        triggers=False,
    )
    paper = replace(rules, name="paper")
    merged = [replace(rules, name=name, masks=_whole_masks) for name in BASELINES]
    return {preset.name: preset for preset in (ours, paper, rules, *merged, base)}


def _stylus_masks(plan: Plan, request: Request) -> MaskOrder:
    order = StylusOrder(sizes(plan), seed=request.seed, bare=request.bare)
    if not plan.frictions:
        return order
    return RankedOrder(order, partial(friction, plan), fixed=1 + request.bare)


def _paper_masks(plan: Plan, request: Request) -> MaskOrder:
    return PaperOrder(sizes(plan), seed=request.seed)


def _whole_masks(plan: Plan, request: Request) -> MaskOrder:  # noqa: ARG001 - one signature for all
    return WholeOrder(sizes(plan))


def _paper_words(prompt: str) -> str:
    return prompt.strip().lower() + PAPER_SUFFIX
