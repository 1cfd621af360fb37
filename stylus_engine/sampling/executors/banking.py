"""C: merged weights a run. One forward; each touched layer multiplies each run of equal rows by its own weight.

No factor is multiplied at all, and everything else (attention, norms, untouched
layers) sees the whole batch.  The price is a copy of the touched weights for each
recipe, and that each copy is read once a step.  Small layers take all runs in one product (`beside.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.banks import Bank
from stylus_engine.sampling.executors.beside import (
    SMALL,
    ConvBatch,
    LinearBatch,
    PointBatch,
    Shelf,
    arranged,
)
from stylus_engine.sampling.executors.dressing import Dressing
from stylus_engine.sampling.executors.seam import ONCE, Outlook, alike, pointwise, runs
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Key, Row, key


class Stretch(NamedTuple):
    """The rows from `start` up to `stop`, the weight that they are multiplied by, and what it was merged of."""

    start: int
    stop: int
    weight: Tensor
    name: Key = ()


class LinearBank:
    """Takes the place of a linear layer's `forward`."""

    def __init__(self, base: nn.Linear, stretches: Sequence[Stretch]) -> None:
        self._bias: Tensor | None = base.bias  # torch forgets to say that there may be none
        self._stretches = stretches

    def __call__(self, x: Tensor) -> Tensor:
        rows, out = self._stretches[-1].stop, self._stretches[0].weight.shape[0]
        y = x.new_empty(*x.shape[:-1], out)
        read, written = x.reshape(rows, -1, x.shape[-1]), y.view(rows, -1, out)
        for start, stop, weight, _ in self._stretches:
            piece, into = read[start:stop].flatten(0, 1), written[start:stop].flatten(0, 1)
            if self._bias is None:
                torch.mm(piece, weight.t(), out=into)
            else:
                torch.addmm(self._bias, piece, weight.t(), out=into)
        return y


class ConvBank:
    """Takes the place of a conv layer's `forward`."""

    def __init__(self, base: nn.Conv2d, stretches: Sequence[Stretch]) -> None:
        self._bias = base.bias
        # torch's conv2d has two signatures, a layer's padding fits neither
        self._slide: Any = (base.stride, base.padding, base.dilation, base.groups)
        self._stretches = stretches

    def __call__(self, x: Tensor) -> Tensor:
        return torch.cat(
            [
                F.conv2d(x[start:stop], weight, self._bias, *self._slide)
                for start, stop, weight, _ in self._stretches
            ]
        )


class Banking(Dressing):
    """All rows in one forward, weights merged a recipe."""

    choice = Choice("bank", "asked")

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        banks: Mapping[Component, Bank] | None = None,
    ) -> None:
        super().__init__(modules)
        self._banks = banks or {name: Bank(module, name) for name, module in modules.items()}
        self._replaced: dict[Component, list[Any]] = {name: [] for name in modules}
        self._shelves: dict[Component, dict[str, Shelf]] = {name: {} for name in modules}
        self._order: dict[Component, list[Key]] = {name: [] for name in modules}

    @property
    def merges(self) -> int:
        """How often weights were made."""
        return sum(bank.merges for bank in self._banks.values())

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group, equal rows beside each other; who was there before stays where it was."""
        del outlook
        same = {key(rows[group[0]]): group for group in alike(rows)}
        order = arranged(self._order[component], list(same))
        return [[index for name in order for index in same[name]]]

    def restore(self) -> None:
        """Give the layers their own forwards back; what was merged is kept."""
        for component in self._modules:
            self.rest(component)

    def close(self) -> None:
        """Give the layers their own forwards back and let go of the merged weights."""
        self.restore()
        for component, bank in self._banks.items():
            bank.clear()
            self._shelves[component].clear()

    def _take_off(self, component: Component) -> None:
        while self._replaced[component]:
            del self._replaced[component].pop().forward

    def _put_on(self, component: Component, rows: Sequence[Row]) -> None:
        worn = [(run, key(run.row), self._banks[component].get(run.row)) for run in runs(rows)]
        self._order[component] = [name for _, name, _ in worn]
        for path in dict.fromkeys(path for _, _, merged in worn for path in merged):
            base: Any = self._layers[component][path]
            parts = [
                Stretch(at, end, merged.get(path, base.weight), name if path in merged else ())
                for (at, end, _), name, merged in worn
            ]
            shelf = self._shelves[component].setdefault(path, Shelf())
            base.forward = _bank(base, parts, shelf)
            self._replaced[component].append(base)


def _bank(
    base: nn.Module, stretches: Sequence[Stretch], shelf: Shelf
) -> Callable[[Tensor], Tensor]:
    """What takes the place of the layer's `forward`."""
    small = len(stretches) > 1 and stretches[0].weight.nbytes <= SMALL
    if isinstance(base, nn.Conv2d) and small and pointwise(base):
        return PointBatch(base, _beside(stretches, shelf, 1))
    if isinstance(base, nn.Conv2d):
        return ConvBatch(base, _beside(stretches, shelf)) if small else ConvBank(base, stretches)
    if isinstance(base, nn.Linear):
        return (
            LinearBatch(base, _beside(stretches, shelf)) if small else LinearBank(base, stretches)
        )
    raise TypeError(f"a {type(base).__name__} wears no adapter; the store lets only layers through")


def _beside(stretches: Sequence[Stretch], shelf: Shelf, rows: int = 0) -> Tensor:
    """A weight for every `rows` rows, else for as many as all can have; a longer stretch has its own more than once."""
    rows = rows or gcd(*(each.stop - each.start for each in stretches))
    return shelf.holding(
        [(each.name, each.weight) for each in stretches for _ in range(each.start, each.stop, rows)]
    )
