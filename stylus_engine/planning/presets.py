"""The presets as data: which masks, which weights, which words.

`stylus` is ours.  `paper-rules` is the published system with its LLM replaced by
rules; `base` draws the checkpoint alone.  Source: research on the released code,
sections 1.7 and 1.8 (masks, weights, suffix, lower-casing, no trigger words).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from stylus_engine.model import Plan, Request
from stylus_engine.planning.interference import friction
from stylus_engine.planning.masks import CalmOrder, MaskOrder, PaperOrder, StylusOrder, sizes
from stylus_engine.planning.weights import BudgetRule, Budgets, Weigh, paper_rule

Masks: TypeAlias = Callable[[Plan, Request], MaskOrder]

PAPER_SUFFIX = ", realistic, best quality"
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


def presets(budgets: Budgets, null_space: float = 0.0) -> dict[str, Preset]:
    """All presets by name, ours with these strength budgets and this much of styles kept apart."""
    ours = Preset(
        name="stylus",
        masks=_stylus_masks,
        weigh=BudgetRule(budgets),
        words=str.strip,
        triggers=True,
        null_space=null_space,
    )
    paper = Preset(
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
    return {preset.name: preset for preset in (ours, paper, base)}


def _stylus_masks(plan: Plan, request: Request) -> MaskOrder:
    order = StylusOrder(sizes(plan), seed=request.seed, bare=request.bare)
    if not plan.frictions:
        return order
    return CalmOrder(order, partial(friction, plan), fixed=1 + request.bare)


def _paper_masks(plan: Plan, request: Request) -> MaskOrder:
    return PaperOrder(sizes(plan), seed=request.seed)


def _paper_words(prompt: str) -> str:
    return prompt.strip().lower() + PAPER_SUFFIX
