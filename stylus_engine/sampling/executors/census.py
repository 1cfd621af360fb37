"""How large a model's layers are at work: watched in a forward that is made anyway, and what adapters ask of them."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from torch import Tensor, nn

from stylus_engine.planning.executors import Batch, Load, Run
from stylus_engine.sampling.executors.banks import Bank
from stylus_engine.sampling.executors.beside import SMALL
from stylus_engine.sampling.executors.core import split
from stylus_engine.sampling.executors.seam import Outlook, alike
from stylus_engine.sampling.factors import Component, Factors
from stylus_engine.sampling.stack import Row

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True, slots=True)
class Size:
    """One layer: numbers into each output position, numbers out of it, positions a row, bytes of weights.

    `slides`: a convolution of more than one place.
    """

    inner: int
    outer: int
    places: float
    nbytes: int
    slides: bool = False

    @property
    def number(self) -> float:
        """Bytes of one number."""
        return self.nbytes / (self.inner * self.outer)


class Asked(NamedTuple):
    """What one adapter asks: the layers it touches, and the work, the making and the factors of a `Load`."""

    touched: frozenset[str]
    work: float
    making: float
    factors: float


@dataclass(slots=True)
class Census:
    """The layers of one component at one size of picture."""

    sizes: dict[str, Size] = field(default_factory=dict[str, Size])
    _known: dict[str, Asked] = field(default_factory=dict[str, Asked])
    _touched: dict[frozenset[frozenset[str]], Load] = field(
        default_factory=dict[frozenset[frozenset[str]], Load]
    )

    @contextmanager
    def watching(self, module: nn.Module, rows: int) -> Generator[None, None, None]:
        """Within, a forward of `rows` rows tells how large each layer is."""
        handles: list[RemovableHandle] = []
        try:
            modules = cast("Iterable[tuple[str, nn.Module]]", module.named_modules())
            layers = ((p, m) for p, m in modules if isinstance(m, nn.Linear | nn.Conv2d))
            for path, layer in layers:
                handles.append(layer.register_forward_hook(self._watch(path, rows)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _watch(self, path: str, rows: int) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, _: object, output: Tensor) -> None:
            weight = module.get_parameter("weight")
            inner, outer = weight.shape[1:].numel(), weight.shape[0]
            places = output.numel() / outer / rows
            slides = weight.shape[2:].numel() > 1
            self.sizes[path] = Size(inner, outer, places, weight.nbytes, slides)

        return hook

    def bare(self) -> Load:
        """The model itself."""
        sizes = self.sizes.values()
        return Load(
            work=sum(size.places * size.inner * size.outer for size in sizes),
            layers=len(sizes),
            weights=sum(size.nbytes for size in sizes),
            sliding=sum(size.slides for size in sizes),
        )

    def load(self, component: Component, adapters: Sequence[Factors]) -> Load:
        """What these adapters ask together. Work adds up; layers that two touch count once."""
        asked = [self._asked(component, factors) for factors in adapters]
        touched = frozenset(one.touched for one in asked)
        if touched not in self._touched:
            self._touched[touched] = self._touching(frozenset[str]().union(*touched))
        return replace(
            self._touched[touched],
            work=sum(one.work for one in asked),
            making=sum(one.making for one in asked),
            factors=sum(one.factors for one in asked),
        )

    def small(self, component: Component, adapters: Sequence[Factors]) -> Load:
        """What they touch of layers whose runs share a product."""
        touched = frozenset[str]().union(
            *(self._asked(component, each).touched for each in adapters)
        )
        return self._touching(path for path in touched if self.sizes[path].nbytes <= SMALL)

    def _asked(self, component: Component, factors: Factors) -> Asked:
        if factors.id not in self._known:
            found = [
                (path, layer.rank, self.sizes[path])
                for (where, path), layer in factors.layers.items()
                if where == component and path in self.sizes
            ]
            self._known[factors.id] = Asked(
                frozenset(path for path, _, _ in found),
                sum(rank * size.places * (size.inner + size.outer) for _, rank, size in found),
                sum(rank * size.inner * size.outer for _, rank, size in found),
                sum(rank * size.number * (size.inner + size.outer) for _, rank, size in found),
            )
        return self._known[factors.id]

    def _touching(self, paths: Iterable[str]) -> Load:
        sizes = [self.sizes[path] for path in paths]
        moved = sum(size.number * size.places * (size.inner + 2 * size.outer) for size in sizes)
        return Load(
            traffic=moved,
            layers=len(sizes),
            weights=sum(size.nbytes for size in sizes),
            sliding=sum(size.slides for size in sizes),
        )

    def batch(
        self, component: Component, rows: Sequence[Row], outlook: Outlook, bank: Bank
    ) -> Batch:
        """What a planner needs to know of a forward over `rows`."""
        core, rest = split(rows)
        runs = [
            Run(
                len(group),
                self.load(component, union([rows[group[0]]])),
                self.load(component, union([rest[group[0]]])),
                bank.holds(rows[group[0]]),
            )
            for group in alike(rows)
        ]
        return Batch(
            runs=runs,
            union=self.load(component, union(rows)),
            left=self.load(component, union(rest)),
            core=self.load(component, union([core])),
            bare=self.bare(),
            steps=max(1, outlook.steps),
            steady=max(1, outlook.steady),
            room=bank.room,
            core_made=bank.holds(core),
            small=self.small(component, union(rows)),
        )


def union(rows: Iterable[Row]) -> list[Factors]:
    """The adapters that some row wears, once each."""
    return list({factors.id: factors for row in rows for factors, _ in row}.values())
