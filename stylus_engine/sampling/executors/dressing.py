"""One forward for all rows, equal rows beside each other; what they wear stays on while it is the same."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from torch import nn

from stylus_engine.sampling.executors.seam import ONCE, Outlook, alike, layers_of
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Key, Row, key


class Dressing(ABC):
    """Half an executor: it knows when to change, and whoever derives from it knows how."""

    def __init__(self, modules: Mapping[Component, nn.Module]) -> None:
        self._modules = dict(modules)
        self._layers = {name: layers_of(module) for name, module in modules.items()}
        self._worn: dict[Component, list[Key]] = {}

    @abstractmethod
    def _put_on(self, component: Component, rows: Sequence[Row]) -> None:
        """Row b of every following forward wears `rows[b]`; nothing is on."""

    @abstractmethod
    def _take_off(self, component: Component) -> None:
        """The component is bare, also where only half of it was put on."""

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group, sorted so that equal rows are neighbours."""
        del component, outlook
        return [[index for group in alike(rows) for index in group]]

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Change what is worn, unless these rows wear it already."""
        keys = [key(row) for row in rows]
        if keys != self._worn.get(component):
            self.rest(component)
            self._put_on(component, rows)
            self._worn[component] = keys
        yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears; what was made is kept."""
        self._worn.pop(component, None)
        self._take_off(component)
