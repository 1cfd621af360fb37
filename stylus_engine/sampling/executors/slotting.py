"""B2: factors a row. Each row multiplies its own active ranks only, and all rows in one batched product.

The dense stack pays in every row for the union of all adapters in the batch; here a
row pays for its own, filled up with zeros to the rank of its neighbours.  Rows are sorted by rank, so that
little is filled up.  A convolution of n rows is one of n groups.  Not done: a product for each run
of equal rows, which on a CPU costs three times as much in small layers and half as much again in large ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.dressing import Dressing
from stylus_engine.sampling.executors.seam import ONCE, Outlook, Touching, alike, pointwise, touched
from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Key, Row, key

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

FILLED = 2  # times the rank of the narrowest row of a block that the widest may have


class Pair(NamedTuple):
    """The factors of one recipe in one layer: `down` (R, in, ...), `up` (R, out), the weights in it."""

    down: Tensor
    up: Tensor


class Block(NamedTuple):
    """The rows from `start` up to `stop`, and their factors: `down` (n, R, in, ...), `up` (n, R, out)."""

    start: int
    stop: int
    down: Tensor
    up: Tensor


Gathered: TypeAlias = Mapping[str, Pair]  # by the path of the layer


@dataclass(frozen=True, slots=True)
class Recipe:
    """Names what one row wears in one component."""

    component: Component
    worn: Key


class LinearRows:
    """The hook of one linear layer: each row adds its own factors into the output."""

    def __init__(self, rows: int, blocks: Sequence[Block]) -> None:
        self._rows = rows
        self._blocks = blocks

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x = inputs[0].view(self._rows, -1, inputs[0].shape[-1])
        y = output.view(self._rows, -1, output.shape[-1])
        for start, stop, down, up in self._blocks:
            u = torch.bmm(x[start:stop], down.transpose(1, 2))
            y[start:stop].baddbmm_(u, up)


class ConvRows:
    """The hook of one conv layer; `down` slides as the base layer slides."""

    def __init__(self, base: nn.Conv2d, blocks: Sequence[Block]) -> None:
        # torch's conv2d has two signatures, a layer's padding fits neither
        self._slide: Any = (base.stride, base.padding, base.dilation)
        self._pointwise = pointwise(base)
        self._blocks = blocks

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        for start, stop, down, up in self._blocks:
            _add(output[start:stop], up.transpose(1, 2), self._slid(inputs[0][start:stop], down))

    def _slid(self, x: Tensor, down: Tensor) -> Tensor:
        """(n, R, places): n rows are n groups of one convolution."""
        if self._pointwise:
            return torch.bmm(down.flatten(2), x.flatten(2))
        groups = x.reshape(1, -1, *x.shape[2:])
        u = F.conv2d(groups, down.flatten(0, 1), None, *self._slide, groups=x.shape[0])
        return u.view(*down.shape[:2], -1)


def _add(output: Tensor, up: Tensor, u: Tensor) -> None:
    """Up · u into an output (n, out, H, W)."""
    if output.is_contiguous():
        output.view(*output.shape[:2], -1).baddbmm_(up, u)
    else:  # channels last: a flat view does not exist
        output.add_(torch.bmm(up, u).view(output.shape))


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

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group, sorted by rank; equal rows are neighbours."""
        del outlook
        same = sorted(alike(rows), key=lambda group: _rank(component, rows[group[0]]))
        return [[index for group in same for index in group]]

    def _put_on(self, component: Component, rows: Sequence[Row]) -> None:
        pairs = {key(row): self._factors(component, row) for row in rows}
        each = [pairs[key(row)] for row in rows]
        for path in dict.fromkeys(path for gathered in each for path in gathered):
            base = self._layers[component][path]
            found = _blocks([gathered.get(path) for gathered in each])
            conv = isinstance(base, nn.Conv2d)
            hook = ConvRows(base, found) if conv else LinearRows(len(rows), found)
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
        layers = self._layers[component]
        return {
            path: _pair(layers[path].get_parameter("weight"), parts, self._device)
            for path, parts in touching.items()
        }


def _pair(base: Tensor, parts: Sequence[tuple[Layer, float]], device: torch.device | None) -> Pair:
    down = torch.cat([layer.down.reshape(-1, *base.shape[1:]) for layer, _ in parts])
    up = torch.cat([layer.up * weight for layer, weight in parts], dim=1).t()
    device = device or base.device
    return Pair(down.to(device, base.dtype).contiguous(), up.to(device, base.dtype).contiguous())


def _rank(component: Component, row: Row) -> int:
    return sum(layer.rank for parts in touched(component, row).values() for layer, _ in parts)


def _blocks(pairs: Sequence[Pair | None]) -> list[Block]:
    """The factors of each row of a layer; rows that it wears nothing in are in none."""
    ranks = [pair.up.shape[0] if pair else 0 for pair in pairs]
    return [
        Block(
            start,
            stop,
            pad_sequence([pair.down for pair in pairs[start:stop] if pair], batch_first=True),
            pad_sequence([pair.up for pair in pairs[start:stop] if pair], batch_first=True),
        )
        for start, stop in stretches(ranks)
    ]


def stretches(ranks: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbours that go together: from and up to; none is filled up to more than `FILLED` times the least of them."""
    found: list[tuple[int, int]] = []
    for at, rank in enumerate(ranks):
        start = found[-1][0] if found and found[-1][1] == at else at
        together = [*ranks[start:at], rank]
        if rank and max(together) <= FILLED * min(together) and start < at:
            found[-1] = (start, at + 1)
        elif rank:
            found.append((at, at + 1))
    return found
