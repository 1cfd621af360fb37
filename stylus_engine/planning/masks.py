"""All masks of a plan, in a seeded order, each computed from its number.

A task with k adapters has these states (the paper, section 3.3): one of them lit,
all of them lit (when k > 1), or dark.  A mask picks one state for every task.

    ours    number 0 lights the best adapter of every task; then masks that keep
            every task lit, then those with one dark task, and so on.  The mask
            without any adapter is left out, or number 1 when asked for.
    paper   all states of all tasks crossed, in a uniform order.

Sixteen tasks of three adapters have 1.5e11 masks; number 7e10 takes microseconds,
because the masks with d dark tasks are counted (`_Counts`), not listed.  The
released code of the paper builds all 2^n instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from stylus_engine.errors import UnknownName
from stylus_engine.model import Mask, Plan
from stylus_engine.planning.shuffle import Shuffle

MOST_CODES = 64  # of one order that are told to others
WINDOW = 64  # masks that are weighed against each other
FINE = 2  # decimals in which the costs of two masks differ


class MaskOrder(Protocol):
    """Every mask of a plan exactly once: `order[0]`, `order[1]`, … `order[total - 1]`."""

    @property
    def total(self) -> int:
        """How many distinct masks there are; at least 1."""
        ...

    def __getitem__(self, number: int) -> Mask:
        """Mask `number`. Raises `IndexError` from `total` on."""
        ...


def first_masks(order: MaskOrder, count: int, start: int = 0) -> tuple[Mask, ...]:
    """Masks `start` … for `count` positions; when they run out, the best one fills up."""
    return tuple(order[n] if n < order.total else order[0] for n in range(start, start + count))


def codes(order: MaskOrder, most: int = MOST_CODES) -> tuple[str, ...]:
    """The codes of the first masks, at most `most`."""
    return tuple(order[number].code for number in range(min(order.total, most)))


def mask_of(code: str, plan: Plan) -> Mask:
    """The mask of `plan` with this code. Raises `UnknownName` for a code of another shape."""
    groups = tuple(code.split(".")) if code else ()
    if tuple(map(len, groups)) != sizes(plan) or set(code) - set("01."):
        raise UnknownName(kind="mask of this plan", name=code[:80], known="")
    return Mask.parse(code)


@dataclass(frozen=True)
class StylusOrder:
    """Our order over the masks of tasks with `sizes` adapters each."""

    sizes: tuple[int, ...]
    seed: int
    bare: bool = False

    @cached_property
    def _lit(self) -> int:
        return sum(self._counts.of(dark) for dark in range(len(self.sizes)))

    @cached_property
    def _counts(self) -> "_Counts":
        return _Counts(self.sizes)

    @property
    def total(self) -> int:
        """Distinct masks; a plan without tasks has one, the empty mask."""
        return max(1, self._lit + self.bare) if self.sizes else 1

    def __getitem__(self, number: int) -> Mask:
        """Mask `number`; 0 is the best one."""
        if not 0 <= number < self.total:
            raise IndexError(number)
        if number == 0:
            return best_mask(self.sizes)
        if self.bare and number == 1:
            return dark_mask(self.sizes)
        return self._later(number - self.bare)

    def _later(self, number: int) -> Mask:
        """The lit mask `number` ≥ 1: the best one changed places with whatever came first."""
        mask = self._shuffled(number)
        return self._shuffled(0) if mask == best_mask(self.sizes) else mask

    def _shuffled(self, number: int) -> Mask:
        dark = 0
        while number >= self._counts.of(dark):
            number -= self._counts.of(dark)
            dark += 1
        shuffle = Shuffle(self._counts.of(dark), seed=self.seed + dark)
        return self._counts.mask(dark, shuffle[number])


@dataclass(frozen=True)
class RankedOrder:
    """Another order, in which masks of less `cost` come sooner.

    The first `fixed` masks keep their place: number 0 is the best one.  After them each
    stretch of `WINDOW` numbers is sorted: fewer dark tasks first, then less `cost`, of which
    `FINE` decimals count, then as before.  All masks of an immense plan cannot be sorted
    without being listed; a grid never looks beyond a stretch.
    """

    inner: MaskOrder
    cost: Callable[[Mask], float]
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
        return self._sorted(stretch)[place]

    def _sorted(self, stretch: int) -> list[Mask]:
        if stretch not in self._known:
            first = self.fixed + stretch * WINDOW
            numbers = range(first, min(first + WINDOW, self.total))
            self._known[stretch] = sorted(map(self.inner.__getitem__, numbers), key=self._key)
        return self._known[stretch]

    @cached_property
    def _known(self) -> dict[int, list[Mask]]:
        return {}

    def _key(self, mask: Mask) -> tuple[int, float]:
        return sum(not any(group) for group in mask.bits), round(self.cost(mask), FINE)


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """The paper's order: every state of every task crossed, uniformly, dark ones too."""

    sizes: tuple[int, ...]
    seed: int

    @property
    def total(self) -> int:
        """The product over tasks of (lit states + 1)."""
        product = 1
        for size in self.sizes:
            product *= lit_states(size) + 1
        return product

    def __getitem__(self, number: int) -> Mask:
        """Mask `number` of the shuffled product."""
        rest = Shuffle(self.total, self.seed)[number]
        states: list[int] = []
        for size in self.sizes:
            rest, state = divmod(rest, lit_states(size) + 1)
            states.append(state)
        return Mask(bits=tuple(_bits(n, s) for n, s in zip(self.sizes, states, strict=True)))


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """The one mask that lights every adapter: no masking."""

    sizes: tuple[int, ...]

    @property
    def total(self) -> int:
        """One."""
        return 1

    def __getitem__(self, number: int) -> Mask:
        """Mask 0."""
        if number:
            raise IndexError(number)
        return Mask(bits=tuple((True,) * size for size in self.sizes))


