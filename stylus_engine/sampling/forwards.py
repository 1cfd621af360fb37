"""Rows through the denoiser: as many together as memory has room for, and what fitted is remembered."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from torch import Tensor

from stylus_engine.errors import MemoryRanOut, StylusError
from stylus_engine.planning.turns import halves
from stylus_engine.sampling.slots import Line, alike

Told: TypeAlias = list[Tensor] | StylusError


class Device(Protocol):
    """Where forwards happen."""

    def predict(self, lines: Sequence[Line]) -> list[Tensor]:
        """The prediction of each of `lines`. Raises any `StylusError`."""
        ...

    def relieve(self) -> None:
        """Let go of what can be made again."""
        ...


class Forwards:
    """Runs the rows of a turn.

    `most_area`: the latents that one forward may hold, over all its rows; 0 = as many
    as come.  It is halved whenever the memory runs out and never grows again while the
    checkpoint stays: a batch that has to be drawn twice costs more than a smaller one.
    """

    def __init__(self, device: Device, most_area: int = 0) -> None:
        self.most_area = most_area
        self._device = device

    def run(self, lines: Sequence[Line]) -> Iterator[tuple[Sequence[Line], Told]]:
        """Each part of `lines` with one prediction a row, or with what went wrong."""
        for group in alike(lines):
            most = self.most_area // group[0].area if self.most_area else len(group)
            for part in halves(len(group), most):
                yield from self._part(group[part])

    def _part(self, lines: Sequence[Line]) -> Iterator[tuple[Sequence[Line], Told]]:
        try:
            told: Told = self._device.predict(lines)
        except MemoryRanOut:
            yield from self._smaller(lines)
            return
        except StylusError as error:
            told = error
        yield lines, told

    def _smaller(self, lines: Sequence[Line]) -> Iterator[tuple[Sequence[Line], Told]]:
        self._device.relieve()
        if len(lines) == 1:
            yield lines, self._once_more(lines)
            return
        half = -(-len(lines) // 2)
        self.most_area = half * lines[0].area
        for part in halves(len(lines), half):
            yield from self._part(lines[part])

    def _once_more(self, lines: Sequence[Line]) -> Told:
        """A row alone gets a second chance, in memory that was just swept."""
        try:
            return self._device.predict(lines)
        except StylusError as error:
            return error
