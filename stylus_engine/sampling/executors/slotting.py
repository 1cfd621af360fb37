"""B2: factors a row. Each run of equal rows multiplies its own active ranks only.

The dense stack pays in every row for the union of all adapters in the batch; here a
row pays for its own.  The price is a product more for every further run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.dressing import Dressing
from stylus_engine.sampling.executors.seam import Run, Touching, runs, touched
from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Key, Row, key

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle


class Pair(NamedTuple):
    """The factors of one recipe in one layer: `down` (R, in, ...), `up` (out, R), the weights in it."""

    down: Tensor
    up: Tensor


Gathered: TypeAlias = Mapping[str, Pair]  # by the path of the layer


@dataclass(frozen=True, slots=True)
class Recipe:
    """Names what one row wears in one component."""

    component: Component
    worn: Key


class LinearRuns:
    """The hook of one linear layer: each run adds its own factors into its rows of the output."""

    def __init__(self, of: int, parts: Sequence[tuple[Run, Pair]]) -> None:
        self._of = of
        self._parts = parts

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x = inputs[0].view(self._of, -1, inputs[0].shape[-1])
        y = output.view(self._of, -1, output.shape[-1])
        for (start, stop, _row), (down, up) in self._parts:
            u = F.linear(x[start:stop].flatten(0, 1), down)
            y[start:stop].flatten(0, 1).addmm_(u, up.t())


class ConvRuns:
    """The hook of one conv layer; `down` slides as the base layer slides."""

    def __init__(self, base: nn.Conv2d, parts: Sequence[tuple[Run, Pair]]) -> None:
        # torch's conv2d has two signatures, a layer's padding fits neither
        self._slide: Any = (base.stride, base.padding, base.dilation)
        self._parts = parts

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        for (start, stop, _row), (down, up) in self._parts:
            u = F.conv2d(inputs[0][start:stop], down, None, *self._slide)
            output[start:stop].add_(F.conv2d(u, up[:, :, None, None]))


class Slotting(Dressing):
    """All rows in one forward, each run with the factors of its own recipe."""

    choice = Choice("slots", "asked")

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        rack: Rack | None = None,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(modules)
        self._rack = rack or Rack()
        self._device = device
        self._held: dict[Component, list[Recipe]] = {name: [] for name in modules}
        self._hooks: dict[Component, list[RemovableHandle]] = {name: [] for name in modules}

    def restore(self) -> None:
        """Nothing to do: hooks read the base weights and never write them."""

    def close(self) -> None:
        """Take all hooks off."""
        for component in self._modules:
            self.rest(component)

    def _take_off(self, component: Component) -> None:
        for hook in self._hooks[component]:
            hook.remove()
        self._hooks[component].clear()
        while self._held[component]:
            self._rack.release(self._held[component].pop())

    def _put_on(self, component: Component, rows: Sequence[Row]) -> None:
        parts: dict[str, list[tuple[Run, Pair]]] = {}
        for run in runs(rows):
            for path, pair in self._factors(component, run.row).items():
                parts.setdefault(path, []).append((run, pair))
        for path, each in parts.items():
            base = self._modules[component].get_submodule(path)
            conv = isinstance(base, nn.Conv2d)
            hook = ConvRuns(base, each) if conv else LinearRuns(len(rows), each)
            self._hooks[component].append(base.register_forward_hook(hook))

    def _factors(self, component: Component, row: Row) -> Gathered:
        name = Recipe(component, key(row))
        touching = touched(component, row)
        layers = [layer for parts in touching.values() for layer, _ in parts]
        numbers = sum(layer.down.numel() + layer.up.numel() for layer in layers)
        size = numbers * next(self._modules[component].parameters()).dtype.itemsize
        made = self._rack.hold(name, size, partial(self._gather, component, touching))
        self._held[component].append(name)
        return made

    def _gather(self, component: Component, touching: Touching) -> Gathered:
        module = self._modules[component]
        return {
            path: _pair(module.get_submodule(path).get_parameter("weight"), parts, self._device)
            for path, parts in touching.items()
        }


def _pair(base: Tensor, parts: Sequence[tuple[Layer, float]], device: torch.device | None) -> Pair:
    down = torch.cat([layer.down.reshape(-1, *base.shape[1:]) for layer, _ in parts])
    up = torch.cat([layer.up * weight for layer, weight in parts], dim=1)
    device = device or base.device
    return Pair(down.to(device, base.dtype).contiguous(), up.to(device, base.dtype).contiguous())
