"""Adapters that make drawing quick: how they are told from others, and what they set.

    LCM, Lightning, Hyper-SD, TCD, PCM, DMD2, Turbo  ->  scheduler, steps, guidance

Nothing in their keys tells (research/adapters.md 2.6): the name does, the file's name, the
base they were published for, their tags.  Everything read here is anybody's text.  What
each kind sets is what those who published it draw with.  Such an adapter is never chosen
for words of a prompt: whoever asks pins it, or asks for the one that is set up.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple, get_args

from msgspec.structs import replace

from stylus_engine.model import Adapter, Dropped, Policy, Rating, most_steps
from stylus_engine.model.few_step import Faster, FewStep
from stylus_engine.planning.glued import parted

AUTO = "auto"  # instead of a name: the most popular one that fits the checkpoint
WORDS = ("lcm", "lightning", "hyper", "tcd", "dmd", "turbo", "pcm")  # one is in each of their names
MOST_TEXT = 2000  # characters of any text that are looked at
DIFFUSING = ("sd1", "sd2", "sdxl")  # families whose sampler is anybody's choice; others flow
CFG_KEPT = 5.0  # guidance of Hyper-SD's files that keep it (they say 5 to 8)

_SURE = re.compile(
    r"\blcm\b|\bdmd-?2?\b|\bhyper-?(?:sd|sdxl|flux)\w*|\b(?:sdxl|sd3\w*|flux)[\s_-]*lightning\b"
    r"|\bturbo[\s_-]*alpha\b|\b[0-9]{1,2}[\s_-]*steps?[\s_-]*lora\b",
    re.IGNORECASE,
)
# Words that also name heroes, cars and weather: alone they are no few-step adapter.
_PERHAPS = re.compile(
    r"\b(?:lightning|hyper|turbo|tcd|pcm|distilled|accelerat\w+)\b", re.IGNORECASE
)
_SAID = re.compile(r"\b(?:[0-9]{1,2}|few|fewer)[\s_-]*steps?\b", re.IGNORECASE)
_TAUGHT = re.compile(r"\b(?:lcm|lightning|hyper(?:sd|sdxl)?|turbo|tcd|pcm|dmd2?)\b", re.IGNORECASE)
_FAST_BASE = re.compile(r"\b(?:lcm|lightning|hyper|turbo|distilled)$", re.IGNORECASE)
_STEPS = re.compile(
    r"\b([0-9]{1,2})(?:[\s_]*(?:-|–|to)[\s_]*[0-9]{1,2})?[\s_-]*steps?\b", re.IGNORECASE
)
_CFG = re.compile(r"\bcfg\b", re.IGNORECASE)

# First match wins; a Hyper-SD named after its LCM teacher is a Hyper-SD.
_KINDS: tuple[tuple[re.Pattern[str], FewStep], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), few)
    for pattern, few in (
        (r"\bhyper", FewStep(kind="Hyper-SD", steps=8, sampler="ddim_trailing", guidance=1.0)),
        (
            r"lightning\b",
            FewStep(kind="Lightning", steps=4, sampler="euler_trailing", guidance=1.0),
        ),
        (r"\bdmd", FewStep(kind="DMD2", steps=4, sampler="lcm", guidance=1.0)),
        (r"\btcd\b", FewStep(kind="TCD", steps=4, sampler="tcd", guidance=1.0)),
        (r"\bpcm\b", FewStep(kind="PCM", steps=4, sampler="ddim_trailing", guidance=1.0)),
        (r"\blcm\b", FewStep(kind="LCM", steps=4, sampler="lcm", guidance=1.0)),
        (r"\bturbo\b", FewStep(kind="Turbo", steps=4, sampler="euler_a_trailing", guidance=1.0)),
    )
)
_OTHER = FewStep(kind="few-step", steps=8, sampler="euler_trailing", guidance=1.0)


def is_few_step(card: Adapter) -> bool:
    """Whether name, base and steps of the card say so; of words that are run together the name alone."""
    name, apart = _spaced(card.name), _apart(card.name)
    if _SURE.search(name) or _SURE.search(apart):
        return True
    if _PERHAPS.search(apart) and _SAID.search(apart):
        return True
    if not _PERHAPS.search(name):
        return False
    told = " ".join((name, _spaced(card.description), *map(_spaced, card.tags[:50])))
    fast = any(_FAST_BASE.search(base) for base in (card.base, card.family_declared))
    return fast or bool(_SAID.search(told))


def few_step(card: Adapter) -> FewStep | None:
    """What the card's adapter sets; None for all others."""
    return few_step_of(card) if card.category == "speed" or is_few_step(card) else None


def few_step_of(card: Adapter) -> FewStep:
    """The same for a card that somebody says is one, whatever it is called."""
    names = [_apart(name) for name in (card.name, _file(card))]
    texts = (*names, *map(_spaced, (card.base, card.family_declared, *card.tags[:50])))
    found = _kind((*texts, _spaced(card.description)))
    steps = _steps(texts) or _steps((_spaced(card.description),)) or found.steps
    made = replace(found, steps=min(steps, most_steps(found.sampler)))
    return _fitted(card, made, cfg=any(_CFG.search(name) for name in names))


