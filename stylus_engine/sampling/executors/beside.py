"""Small layers of which every few rows have a weight of their own: one batched product over weights that lie beside each other.

In a small layer a call costs more than copying its weight, and many small products more than one large one.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.sampling.stack import Key

SMALL = 2**20  # bytes of a layer's weight
Named: TypeAlias = tuple[Key, Tensor]  # a weight, and what it was merged of; nothing: the base's


class LinearBatch:
    """A linear layer over `weights` (n, out, in), each for as many rows; takes the place of its `forward`."""

    def __init__(self, base: nn.Linear, weights: Tensor) -> None:
        self._bias: Tensor | None = base.bias
        self._weights = weights.transpose(1, 2)

    def __call__(self, x: Tensor) -> Tensor:
        read = x.reshape(self._weights.shape[0], -1, x.shape[-1])
        if self._bias is None:
            y = torch.bmm(read, self._weights)
        else:
            y = torch.baddbmm(self._bias, read, self._weights)
        return y.view(*x.shape[:-1], -1)


class ConvBatch:
    """A conv layer over `weights` (n, out, in, kh, kw), each for as many rows: n groups of one convolution."""

    def __init__(self, base: nn.Conv2d, weights: Tensor) -> None:
        of = weights.shape[0]
        self._bias = None if base.bias is None else base.bias.repeat(of)
        # torch's conv2d has two signatures, a layer's padding fits neither
        self._slide: Any = (base.stride, base.padding, base.dilation, of * base.groups)
        self._of = of
        self._weights = weights.flatten(0, 1)

    def __call__(self, x: Tensor) -> Tensor:
        beside = x.reshape(self._of, -1, *x.shape[1:]).transpose(0, 1).flatten(1, 2)
        y = F.conv2d(beside, self._weights, self._bias, *self._slide)
        apart = y.view(y.shape[0], self._of, -1, *y.shape[2:]).transpose(0, 1)
        return apart.reshape(x.shape[0], -1, *y.shape[2:])


class PointBatch:
    """A conv layer that is a product in every place, over `weights` (B, out, in, 1, 1), one for each row."""

    def __init__(self, base: nn.Conv2d, weights: Tensor) -> None:
        self._bias = None if base.bias is None else base.bias[:, None]
        self._weights = weights.flatten(2)

    def __call__(self, x: Tensor) -> Tensor:
        read = x.flatten(2)
        if self._bias is None:
            y = torch.bmm(self._weights, read)
        else:
            y = torch.baddbmm(self._bias, self._weights, read)
        return y.view(*y.shape[:2], *x.shape[2:])


class Shelf:
    """Weights of one layer beside each other, (n, ...). Who is in its place already is not copied again."""

    def __init__(self) -> None:
        self._names: list[Key | None] = []
        self._weights = torch.empty(0)

    def holding(self, wanted: Sequence[Named]) -> Tensor:
        """These weights, in this order."""
        if len(wanted) > len(self._names):
            self._weights = torch.stack([weight for _, weight in wanted])
            self._names = [name for name, _ in wanted]
        for at, (name, weight) in enumerate(wanted):
            if self._names[at] != name:
                self._names[at] = None  # until all of it is true
                self._weights[at].copy_(weight)
                self._names[at] = name
        return self._weights[: len(wanted)]


def arranged(before: Sequence[Key], now: Sequence[Key]) -> list[Key]:
    """`now`, in an order in which as many as can be are where they were `before`."""
    stays = [name if name in now else None for name in before[: len(now)]]
    places = [*stays, *[None] * (len(now) - len(stays))]
    newcomers = iter([name for name in now if name not in places])
    return [next(newcomers) if name is None else name for name in places]
