"""A slot: everything that one picture in the making is, and nothing that two would share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Generator, Tensor

from stylus_engine.model import Shot
from stylus_engine.sampling.schedules import Schedule
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.text import Encoded


@dataclass(slots=True, eq=False)
class Slot:
    """One picture between its first noise and its last step.

    `latents` fp32 (1, C, h, w); `expected` (x0) the picture the model expected at
    the last step; `generator` the shot's own, on the CPU.  A start from a picture
    is other `latents` and a `schedule` that begins later; nothing else changes.
    """

    shot: Shot
    row: Row
    schedule: Schedule
    generator: Generator
    latents: Tensor
    expected: Tensor
    positive: Encoded | None = None
    negative: Encoded | None = None

    @property
    def guided(self) -> bool:
        """Whether the shot needs a negative row; at guidance ≤ 1 the pipeline draws without."""
        return self.shot.guidance > 1

    @property
    def texts(self) -> list[Encoded]:
        """The texts of this slot's rows: negative first, as the plain pipeline has them."""
        return [text for text in (self.negative, self.positive) if text is not None]

    @property
    def done(self) -> bool:
        """Whether the last step was taken."""
        return self.schedule.done

    @property
    def previews(self) -> bool:
        """Whether a preview is due after the step just taken; the last step has the picture itself."""
        every = self.shot.preview_every
        return every > 0 and self.schedule.at % every == 0 and not self.done

    def guide(self, predicted: Sequence[Tensor]) -> Tensor:
        """One prediction (1, C, h, w) out of those of this slot's rows."""
        if not self.guided:
            return predicted[0]
        negative, positive = predicted
        return negative + self.shot.guidance * (positive - negative)

    def advance(self, predicted: Tensor) -> None:
        """Take one step with the guided prediction, fp32 (1, C, h, w)."""
        self.latents, self.expected = self.schedule.step(predicted, self.latents, self.generator)


class Line(NamedTuple):
    """One row of a forward: whose it is and what it reads."""

    slot: Slot
    text: Encoded


def row_table(slots: Iterable[Slot]) -> list[Line]:
    """The rows of one forward: two per guided slot, one per other. A table, never `chunk(2)`."""
    return [Line(slot, text) for slot in slots for text in slot.texts]


def alike(slots: Iterable[Slot]) -> list[list[Slot]]:
    """The slots that may share a forward: those of equal latent shape (a drawer has one checkpoint)."""
    groups: dict[tuple[int, ...], list[Slot]] = {}
    for slot in slots:
        groups.setdefault(tuple(slot.latents.shape), []).append(slot)
    return list(groups.values())