def taught(name: str) -> FewStep | None:
    """What a checkpoint of this name, or of a file so named, was distilled to be drawn with."""
    spaced = _apart(name)  # `dreamshaperXL_v21TurboDPMSDE`
    if not (found := _TAUGHT.search(spaced)):
        return None
    few = _kind((found[0],))
    return replace(few, steps=min(_steps((spaced,)) or few.steps, most_steps(few.sampler)))


def _fitted(card: Adapter, few: FewStep, *, cfg: bool) -> FewStep:
    """The exceptions that their publishers name."""
    weight = min(card.weight_high, max(card.weight_low, 1.0))
    few = replace(few, weight=weight)
    if not card.family.startswith(DIFFUSING):
        return _flowing(card, few)
    if few.kind == "Hyper-SD" and few.steps == 1:
        return replace(few, sampler="tcd")
    if few.kind == "Hyper-SD" and cfg:
        return replace(few, guidance=CFG_KEPT)
    return few


def _flowing(card: Adapter, few: FewStep) -> FewStep:
    """Their sampler stays their own; FLUX is told its guidance, and Hyper-SD's is lit faintly."""
    weight = 0.125 if few.kind == "Hyper-SD" else few.weight
    guidance = 3.5 if card.family.startswith("flux") else few.guidance
    steps = 8 if few.kind == "Turbo" and few.steps == 4 else few.steps
    weight = min(card.weight_high, max(card.weight_low, weight))
    return replace(few, sampler="", guidance=guidance, steps=steps, weight=weight)


def _kind(texts: Sequence[str]) -> FewStep:
    for text in texts:
        for pattern, few in _KINDS:
            if pattern.search(text):
                return few
    return _OTHER


def _steps(texts: Sequence[str]) -> int:
    """The first number of steps that stands anywhere; 0 = none does. Of «4-8 steps» the 4."""
    for text in texts:
        if (found := _STEPS.search(text)) and int(found[1]):
            return int(found[1])
    return 0


def _spaced(text: str) -> str:
    """Names of files have no spaces, and a pattern takes an underscore for a letter."""
    return text[:MOST_TEXT].replace("_", " ")


def _apart(name: str) -> str:
    return _spaced(parted(name[:MOST_TEXT]))


def _file(card: Adapter) -> str:
    """The name of its file without a query, as far as the card says one."""
    place = (card.path or card.url or "")[-MOST_TEXT:]
    return PurePosixPath(place.replace("\\", "/").partition("?")[0]).stem


# --- which one a plan is drawn with ------------------------------------------------


class Asked(NamedTuple):
    """`fast`: what sets the steps; `pinned`: card ids that are left for the words of the prompt."""

    fast: Faster | None
    pinned: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()


def asked(
    pinned: Sequence[Adapter],
    wished: Adapter | None,
    family: str,
    policy: Policy,
    banned: Sequence[str] = (),
) -> Asked:
    """Part few-step adapters from other pins. A pinned one goes before the one that is set up (`wished`).

    One sets the steps; what cannot be drawn with here, and a second one, is told.
    """
    quick = [card for card in pinned if few_step(card) is not None]
    rest = tuple(card.card_id for card in pinned if card not in quick)
    fast: Faster | None = None
    dropped: list[Dropped] = []
    for card in (*quick, *((wished,) if wished and wished not in quick else ())):
        why = _unfit(card, family, policy, banned)
        if not why and fast is None:
            fast = Faster(adapter=replace(card, category="speed"), few=few_step_of(card))
        elif card in quick or why:
            why = why or "another few-step adapter sets the steps already"
            dropped.append(Dropped(what=card.card_id, why=why))
    return Asked(fast, rest, tuple(dropped))


def fits(card: Adapter, family: str, policy: Policy) -> bool:
    """Whether this is a few-step adapter that may be drawn with here."""
    return few_step(card) is not None and not _unfit(card, family, policy, ())


def _unfit(card: Adapter, family: str, policy: Policy, banned: Sequence[str]) -> str:
    """Why a card may not be drawn with, "" if it may: the index's own policy, which nobody asked here."""
    ratings: tuple[str, ...] = get_args(Rating)
    reasons = (
        (card.card_id in banned, "it is banned here"),
        (card.family != family, f"it is made for {card.family}; this checkpoint is {family}"),
        (card.real_person or card.minor, "it shows a real person or a minor"),
        (card.health == "quarantined", card.quarantine or "it is set aside"),
        (ratings.index(card.rating) > ratings.index(policy.most_rating), "its rating is too high"),
        (policy.commercial_only and not card.licence.commercial, "its licence is not commercial"),
        (not card.drawable, "there is no file of it"),
    )
    return next((why for true, why in reasons if true), "")
