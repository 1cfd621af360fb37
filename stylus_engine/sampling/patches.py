"""What a stack adds to one layer: the factors of all its adapters, and the weight of each in every row."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.sampling.factors import Layer

Columns: TypeAlias = tuple[int, ...]  # for each rank of a layer, the adapter it belongs to


def within(numbers: Tensor, dtype: torch.dtype) -> Tensor:
    """In `dtype`, what is too large for it as its largest number: an infinity times the weight 0 of another row is no number."""
    if dtype != torch.float16:
        return numbers.to(dtype)
    most = torch.finfo(dtype).max
    return numbers.clamp(-most, most).to(dtype)


def _weighed(u: Tensor, w: Tensor) -> None:
    """`u` · `w` in place; 0 where the weight is 0, also where half precision overflowed in `u`."""
    u.mul_(w)
    if u.dtype == torch.float16:
        u.masked_fill_(w == 0, 0.0)


class On(Protocol):
    """Something that a layer wears."""

    def remove(self) -> None:
        """The layer is as it was."""
        ...


class Patch(Protocol):
    """What a crowd adds to one layer. `columns`: for each rank the adapter that it belongs to."""

    @property
    def columns(self) -> Columns: ...

    def weigh(self, w: Tensor) -> None:
        """Take the rows' weights, expanded to this layer's ranks: shape (B, R)."""
        ...

    def put_on(self, base: nn.Module) -> On:
        """Make the layer wear it."""
        ...


class LinearPatch:
    """The hook of one linear layer. `down` (R, in), `up` (R, out), `w` (B, 1, R) fp32."""

    __slots__ = ("columns", "down", "up", "w")

    def __init__(
        self, base: nn.Linear, layers: Sequence[Layer], columns: Columns, device: torch.device
    ) -> None:
        down = torch.cat([layer.down.flatten(1) for layer in layers])
        up = torch.cat([layer.up for layer in layers], dim=1).t()
        self.down = within(down, base.weight.dtype).to(device).contiguous()
        self.up = within(up, base.weight.dtype).to(device).contiguous()
        self.columns = columns
        self.w = torch.empty(0)

    def weigh(self, w: Tensor) -> None:
        """Take the rows' weights, expanded to this layer's ranks: shape (B, R)."""
        self.w = w.unsqueeze(1)

    def put_on(self, base: nn.Module) -> On:
        """As a forward hook."""
        return base.register_forward_hook(self)

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Add the update to `output` in place. Input (B, ..., in), output (B, ..., out)."""
        u = F.linear(inputs[0], self.down).view(self.w.shape[0], -1, self.w.shape[2])
        _weighed(u, self.w)
        output.view(-1, output.shape[-1]).addmm_(u.view(-1, u.shape[2]), self.up)


class ConvPatch:
    """The hook of one conv layer. `down` (R, in, kh, kw), `up` (out, R), `w` (B, R, 1, 1) fp32.

    `down` slides as the base layer slides; `up` is a 1x1 conv.
    """

    __slots__ = ("columns", "dilation", "down", "padding", "stride", "up", "w")

    def __init__(
        self, base: nn.Conv2d, layers: Sequence[Layer], columns: Columns, device: torch.device
    ) -> None:
        kernel = base.weight.shape[1:]
        down = torch.cat([layer.down.reshape(-1, *kernel) for layer in layers])
        up = torch.cat([layer.up for layer in layers], dim=1)
        self.down = within(down, base.weight.dtype).to(device).contiguous()
        self.up = within(up, base.weight.dtype).to(device).contiguous()
        self.stride, self.padding, self.dilation = base.stride, base.padding, base.dilation
        self.columns = columns
        self.w = torch.empty(0)

    def weigh(self, w: Tensor) -> None:
        """Take the rows' weights, expanded to this layer's ranks: shape (B, R)."""
        self.w = w[:, :, None, None]

    def put_on(self, base: nn.Module) -> On:
        """As a forward hook."""
        return base.register_forward_hook(self)

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Add the update to `output` in place. Input (B, in, H, W), output (B, out, H', W')."""
        u = F.conv2d(inputs[0], self.down, None, self.stride, self.padding, self.dilation)
        _weighed(u, self.w)
        if output.is_contiguous():
            up = self.up.expand(output.shape[0], -1, -1)
            output.view(*output.shape[:2], -1).baddbmm_(up, u.flatten(2))
        else:  # channels last: a flat view does not exist
            output.add_(F.conv2d(u, self.up[:, :, None, None]))
