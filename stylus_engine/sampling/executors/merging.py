"""D: merge a recipe and run its rows alone, one recipe after the other."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from torch import nn

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.banks import Bank, wardrobes
from stylus_engine.sampling.executors.seam import ONCE, Outlook, alike
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Row


class Merging:
    """Rows of equal recipe in one forward. What was merged is kept for the next step."""

    choice = Choice("merge", "asked")

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        banks: Mapping[Component, Bank] | None = None,
    ) -> None:
        self._wardrobes = wardrobes(modules, banks)

    @property
    def merges(self) -> int:
        """How often weights were made."""
        return sum(each.bank.merges for each in self._wardrobes.values())

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """Indices of equal rows together, in order of first appearance."""
        del component, outlook
        return alike(rows)

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Put the recipe's weights in place, unless they are there."""
        self._wardrobes[component].wear(rows[0])
        yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears; what was made is kept."""
        self._wardrobes[component].restore()

    def restore(self) -> None:
        """Put every pristine weight back; what was merged is kept."""
        for wardrobe in self._wardrobes.values():
            wardrobe.restore()

    def close(self) -> None:
        """Put every pristine weight back and let go of the merged ones."""
        for wardrobe in self._wardrobes.values():
            wardrobe.close()
