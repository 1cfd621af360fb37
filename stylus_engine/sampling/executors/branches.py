"""The stack without hooks: every linear layer of compiled blocks has a branch, worn or not.

A compiled block depends on the shapes of what is in it.  So all layers of a crowd get factors of
one rank, filled up with zeros to a power of two, whether an adapter touches them or not: another
mask, other adapters, other layers are other numbers of the same shapes, and nothing is compiled anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.patches import Columns, On, within
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Crowd, Gathered, Stack

LEAST = 16  # the first step of rank


def step(rank: int) -> int:
    """The power of two that factors of `rank` are filled up to."""
    return max(LEAST, 1 << (rank - 1).bit_length())


class Branch:
    """What a branch multiplies with. `down` (R, in), `up` (R, out), `w` (B, 1, R) fp32; R is a step of rank."""

    def __init__(
        self, base: nn.Linear, layers: Sequence[Layer], columns: Columns, rank: int
    ) -> None:
        like = base.weight
        self.down = like.new_zeros(rank, like.shape[1])
        self.up = like.new_zeros(rank, like.shape[0])
        if layers:
            self.down[: len(columns)] = within(
                torch.cat([each.down for each in layers]), like.dtype
            )
            self.up[: len(columns)] = within(
                torch.cat([each.up for each in layers], 1).t(), like.dtype
            )
        self.columns = columns
        self.w = torch.empty(0)

    def weigh(self, w: Tensor) -> None:
        """Take the rows' weights; each branch has its own: torch compiles anew when layers share a tensor or no longer do."""
        self.w = w.new_zeros(w.shape[0], 1, self.down.shape[0])
        self.w[:, 0, : w.shape[1]] = w

    def put_on(self, base: nn.Module) -> On:
        """As a branch of the layer."""
        layer = cast("Branched", base)
        layer.branch = self
        layer.__class__ = Branched
        return Put(layer)

    def added(self, x: Tensor, y: Tensor) -> Tensor:
        """`y` (B, ..., out) and the update for `x` (B, ..., in)."""
        rank = self.down.shape[0]
        u = F.linear(x, self.down).view(self.w.shape[0], -1, rank)
        u = (u * self.w).to(u.dtype)
        if u.dtype == torch.float16:  # what overflowed there is 0 where the weight is
            u = u.masked_fill(self.w == 0, 0.0)
        return torch.addmm(y.reshape(-1, y.shape[-1]), u.reshape(-1, rank), self.up).view(y.shape)


class Branched(nn.Linear):
    """What a linear layer is while it has a branch: by its class, which a compiled block heeds."""

    branch: Branch

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as torch names it
        """The layer's own output, and its branch's."""
        return self.branch.added(input, F.linear(input, self.weight, self.bias))


class Put(NamedTuple):
    """A layer that has a branch."""

    layer: Branched

    def remove(self) -> None:
        """The layer is a plain one again."""
        cast("nn.Linear", self.layer).__class__ = nn.Linear
        del self.layer.branch


class Branches(Stack):
    """The stack of `bases`, linear layers by path. Rows that wear nothing there have no branches: that is rank 0."""

    def __init__(
        self, module: nn.Module, component: Component, rack: Rack, bases: Mapping[str, nn.Linear]
    ) -> None:
        super().__init__(module, component, rack)
        self._bases = bases
        self._part = "branches"

    def _mine(self, path: str) -> bool:
        return path in self._bases

    def _size(self, wanted: Mapping[str, Factors]) -> int:
        weights = [base.weight for base in self._bases.values()]
        return self._rank(wanted) * sum(sum(each.shape) * each.itemsize for each in weights)

    def _rank(self, wanted: Mapping[str, Factors]) -> int:
        """The step that the layer needs which most is put on."""
        ranks = Counter[str]()
        for factors in wanted.values():
            ranks.update({path: layer.rank for path, layer in self._layers(factors)})
        return step(max(ranks.values()))

    def _gather(self, crowd: Crowd, wanted: Mapping[str, Factors]) -> Gathered:
        adapters = [wanted[name] for name in crowd.adapters]
        rank, touching = self._rank(wanted), self._touching(adapters)
        self.gathers += 1
        branches = {
            path: Branch(base, *self._owned(path, touching.get(path, ()), adapters), rank)
            for path, base in self._bases.items()
        }
        return Gathered(crowd, branches)
