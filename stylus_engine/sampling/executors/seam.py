"""The seam: what an executor is, who calls it, and how equal rows find together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, TypeVar, cast

from torch import nn

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.stack import Key, Row, key

Result = TypeVar("Result")  # of one row
Touching: TypeAlias = Mapping[str, Sequence[tuple[Layer, float]]]  # by path: factors, their weights


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a forward beside its rows.

    `places` is how many positions one row has (of the latents; of a text 1), `steps`
    how many forwards of these rows are to come on average, `steady` how many before the first of
    them leaves, this one included.
    """

    places: int = 1
    steps: int = 1
    steady: int = 1


ONCE = Outlook()


class Executor(Protocol):
    """Makes modules wear rows. Belongs to the thread that draws."""

    @property
    def choice(self) -> Choice:
        """Which executor the last forward ran on, and why."""
        ...

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """The indices of `rows`, those that may share a forward together, each group in its order."""
        ...

    def applied(self, component: Component, rows: Sequence[Row]) -> AbstractContextManager[None]:
        """Within, row b of a forward of `component` wears `rows[b]`; `rows` is one group."""
        ...

    def rest(self, component: Component) -> None:
        """Take off what `component` wears, so that another executor may have it; what was made is kept."""
        ...

    def restore(self) -> None:
        """Make every base weight pristine: a file is about to be converted against it."""
        ...

    def close(self) -> None:
        """Give everything back: hooks and weights; what was gathered stays on its rack."""
        ...


class Run(NamedTuple):
    """Neighbouring rows that wear the same: those from `start` up to `stop`."""

    start: int
    stop: int
    row: Row


def by_row(
    executor: Executor,
    component: Component,
    rows: Sequence[Row],
    forward: Callable[[list[int]], Iterable[Result]],
    outlook: Outlook = ONCE,
) -> list[Result]:
    """Run `forward` once per group of row indices, under its adapters; returns one result per row."""
    results: dict[int, Result] = {}
    for group in executor.groups(component, rows, outlook):
        with executor.applied(component, [rows[index] for index in group]):
            results.update(zip(group, forward(group), strict=True))
    return [results[index] for index in range(len(rows))]


def alike(rows: Sequence[Row]) -> list[list[int]]:
    """Indices of equal rows together, in order of first appearance."""
    found: dict[Key, list[int]] = {}
    for index, row in enumerate(rows):
        found.setdefault(key(row), []).append(index)
    return list(found.values())


def runs(rows: Sequence[Row]) -> list[Run]:
    """Neighbours that wear the same, as stretches of the batch."""
    found: list[Run] = []
    for index, row in enumerate(rows):
        if found and key(found[-1].row) == key(row):
            found[-1] = found[-1]._replace(stop=index + 1)
        else:
            found.append(Run(index, index + 1, row))
    return found


def touched(component: Component, row: Row) -> Touching:
    """The layers of a component that `row` wears something in."""
    found: dict[str, list[tuple[Layer, float]]] = {}
    for factors, weight in row:
        for (where, path), layer in factors.layers.items():
            if where == component:
                found.setdefault(path, []).append((layer, weight))
    return found


def pointwise(base: nn.Conv2d) -> bool:
    """Whether the convolution is a product in every place: no neighbours, no steps, no groups."""
    return base.kernel_size == base.stride == (1, 1) and base.padding == (0, 0) and base.groups == 1


def layers_of(module: nn.Module) -> Mapping[str, nn.Module]:
    """All that is in it by path: to ask for one of them takes longer than a small product."""
    return dict(cast("Iterable[tuple[str, nn.Module]]", module.named_modules()))
