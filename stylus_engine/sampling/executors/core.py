"""A: the common core. What every row of a batch wears alike is merged once; an inner executor adds the rest."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from torch import nn

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.banks import Bank, wardrobes
from stylus_engine.sampling.executors.seam import ONCE, Executor, Outlook
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Row, Worn, key


class Sharing:
    """Merges what all rows have in common, and leaves what differs to `inner`."""

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        inner: Executor,
        banks: Mapping[Component, Bank] | None = None,
    ) -> None:
        inside = inner.choice.executor
        self.choice = Choice("core" if inside == "stack" else f"core+{inside}", "asked")
        self._inner = inner
        self._wardrobes = wardrobes(modules, banks)

    @property
    def merges(self) -> int:
        """How often weights were made."""
        return sum(each.bank.merges for each in self._wardrobes.values())

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """As the inner executor has them for what is left."""
        return self._inner.groups(component, split(rows)[1], outlook)

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Put the core's weights in place, unless they are there; stack the rest."""
        core, rest = split(rows)
        self._wardrobes[component].wear(core)
        with self._inner.applied(component, rest):
            yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears; what was made is kept."""
        self._wardrobes[component].restore()
        self._inner.rest(component)

    def restore(self) -> None:
        """Put every pristine weight back; what was merged is kept."""
        for wardrobe in self._wardrobes.values():
            wardrobe.restore()
        self._inner.restore()

    def close(self) -> None:
        """Put every pristine weight back, let go of the merged ones, take hooks off."""
        self._inner.close()
        for wardrobe in self._wardrobes.values():
            wardrobe.close()


def split(rows: Sequence[Row]) -> tuple[Row, list[Row]]:
    """What all rows wear at equal weight, and what each of them has beside it.

    An adapter may be in a row twice (two cards of one file): counted, not looked up.
    """
    if not rows:
        return (), []
    common = Counter(key(rows[0]))
    for row in rows:
        common &= Counter(key(row))
    core, _ = _taken(rows[0], common)
    return tuple(sorted(core, key=lambda pair: pair[0].id)), [
        _taken(row, common)[1] for row in rows
    ]


def _taken(row: Row, common: Counter[tuple[str, float]]) -> tuple[Row, Row]:
    """`row` in two: what `common` counts, and the rest."""
    left, core, rest = common.copy(), list[Worn](), list[Worn]()
    for worn in row:
        name = worn[0].id, worn[1]
        (core if left[name] > 0 else rest).append(worn)
        left[name] -= 1
    return tuple(core), tuple(rest)
