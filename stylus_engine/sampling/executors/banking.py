"""C: merged weights a run. One forward; each touched layer multiplies each run of equal rows by its own weight.

No factor is multiplied at all, and everything else (attention, norms, untouched
layers) sees the whole batch.  The price is a copy of the touched weights for each
recipe, and that each copy is read once a step.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.sampling.executors.banks import ROOM, Bank
from stylus_engine.sampling.executors.seam import ONCE, Outlook, alike, runs
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.stack import Key, Row, key


class LinearBank:
    """Takes the place of a linear layer's `forward`. `parts`: how many rows, and their weight."""

    def __init__(self, base: nn.Linear, parts: Sequence[tuple[int, Tensor]]) -> None:
        self._bias = base.bias
        self._sizes = [size for size, _ in parts]
        self._weights = [weight for _, weight in parts]
        self._rows = sum(self._sizes)

    def __call__(self, x: Tensor) -> Tensor:
        y = x.new_empty(*x.shape[:-1], self._weights[0].shape[0])
        flat, out = x.reshape(self._rows, -1, x.shape[-1]), y.view(self._rows, -1, y.shape[-1])
        pieces = zip(flat.split(self._sizes), out.split(self._sizes), self._weights, strict=True)
        for piece, into, weight in pieces:
            if self._bias is None:
                torch.mm(piece.flatten(0, 1), weight.t(), out=into.flatten(0, 1))
            else:
                torch.addmm(self._bias, piece.flatten(0, 1), weight.t(), out=into.flatten(0, 1))
        return y


class ConvBank:
    """Takes the place of a conv layer's `forward`."""

    def __init__(self, base: nn.Conv2d, parts: Sequence[tuple[int, Tensor]]) -> None:
        self._base = base
        self._sizes = [size for size, _ in parts]
        self._weights = [weight for _, weight in parts]

    def __call__(self, x: Tensor) -> Tensor:
        base = self._base
        slide = (base.stride, base.padding, base.dilation, base.groups)
        pieces = zip(x.split(self._sizes), self._weights, strict=True)
        return torch.cat([F.conv2d(piece, weight, base.bias, *slide) for piece, weight in pieces])


class Banking:
    """All rows in one forward, equal rows beside each other, weights merged a recipe."""

    def __init__(self, modules: Mapping[Component, nn.Module], room: int = ROOM) -> None:
        self._modules = dict(modules)
        self._banks = {name: Bank(module, name, room) for name, module in modules.items()}
        self._replaced: dict[Component, list[Any]] = {name: [] for name in modules}
        self._worn: dict[Component, list[Key]] = {}

    @property
    def merges(self) -> int:
        """How often weights were made."""
        return sum(bank.merges for bank in self._banks.values())

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group, sorted so that equal rows are neighbours."""
        del component, outlook
        return [[index for group in alike(rows) for index in group]]

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Let each touched layer use its runs' weights."""
        keys = [key(row) for row in rows]
        if keys != self._worn.get(component):
            self._restore(component)
            self._replace(component, rows)
            self._worn[component] = keys
        yield

    def restore(self) -> None:
        """Give the layers their own forwards back; what was merged is kept."""
        for component in self._modules:
            self._restore(component)

    def close(self) -> None:
        """Give the layers their own forwards back and let go of the merged weights."""
        self.restore()
        for bank in self._banks.values():
            bank.clear()

    def _restore(self, component: Component) -> None:
        self._worn.pop(component, None)
        while self._replaced[component]:
            del self._replaced[component].pop().forward

    def _replace(self, component: Component, rows: Sequence[Row]) -> None:
        stretches = [
            (run.stop - run.start, self._banks[component].get(run.row)) for run in runs(rows)
        ]
        for path in {path for _, merged in stretches for path in merged}:
            base: Any = self._modules[component].get_submodule(path)
            parts = [(size, merged.get(path, base.weight)) for size, merged in stretches]
            base.forward = (ConvBank if isinstance(base, nn.Conv2d) else LinearBank)(base, parts)
            self._replaced[component].append(base)
