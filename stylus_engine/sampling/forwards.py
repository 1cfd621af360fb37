"""Rows through the denoiser: as many together as memory has room for, and what fitted is remembered."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from torch import Tensor

from stylus_engine.errors import MemoryRanOut, StylusError
from stylus_engine.planning.turns import halves
from stylus_engine.sampling.slots import Line, alike

Told: TypeAlias = list[Tensor] | StylusError
MANY = 2**20  # rows


class Device(Protocol):
    """Where forwards happen."""

    @property
    def most_area(self) -> int:
        """The latents that a forward may hold by what was measured; 0 = as many as come."""
        ...

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
            rest = group
            while rest:
                part = rest[halves(len(rest), self._most(rest[0].area))[0]]
                predicted = self._predicted(part)
                if predicted is not None:
                    yield part, predicted
                    rest = rest[len(part) :]

    def _most(self, area: int) -> int:
        """How many rows of `area` latents a forward may have; one always."""
        bounds = [most // area for most in (self.most_area, self._device.most_area) if most]
        return min(bounds, default=MANY)

    def _predicted(self, lines: Sequence[Line]) -> Told | None:
        """None: not all of them together; fewer are to be tried."""
        try:
            return self._device.predict(lines)
        except MemoryRanOut:
            self._device.relieve()
            if len(lines) == 1:
                return self._once_more(lines)
            self.most_area = -(-len(lines) // 2) * lines[0].area
            return None
        except StylusError as error:
            return error

    def _once_more(self, lines: Sequence[Line]) -> Told:
        """A row alone gets a second chance, in memory that was just swept."""
        try:
            return self._device.predict(lines)
        except StylusError as error:
            return error
