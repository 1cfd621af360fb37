"""A picture in which a concept did not come out: how it is told, and the one recipe that is tried instead.

    Shot -> what to ask of its picture -> margins -> Verdict -> another recipe, or none

Pure: who looks at pictures is asked elsewhere.  A concept is held against its own
absence: «… , watercolour» must fit the picture better than the same words without it.
An absolute score would need a threshold for each scorer and each prompt.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from stylus_engine.model import Recipe, Weighted
from stylus_engine.planning.recipes import standing

RAISE = 1.4  # what a lost concept's weights are multiplied with, within their ranges
LOWER = 0.7  # and those of all others
FELT = 0.05  # a change of weight below this is none
NOTHING = "a picture"  # what is left of a prompt that is nothing but concepts
Margins = dict[str, float]  # concept -> how much better a picture fits with it than without


class Verdict(NamedTuple):
    """What a scorer saw of one picture."""

    margins: Margins

    @property
    def lost(self) -> tuple[str, ...]:
        """The concepts that did not come out; what could not be told counts as there."""
        return tuple(concept for concept, margin in self.margins.items() if margin < 0)

    @property
    def rank(self) -> tuple[int, float]:
        """The higher the better: fewer lost, then the weakest of the others."""
        told = [margin for margin in self.margins.values() if math.isfinite(margin)]
        return -len(self.lost), min(told, default=0.0)


class Questions(NamedTuple):
    """Texts for a scorer: the first is the picture without any of the concepts."""

    concepts: tuple[str, ...]  # the concept that each text after the first is about
    texts: tuple[str, ...]


def lit_concepts(recipe: Recipe) -> tuple[str, ...]:
    """The concepts that the recipe's adapters stand for, each once."""
    return tuple(dict.fromkeys(each.concept for each in recipe.adapters if each.concept))


def questions(recipe: Recipe) -> Questions:
    """Each concept in the prompt's own words, and in its adapters' first trigger's."""
    plain = _without(recipe)
    pairs = [
        (each.concept, words)
        for each in recipe.adapters
        if each.concept
        for words in (each.concept, *each.adapter.triggers[:1])
    ]
    unique = tuple(dict.fromkeys(pairs))
    asked = (f"{plain}, {words}" for _, words in unique)
    return Questions(tuple(concept for concept, _ in unique), (plain, *asked))


def verdict(asked: Questions, scores: Sequence[float]) -> Verdict:
    """Scores of the texts, in their order; of a concept's wordings the best one counts."""
    plain, *others = scores
    margins: Margins = {}
    for concept, score in zip(asked.concepts, others, strict=True):
        margin = score - plain
        margins[concept] = max(margins.get(concept, -math.inf), margin)
    return Verdict({c: m if math.isfinite(m) else math.nan for c, m in margins.items()})


def mended(recipe: Recipe, lost: Sequence[str]) -> Recipe | None:
    """More of what is lost and less of the rest, each within its range; None: nothing is left to try.

    Where no weight can move, the strongest other adapter of a concept that has several is
    left out; a concept is never given up for another.
    """
    moved = tuple(_moved(each, lost) for each in recipe.adapters)
    steps = (abs(a.weight - b.weight) for a, b in zip(moved, recipe.adapters, strict=True))
    if any(step >= FELT for step in steps):
        return replace(recipe, adapters=moved)
    return _without_blocker(recipe, lost)


def _moved(lit: Weighted, lost: Sequence[str]) -> Weighted:
    card = lit.adapter
    if card.category == "speed":  # it draws no concept, and does not work by halves
        return lit
    weight = lit.weight * (RAISE if lit.concept in lost else LOWER)
    kept = min(card.weight_high, max(card.weight_low, weight))
    within = card.weight_low <= lit.weight <= card.weight_high  # some presets go beyond
    return replace(lit, weight=round(kept, 4)) if within else lit


def _without_blocker(recipe: Recipe, lost: Sequence[str]) -> Recipe | None:
    concepts = [each.concept for each in recipe.adapters]
    spare = [e for e in recipe.adapters if e.concept not in lost and concepts.count(e.concept) > 1]
    if not spare:
        return None
    blocker = max(spare, key=lambda each: abs(each.weight))
    return replace(recipe, adapters=tuple(e for e in recipe.adapters if e is not blocker))


def _without(recipe: Recipe) -> str:
    """The prompt without the concepts and trigger words of its adapters."""
    text = recipe.prompt
    for each in recipe.adapters:
        for words in (*each.adapter.triggers, each.concept):
            text = _cut(text, words)
    parts = (" ".join(part.split()) for part in text.split(","))
    return ", ".join(part for part in parts if part) or NOTHING


def _cut(text: str, words: str) -> str:
    """`text` without the first place where `words` stand, in any case."""
    found = standing(text, words) if words else None
    return text[: found.start()] + text[found.end() :] if found else text
