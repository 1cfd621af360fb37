"""How rows that wear different adapters are drawn: by stacking, or by merging.

An executor says which rows may share a forward (`groups`) and makes the modules
wear them while it runs (`applied`).  `by_row` is the only caller; a planner that
picks between executors is one more class with the same methods.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, TypeVar

from torch import nn

from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.merge import merged
from stylus_engine.sampling.stack import Key, Row, Stack, key

Result = TypeVar("Result")  # of one row


class Executor(Protocol):
    """Makes modules wear rows. Belongs to the thread that draws."""

    def groups(self, rows: Sequence[Row]) -> list[list[int]]:
        """The indices of `rows`, those that may share a forward together."""
        ...

    def applied(self, component: Component, rows: Sequence[Row]) -> AbstractContextManager[None]:
        """Within, row b of a forward of `component` wears `rows[b]`; `rows` is one group."""
        ...

    def restore(self) -> None:
        """Make every base weight pristine: a file is about to be converted against it."""
        ...

    def close(self) -> None:
        """Give everything back: hooks, weights."""
        ...


class Stacking:
    """All rows in one forward. What it sets up stays on between steps: most steps change nothing."""

    def __init__(self, modules: Mapping[Component, nn.Module]) -> None:
        self.stacks = {name: Stack(module, name) for name, module in modules.items()}

    def groups(self, rows: Sequence[Row]) -> list[list[int]]:
        """One group: that is the point of it."""
        return [list(range(len(rows)))]

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Set the rows' weights; gather and hook only when the union of adapters changed."""
        self.stacks[component].wear(rows)
        yield

    def restore(self) -> None:
        """Nothing to do: hooks read the base weights and never write them."""

    def close(self) -> None:
        """Take all hooks off."""
        for stack in self.stacks.values():
            stack.remove()


class Merging:
    """Rows of equal recipe in one forward, one recipe after the other. `merges` counts them."""

    def __init__(self, modules: Mapping[Component, nn.Module]) -> None:
        self.merges = 0
        self._modules = dict(modules)
        self._worn: dict[Component, Key] = dict.fromkeys(modules, ())
        self._borrowed = {name: ExitStack() for name in modules}

    def groups(self, rows: Sequence[Row]) -> list[list[int]]:
        """Indices of equal rows together, in order of first appearance."""
        alike: dict[Key, list[int]] = {}
        for index, row in enumerate(rows):
            alike.setdefault(key(row), []).append(index)
        return list(alike.values())

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Merge, unless the weights already wear this recipe."""
        if self._worn[component] != key(rows[0]):
            self._exchange(component, rows[0])
        yield

    def restore(self) -> None:
        """Write every pristine weight back."""
        for component in self._modules:
            self._restore(component)

    def close(self) -> None:
        """Write every pristine weight back."""
        self.restore()

    def _exchange(self, component: Component, row: Row) -> None:
        self._restore(component)
        if row:
            module: dict[Component, nn.Module] = {component: self._modules[component]}
            self._borrowed[component].enter_context(merged(module, row))
            self._worn[component] = key(row)
            self.merges += 1

    def _restore(self, component: Component) -> None:
        self._worn[component] = ()
        self._borrowed[component].close()


def by_row(
    executor: Executor,
    component: Component,
    rows: Sequence[Row],
    forward: Callable[[list[int]], Iterable[Result]],
) -> list[Result]:
    """Run `forward` once per group of row indices, under its adapters; returns one result per row."""
    results: dict[int, Result] = {}
    for group in executor.groups(rows):
        with executor.applied(component, [rows[index] for index in group]):
            results.update(zip(group, forward(group), strict=True))
    return [results[index] for index in range(len(rows))]
