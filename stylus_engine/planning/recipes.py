"""A mask becomes a recipe: weights, and the text with the trigger words of lit adapters only."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from stylus_engine.model import Adapter, Mask, Plan, Recipe, Request, Weighted
from stylus_engine.planning.presets import Preset
from stylus_engine.planning.weights import lit_choices

# Whether a text is within the token window where these adapters are lit: of an embedding a word is its vectors.
Fits: TypeAlias = Callable[[str, Sequence[Adapter]], bool]


def recipe(
    request: Request, plan: Plan, mask: Mask, preset: Preset, fits: Fits, strength: float = 1.0
) -> Recipe:
    """What one picture is drawn with. `strength` is a factor upon the request's own."""
    weights = preset.weigh(plan, mask, request.strength * strength)
    adapters = tuple(_for(plan, mask, weights))
    prompt = preset.words(request.prompt)
    if preset.triggers:
        lit = [each.adapter for each in adapters]
        prompt = with_triggers(prompt, adapters, lambda longer: fits(longer, lit))
    negative = request.negative or preset.negative
    return Recipe(
        adapters=(*_worn(adapters, prompt, negative), *_fast(plan)),
        prompt=prompt,
        negative=negative,
        mask=mask,
        null_space=preset.null_space,
        strength=strength if adapters else 1.0,
    )


def _for(plan: Plan, mask: Mask, weighted: Sequence[Weighted]) -> Iterator[Weighted]:
    """Each lit adapter with the words it is lit for."""
    lit = zip(plan.tasks, lit_choices(plan, mask), strict=True)
    concepts = {c.adapter.card_id: task.concept for task, choices in lit for c in choices}
    for each in weighted:
        yield replace(each, concept=concepts[each.adapter.card_id])


def _fast(plan: Plan) -> Iterator[Weighted]:
    """Outside of masks, budgets and trigger words: it serves no words, and every picture needs it whole."""
    if plan.fast is not None:
        yield Weighted(adapter=plan.fast.adapter, weight=plan.fast.few.weight)


def with_triggers(prompt: str, adapters: Sequence[Weighted], fits: Callable[[str], bool]) -> str:
    """Append each missing trigger word as long as the text stays within the token window.

    The person's own words come first and are never pushed out; a trigger that does
    not fit is skipped, a shorter one after it may still fit.
    """
    for weighted in adapters:
        for trigger in _asked(weighted.adapter, prompt):
            longer = f"{prompt}, {trigger}"
            if not standing(prompt, trigger) and fits(longer):
                prompt = longer
    return prompt


def standing(text: str, words: str) -> re.Match[str] | None:
    """Where these words stand as words of their own, one or many, in any case; not within a longer one.

    Scripts without capitals often write no spaces between words, so there they may stand anywhere.
    """
    wanted = re.escape(words)
    anywhere = words.upper() == words.lower() and not words.isascii()
    pattern = wanted if anywhere else rf"(?<!\w){wanted}(?:['’]?s|es)?(?!\w)"
    return re.search(pattern, text, re.IGNORECASE)


def _asked(adapter: Adapter, prompt: str) -> tuple[str, ...]:
    """All trigger words; of an embedding, which is nothing but a word, one, said once."""
    if adapter.kind != "embedding":
        return adapter.triggers
    return () if _spoken(adapter, prompt) else adapter.words[:1]


def _spoken(adapter: Adapter, *texts: str) -> bool:
    """Whether a text says a word of this adapter, whole, in whatever case."""
    words = "|".join(map(re.escape, adapter.words))
    return any(re.search(rf"(?<!\w)({words})(?!\w)", text, re.IGNORECASE) for text in texts)


def _worn(adapters: Sequence[Weighted], *texts: str) -> tuple[Weighted, ...]:
    """Without the embeddings whose word found no room: nobody is told of what does nothing."""
    return tuple(
        each
        for each in adapters
        if each.adapter.kind != "embedding" or _spoken(each.adapter, *texts)
    )
