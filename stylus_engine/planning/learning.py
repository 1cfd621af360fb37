"""Learning from use: what a community liked moves candidates and masks a little.  Pure.

    counts (good, bad)  ->  a Beta posterior  ->  one factor near 1

For an adapter that was drawn for a concept the share of people who like it is taken as
Beta(2 + good, 2 + bad); its mean, 1/2 without any evidence, becomes a factor within
1 ± `SPAN`.  So one vote says little, a hundred say what they can, and nobody's votes make
an adapter that does not fit fit: floors are asked before, policies before that.

Not taken: Thompson sampling, which would have to draw (a plan must come out the same
again); counts over all concepts of an adapter, because an ink style that is disliked for
dragons may be liked for maps.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from stylus_engine.model import Liking, Mask, Plan, Task
from stylus_engine.planning.lexicon import phrase
from stylus_engine.planning.masks import MaskOrder, RankedOrder

PRIOR: Final = 2.0  # likes and dislikes that everything is believed to have had
SPAN: Final = 0.3  # the most that use adds to a score or takes from it
STEP: Final = 0.9  # what a place further back in somebody's order of alternatives is worth

Likes: TypeAlias = Mapping[tuple[str, str], Liking]


def known(likes: Sequence[Liking]) -> Likes:
    """By card and concept."""
    return {(each.card_id, each.concept): each for each in likes}


def mean(liking: Liking | None) -> float:
    """The posterior's mean: between 0 and 1, and 1/2 where nobody said anything."""
    if liking is None:
        return 0.5
    return (PRIOR + liking.good) / (2 * PRIOR + liking.good + liking.bad)


def factor(likes: Likes, card_id: str, *words: str) -> float:
    """By what a score is multiplied: 1 - SPAN … 1 + SPAN, exactly 1 without evidence.

    `words` are what the adapter may be drawn for: of several the one that most was said of.
    """
    keys = dict.fromkeys(phrase(each) for each in words) if likes else ()
    found = [each for key in keys if (each := likes.get((card_id, key))) is not None]
    most = max(found, key=lambda each: each.good + each.bad, default=None)
    return 1.0 + SPAN * (2 * mean(most) - 1)


def by_liking(tasks: Sequence[Task], likes: Sequence[Liking]) -> tuple[Task, ...]:
    """The alternatives of each task, those that were liked for its words moved up.

    For composers that give an order and no scores.
    """
    by = known(likes)
    return tuple(_reordered(task, by) for task in tasks) if by else tuple(tasks)


def _reordered(task: Task, likes: Likes) -> Task:
    scores = [
        STEP**place * factor(likes, choice.adapter.card_id, task.concept)
        for place, choice in enumerate(task.choices)
    ]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return replace(task, choices=tuple(task.choices[place] for place in order))


def concerned(tasks: Sequence[Task], likes: Sequence[Liking]) -> tuple[Liking, ...]:
    """What was known of the choices of these tasks: a plan keeps it, and needs no more."""
    return tuple(_of(tasks, known(likes))) if likes else ()


def _of(tasks: Sequence[Task], likes: Likes) -> Iterator[Liking]:
    for task in tasks:
        for choice in task.choices:
            found = likes.get((choice.adapter.card_id, phrase(task.concept)))
            if found is not None:
                yield found


def liked_order(order: MaskOrder, plan: Plan, fixed: int) -> MaskOrder:
    """Masks that are expected to be liked come sooner; `order` itself where nothing is known.

    Number 0 keeps its place: it lights the first of every task, and those were put in order
    by the same counts.
    """
    if not plan.likes:
        return order
    means = _means(plan)
    return RankedOrder(order, lambda mask: -_expected(mask, means), fixed)


def _means(plan: Plan) -> tuple[float, ...]:
    """Of every choice of every task."""
    likes = known(plan.likes)
    return tuple(
        mean(likes.get((choice.adapter.card_id, phrase(task.concept))))
        for task in plan.tasks
        for choice in task.choices
    )


def _expected(mask: Mask, means: Sequence[float]) -> float:
    """The mean over the adapters that are lit: nobody said what two together are worth."""
    bits = [bit for group in mask.bits for bit in group]
    lit = [value for value, bit in zip(means, bits, strict=True) if bit]
    return sum(lit) / len(lit) if lit else 0.5


Pair: TypeAlias = tuple[str, str]  # a card, and the key of the words it was drawn for


def pairs(plan: Plan, code: str) -> tuple[Pair, ...]:
    """What a mask of this plan lights, and for which words. A code of another shape lights nothing."""
    bits = [bit == "1" for bit in code if bit != "."]
    every = [(c.adapter.card_id, phrase(task.concept)) for task in plan.tasks for c in task.choices]
    return tuple(pair for pair, bit in zip(every, bits, strict=False) if bit)