def sizes(plan: Plan) -> tuple[int, ...]:
    """How many adapters each task of `plan` has."""
    return tuple(len(task.choices) for task in plan.tasks)


def lit_states(size: int) -> int:
    """States of a task that light something: one-hot ones, and all together when that differs."""
    return size + (size > 1)


def best_mask(sizes: Sequence[int]) -> Mask:
    """The first adapter of every task."""
    return Mask(bits=tuple(_bits(size, 1) for size in sizes))


def dark_mask(sizes: Sequence[int]) -> Mask:
    """No adapter at all."""
    return Mask(bits=tuple(_bits(size, 0) for size in sizes))


def _bits(size: int, state: int) -> tuple[bool, ...]:
    """State 0 is dark, 1 … size light one adapter, size + 1 lights all."""
    return tuple(state in (position + 1, size + 1) for position in range(size))


class _Counts:
    """Counts, and finds by number, the masks with exactly d dark tasks.

    ways[t][d] = masks of the tasks t, t+1, … with d dark ones
               = ways[t+1][d-1]  +  lit_states(t) · ways[t+1][d]
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self._sizes = sizes
        ways = [[1] + [0] * len(sizes)]
        for size in reversed(sizes):
            ways.insert(0, self._row(lit_states(size), ways[0]))
        self._ways = ways

    @staticmethod
    def _row(lit: int, after: list[int]) -> list[int]:
        return [(after[d - 1] if d else 0) + lit * after[d] for d in range(len(after))]

    def of(self, dark: int) -> int:
        """How many masks have `dark` dark tasks."""
        return self._ways[0][dark]

    def mask(self, dark: int, number: int) -> Mask:
        """Mask `number` among those with `dark` dark tasks."""
        bits: list[tuple[bool, ...]] = []
        for size, after in zip(self._sizes, self._ways[1:], strict=True):
            state, dark, number = self._state(after, dark, number)
            bits.append(_bits(size, state))
        return Mask(bits=tuple(bits))

    @staticmethod
    def _state(after: list[int], dark: int, number: int) -> tuple[int, int, int]:
        """The state of one task, and what is left to find in the tasks after it."""
        when_dark = after[dark - 1] if dark else 0
        if number < when_dark:
            return 0, dark - 1, number
        state, rest = divmod(number - when_dark, after[dark])
        return state + 1, dark, rest
