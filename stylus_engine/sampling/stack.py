"""The per-row stack: one forward draws images with different adapters and weights.

For each target layer the factors of the adapters in use are concatenated; row b
multiplies its rank activations by its own weight vector:

    y[b] = base(x)[b] + ((x[b] · downᵀ) ⊙ w[b]) · upᵀ

Another mask is another w.  Forward hooks add the second term into the base
layer's own output, so the module tree is never touched and a bare batch has no
hooks at all.  Source: the shrink/expand pair of S-LoRA and Punica, with the rank
axis shared by all adapters and a weight per (row, adapter) in the middle.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.patches import Columns, ConvPatch, LinearPatch, On, Patch
from stylus_engine.sampling.rack import Rack

Worn: TypeAlias = tuple[Factors, float]
Row: TypeAlias = tuple[Worn, ...]  # what one row of a batch wears
Key: TypeAlias = tuple[tuple[str, float], ...]  # the same, by the ids of the factors
SPARE = 64 * 2**20  # bytes of gathered factors that are multiplied whatever is lit


@dataclass(frozen=True, slots=True)
class Crowd:
    """Names adapters that were gathered together, by their ids in the order of `Patch.columns`.

    `part`: for which layers of the component, and how; "" for all, as hooks.
    """

    component: Component
    adapters: tuple[str, ...]
    part: str = ""


@dataclass(slots=True, eq=False)
class Gathered:
    """The adapters of a crowd, concatenated; `table` are the weights that its patches have now."""

    crowd: Crowd
    patches: Mapping[str, Patch]
    table: list[list[float]] = field(default_factory=list[list[float]])


class Stack:
    """The stack of one component.

    `gathers` counts concatenations of factors, `weight_updates` new weight vectors;
    a change of mask within the gathered adapters is one of the latter and none of
    the former.  What was gathered lies on `rack`; what is worn is held there.  Factors lie
    on `device`, also while the weights wait elsewhere; None: where the weights are.
    Layers of `others` are left to somebody else.
    """

    def __init__(
        self,
        module: nn.Module,
        component: Component,
        rack: Rack | None = None,
        device: torch.device | None = None,
        others: Collection[str] = (),
    ) -> None:
        self.gathers = 0
        self.weight_updates = 0
        self._module = module
        self._component: Component = component
        self._rack = rack or Rack()
        self._device = device
        self._others = frozenset(others)
        self._part = "beside" if others else ""
        self._held: Gathered | None = None
        self._on: list[On] = []
        self._worn: list[Key] | None = None

    def wear(self, rows: Sequence[Row]) -> None:
        """Make row b of every following forward wear `rows[b]`. Gathers only when it must."""
        keys = [key(row) for row in rows]
        if keys == self._worn:  # most steps
            return
        self._worn = None  # until all of it is true: the memory may run out on the way
        wanted = self._wanted(rows)
        if not wanted:
            self.remove()
        else:
            self._weigh(self._prepare(wanted), rows)
        self._worn = keys

    def remove(self) -> None:
        """Take the hooks off. What was gathered stays on the rack: the next mask may need it."""
        for each in self._on:
            each.remove()
        self._on.clear()
        self._worn = None
        if self._held is not None:
            crowd, self._held = self._held.crowd, None
            self._rack.release(crowd)

    def forget(self) -> None:
        """Take the hooks off and let go of all that nobody wears."""
        self.remove()
        self._rack.clear()

    @property
    def _patches(self) -> Mapping[str, Patch]:
        return self._held.patches if self._held else {}

    def _wanted(self, rows: Sequence[Row]) -> dict[str, Factors]:
        return {factors.id: factors for row in rows for factors, _ in row if self._touches(factors)}

    def _prepare(self, wanted: Mapping[str, Factors]) -> Gathered:
        size = self._size(wanted)
        if self._held is None or not self._serves(self._held.crowd, wanted, size):
            self.remove()
            crowd = self._found(wanted, size)
            self._held = self._rack.hold(crowd, size, partial(self._gather, crowd, wanted))
            self._install(self._held)
        return self._held

    def _touches(self, factors: Factors) -> bool:
        return any(True for _ in self._layers(factors))

    def _found(self, wanted: Mapping[str, Factors], size: int) -> Crowd:
        """The smallest crowd on the rack that serves, else the one that is to be gathered."""
        crowds = [name for name in self._rack if isinstance(name, Crowd)]
        serving = [crowd for crowd in crowds if self._serves(crowd, wanted, size)]
        # Sorted, so that a sum does not depend on who came first.
        fresh = Crowd(self._component, tuple(sorted(wanted)), self._part)
        return min(serving, key=self._rack.size, default=fresh)

    def _serves(self, crowd: Crowd, wanted: Mapping[str, Factors], size: int) -> bool:
        """Whether the crowd has all that is wanted, and few enough besides.

        An unlit adapter costs arithmetic and no correctness (its weight is 0), so a
        mask that lights one of ten must not cost a gather.  Beyond `SPARE` bytes the
        crowd may be at most twice what is wanted.
        """
        mine = (crowd.component, crowd.part) == (self._component, self._part)
        if not mine or not wanted.keys() <= set(crowd.adapters):
            return False
        return self._rack.size(crowd) <= max(SPARE, 2 * size)

    def _size(self, wanted: Mapping[str, Factors]) -> int:
        """The bytes that they take once they are gathered."""
        layers = [layer for each in wanted.values() for _, layer in self._layers(each)]
        numbers = sum(layer.down.numel() + layer.up.numel() for layer in layers)
        return numbers * next(self._module.parameters()).dtype.itemsize

    def _layers(self, factors: Factors) -> Iterator[tuple[str, Layer]]:
        for (component, path), layer in factors.layers.items():
            if component == self._component and self._mine(path):
                yield path, layer

    def _mine(self, path: str) -> bool:
        return path not in self._others

    def _gather(self, crowd: Crowd, wanted: Mapping[str, Factors]) -> Gathered:
        adapters = [wanted[name] for name in crowd.adapters]
        touching = self._touching(adapters)
        patches = {path: self._patch(path, touching[path], adapters) for path in touching}
        self.gathers += 1
        return Gathered(crowd, patches)

    def _touching(self, adapters: Sequence[Factors]) -> Mapping[str, Sequence[int]]:
        """By path, the places of those that change the layer."""
        touching: dict[str, list[int]] = {}
        for index, factors in enumerate(adapters):
            for path, _ in self._layers(factors):
                touching.setdefault(path, []).append(index)
        return touching

    def _owned(
        self, path: str, owners: Sequence[int], adapters: Sequence[Factors]
    ) -> tuple[list[Layer], Columns]:
        layers = [adapters[owner].layers[self._component, path] for owner in owners]
        ranks = zip(owners, layers, strict=True)
        return layers, tuple(owner for owner, layer in ranks for _ in range(layer.rank))

    def _patch(self, path: str, owners: Sequence[int], adapters: Sequence[Factors]) -> Patch:
        layers, columns = self._owned(path, owners, adapters)
        base = self._module.get_submodule(path)
        if isinstance(base, nn.Conv2d):
            return ConvPatch(base, layers, columns, self._home(base))
        if isinstance(base, nn.Linear):
            return LinearPatch(base, layers, columns, self._home(base))
        raise TypeError(f"{path} is a {type(base).__name__}; the store lets only layers through")

    def _install(self, gathered: Gathered) -> None:
        for path, patch in gathered.patches.items():
            self._on.append(patch.put_on(self._module.get_submodule(path)))

    def _weigh(self, gathered: Gathered, rows: Sequence[Row]) -> None:
        """Give every layer its w; layers with the same ranks share one expansion."""
        table = [_weights(row, gathered.crowd.adapters) for row in rows]
        if table == gathered.table:
            return
        gathered.table = []
        expanded: dict[Columns, Tensor] = {}
        for path, patch in gathered.patches.items():
            if patch.columns not in expanded:
                expanded[patch.columns] = self._expand(table, patch.columns, path)
            patch.weigh(expanded[patch.columns])
        gathered.table = table
        self.weight_updates += 1

    def _expand(self, table: list[list[float]], columns: Columns, path: str) -> Tensor:
        weights = torch.tensor(table, dtype=torch.float32)
        home = self._home(self._module.get_submodule(path))
        return weights[:, list(columns)].contiguous().to(home)

    def _home(self, layer: nn.Module) -> torch.device:
        return self._device or next(layer.parameters()).device


def key(row: Row) -> Key:
    """What two rows that wear the same have in common; factors themselves do not compare."""
    return tuple((factors.id, weight) for factors, weight in row)


def _weights(row: Row, adapters: Sequence[str]) -> list[float]:
    """The weight of every gathered adapter in one row; two cards with one file add up."""
    weights = dict.fromkeys(adapters, 0.0)
    for factors, weight in row:
        if factors.id in weights:
            weights[factors.id] += weight
    return list(weights.values())
