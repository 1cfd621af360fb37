"""Merged weights, kept: for each recipe a copy of the weights that it touches, made from pristine ones.

Nothing is ever written into a base weight.  A merged weight lies in memory of its
own and takes the base's place for a while; giving back is putting the same old
tensor there again, so no bit of it can have changed.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from stylus_engine.sampling.executors.seam import layers_of, touched
from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.stack import Key, Row, key

Merged: TypeAlias = Mapping[str, Tensor]  # by the path of the layer
ROOM = 4 * 2**30  # bytes


class Bank:
    """The merged weights of the recipes last used, at most `room` bytes of them. `merges` counts.

    `get` may only be called while the base weights are in their places.
    """

    def __init__(self, module: nn.Module, component: Component, room: int = ROOM) -> None:
        self.merges = 0
        self._layers = layers_of(module)
        self._component: Component = component
        self.room = room
        self._kept: OrderedDict[Key, Merged] = OrderedDict()

    def get(self, row: Row) -> Merged:
        """W0 + Σ weight · up · down of each touched layer, summed in fp32 and rounded once."""
        name = key(row)
        if name not in self._kept:
            touching = touched(self._component, row)
            made = {path: self._merge(path, parts) for path, parts in touching.items()}
            self._make_room(made)
            self._kept[name] = made
            self.merges += 1
        self._kept.move_to_end(name)
        return self._kept[name]

    def holds(self, row: Row) -> bool:
        """Whether the weights of `row` lie here."""
        return key(row) in self._kept

    def clear(self) -> None:
        """Let go of all of it."""
        self._kept.clear()

    def _merge(self, path: str, parts: Sequence[tuple[Layer, float]]) -> Tensor:
        weight = self._layers[path].get_parameter("weight").detach()
        down = torch.cat([layer.down.flatten(1) for layer, _ in parts])
        up = torch.cat([layer.up * share for layer, share in parts], dim=1)
        base = weight.float().flatten(1)
        total = torch.addmm(base, up.to(base), down.to(base)).reshape(weight.shape)
        if weight.is_contiguous():
            return total.to(weight.dtype)
        return torch.empty_like(weight).copy_(total)  # in the memory format of the base

    def _make_room(self, made: Merged) -> None:
        room = self.room - _bytes(made)
        while self._kept and sum(map(_bytes, self._kept.values())) > room:
            self._kept.popitem(last=False)


class Wardrobe:
    """Lets a module wear the merged weights of one recipe at a time."""

    def __init__(self, module: nn.Module, bank: Bank) -> None:
        self.bank = bank
        self._module = module
        self._borrowed: list[tuple[nn.Parameter, Tensor]] = []
        self._worn: Key | None = ()

    def wear(self, row: Row) -> None:
        """Put the weights of `row` in the place of the base's, unless they are there."""
        if self._worn == key(row):
            return
        self.restore()
        if row:
            weights = self.bank.get(row)
            self._worn = None  # until all of it is true
            for path, weight in weights.items():
                self._put(path, weight)
            self._worn = key(row)

    def restore(self) -> None:
        """Put the base's own tensors back where they were."""
        while self._borrowed:
            parameter, pristine = self._borrowed[-1]
            parameter.data = pristine
            self._borrowed.pop()
        self._worn = ()

    def close(self) -> None:
        """Give the places back, and let go of what was merged."""
        self.restore()
        self.bank.clear()

    def _put(self, path: str, weight: Tensor) -> None:
        parameter = self._module.get_submodule(path).get_parameter("weight")
        self._borrowed.append((parameter, parameter.data))
        parameter.data = weight


def wardrobes(
    modules: Mapping[Component, nn.Module], banks: Mapping[Component, Bank] | None = None
) -> dict[Component, Wardrobe]:
    """One for each module, over these banks or over its own."""
    own = banks or {name: Bank(module, name) for name, module in modules.items()}
    return {name: Wardrobe(module, own[name]) for name, module in modules.items()}


def _bytes(merged: Merged) -> int:
    return sum(weight.nbytes for weight in merged.values())
