"""Who is checked next, and with which few pictures: pure arithmetic over cards.

Law of this file: no file is opened and nothing is drawn.  A real person's or a minor's
adapter is never drawn with, not even to see whether it works.
"""

import heapq
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias, get_args

from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Adapter, Checkpoint, Rating, Recipe, Shot, Weighted
from stylus_engine.model.noun import Noun
from stylus_engine.planning.few_steps import few_step
from stylus_engine.planning.pace import Pace, usual
from stylus_engine.planning.shots import seeds

LADDER = (1.0, 0.7, 0.4)  # of the card's own weight, in the order in which they are tried
NEUTRAL = "a house by a tree"  # asks for nothing that an adapter is about
PLACES = ("on a beach", "in a forest")
THINGS = ("a cat on a beach", "a car in a forest")
FIRST_SEED = 20_240_428  # any; the same for all, so that pictures without are comparable
MOST_WORDS = 80  # characters of a card that go into a prompt
MIB = 1 << 20
RATINGS: tuple[Rating, ...] = get_args(Rating)  # the harmless first


Fit: TypeAlias = Callable[[str], bool]


def anything(_: str) -> bool:
    """Every prompt may be drawn."""
    return True


class Budget(Noun, frozen=True, kw_only=True):
    """What one adapter may cost. A round is `seeds` pictures of each prompt at one weight.

    `steps` of denoising a picture at most, `most_steps` in all; `edge` is the longest in pixels.
    """

    seeds: int = 2
    steps: int = 8
    most_steps: int = 240
    edge: int = 768


class Known(Protocol):
    """What the catalogue knows of one adapter, as far as this room asks."""

    @property
    def card(self) -> Adapter | None:
        """The card, merged of all layers; None: it is gone."""
        ...

    @property
    def checked(self) -> Checked | None:
        """What the last check found."""
        ...


def due(
    shelf: Iterable[Known],
    family: str,
    limit: int,
    local: Callable[[Adapter], bool],
    most_rating: Rating = "pg13",
) -> list[Adapter]:
    """At most `limit` cards that need a check and may be drawn with unasked, the cheapest first.

    `shelf` is whose record is new since the last check (`walk(lacking="checked")`).
    Cheapest: its file is `local`, never checked before, small, popular.  A quarantined
    one is checked again only by hand, unless its file is another one now.
    """
    priced = (
        (cost(card, known.checked, local=local(card)), card)
        for known in shelf
        if (card := known.card) is not None
        and needs_check(card, known.checked)
        and can_check(card, family)
        and RATINGS.index(card.rating) <= RATINGS.index(most_rating)
    )
    return [card for _, card in heapq.nsmallest(limit, priced, key=lambda pair: pair[0])]


def needs_check(card: Adapter, checked: Checked | None) -> bool:
    """Never checked, or checked with other bytes than the card names now; naming none, nobody knows."""
    if checked is None:
        return card.health != "quarantined"
    return card.file_sha256 != checked.sha256


def can_check(card: Adapter, family: str) -> bool:
    """Whether a checkpoint of `family` may and can draw with it.

    What was made for few steps burns at a checkpoint's own pace, which all are checked at.
    """
    harmless = not (card.real_person or card.minor) and few_step(card) is None
    return harmless and card.drawable and card.family == family and card.kind != "embedding"


def cost(
    card: Adapter, checked: Checked | None, *, local: bool
) -> tuple[bool, bool, int, int, str]:
    """Ordered: the smaller the sooner. Sizes count by doublings, an unknown size as a large one."""
    size = (card.file_bytes // MIB).bit_length() if card.file_bytes else 64
    return (not local, checked is not None, size, -card.popularity, card.card_id)


def ladder(card: Adapter) -> tuple[float, ...]:
    """The card's own weight, then less of it, within its range; each once."""
    own = card.weight or card.weight_high or card.weight_low
    weights = (min(card.weight_high, max(card.weight_low, own * part)) for part in LADDER)
    return tuple(dict.fromkeys(round(weight, 4) for weight in weights))


def stronger(card: Adapter) -> float | None:
    """The top of its range, for one that does next to nothing at its own weight."""
    return card.weight_high if card.weight_high > ladder(card)[0] else None


def prompts(card: Adapter, fit: Fit = anything) -> tuple[str, ...]:
    """Two that call it and one that does not. With and without it the text is the same.

    So what differs is what the weights do; a trigger word alone moves a picture too.
    Whoever shows the pictures says what is `fit` to be drawn: of the card's own words the
    first are taken that are, and none where none are.
    """
    called = (_called(card, words) for words in wordings(card))
    return next(filter(lambda each: all(map(fit, each)), called), (*THINGS, NEUTRAL))


def _called(card: Adapter, words: str) -> tuple[str, ...]:
    if card.category == "subject":
        return (*(f"{words} {place}" for place in PLACES), NEUTRAL)
    return (*(f"{thing}, {words}" for thing in THINGS), NEUTRAL)


def wordings(card: Adapter) -> tuple[str, ...]:
    """How its own words ask for it, the best first: triggers, each of them, concepts, tags, its name."""
    together = ", ".join(card.triggers[:2])
    found = (together, *card.triggers, *card.concepts, *card.tags, card.name)
    return tuple(dict.fromkeys(words[:MOST_WORDS] for words in found if words))


def shots(
    card: Adapter,
    weight: float,
    checkpoint: Checkpoint,
    budget: Budget,
    job: str,
    fit: Fit = anything,
) -> tuple[Shot, ...]:
    """One round: every prompt with every seed, prompts first; `weight` 0 is the round without."""
    lit = (Weighted(adapter=card, weight=weight),) if weight else ()
    edge, pace = drawn_edge(checkpoint, budget), paced(checkpoint, budget)
    pairs = [
        (prompt, seed) for prompt in prompts(card, fit) for seed in seeds(FIRST_SEED, budget.seeds)
    ]
    return tuple(
        Shot(
            id=f"{job}-{weight:g}-{index}",
            job=job,
            index=index,
            recipe=Recipe(adapters=lit, prompt=prompt),
            seed=seed,
            checkpoint=checkpoint.id,
            width=edge,
            height=edge,
            steps=pace.steps,
            guidance=pace.guidance,
            sampler=pace.sampler,
        )
        for index, (prompt, seed) in enumerate(pairs)
    )


def paced(checkpoint: Checkpoint, budget: Budget) -> Pace:
    """As people's pictures of this checkpoint are drawn, in fewer steps.

    Not all at one guidance: what draws without any burns at 5 before an adapter is lit.
    """
    own = usual(checkpoint)
    sampler = checkpoint.drawn_with(own.sampler)
    return Pace(min(budget.steps, own.steps), own.guidance, sampler)


def drawn_edge(checkpoint: Checkpoint, budget: Budget) -> int:
    """The checkpoint's own size or the budget's, on its grid. A model far below its size draws nothing."""
    return max(
        checkpoint.multiple,
        min(checkpoint.size, budget.edge) // checkpoint.multiple * checkpoint.multiple,
    )
