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
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from msgspec.structs import replace

from stylus_engine.model import Liking, Mask, Plan, Task
from stylus_engine.planning.lexicon import phrase
from stylus_engine.planning.masks import MaskOrder

PRIOR: Final = 2.0  # likes and dislikes that everything is believed to have had
SPAN: Final = 0.3  # the most that use adds to a score or takes from it
STEP: Final = 0.9  # what a place further back in somebody's order of alternatives is worth
FINE: Final = 2  # decimals in which two masks differ
WINDOW: Final = 64  # masks that are weighed against each other

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


@dataclass(frozen=True)
class LikedOrder:
    """Another order of masks, in which those that are expected to be liked come sooner.

    The first `fixed` masks keep their place: number 0 lights the first of every task, and
    those were put in order by the same counts.  After them each stretch of `WINDOW` numbers is
    sorted: fewer dark tasks first, then the better expectation, then as before.
    """

    inner: MaskOrder
    plan: Plan
    fixed: int = 1

    @property
    def total(self) -> int:
        """As many as there were."""
        return self.inner.total

    def __getitem__(self, number: int) -> Mask:
        """Mask `number` of the new order."""
        if number < self.fixed:
            return self.inner[number]
        stretch, place = divmod(number - self.fixed, WINDOW)
        if stretch not in self._sorted:
            self._sorted[stretch] = self._stretch(stretch)
        return self._sorted[stretch][place]

    @cached_property
    def _sorted(self) -> dict[int, list[Mask]]:
        return {}

    def _stretch(self, stretch: int) -> list[Mask]:
        first = self.fixed + stretch * WINDOW
        numbers = range(first, min(first + WINDOW, self.total))
        return sorted(map(self.inner.__getitem__, numbers), key=self._key)

    def _key(self, mask: Mask) -> tuple[int, float]:
        dark = sum(not any(group) for group in mask.bits)
        return dark, -round(self._expected(mask), FINE)

    def _expected(self, mask: Mask) -> float:
        """The mean over the adapters that are lit: nobody said what two together are worth."""
        bits = [bit for group in mask.bits for bit in group]
        lit = [value for value, bit in zip(self._means, bits, strict=True) if bit]
        return sum(lit) / len(lit) if lit else 0.5

    @cached_property
    def _means(self) -> tuple[float, ...]:
        likes = known(self.plan.likes)
        return tuple(
            mean(likes.get((choice.adapter.card_id, phrase(task.concept))))
            for task in self.plan.tasks
            for choice in task.choices
        )


def liked_order(order: MaskOrder, plan: Plan, fixed: int) -> MaskOrder:
    """`order` itself where a plan knows of no evidence."""
    return LikedOrder(order, plan, fixed) if plan.likes else order


Pair: TypeAlias = tuple[str, str]  # a card, and the key of the words it was drawn for


def pairs(plan: Plan, code: str) -> tuple[Pair, ...]:
    """What a mask of this plan lights, and for which words. A code of another shape lights nothing."""
    bits = [bit == "1" for bit in code if bit != "."]
    every = [(c.adapter.card_id, phrase(task.concept)) for task in plan.tasks for c in task.choices]
    return tuple(pair for pair, bit in zip(every, bits, strict=False) if bit)
