"""A slot: everything that one picture in the making is, and nothing that two would share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from stylus_engine.model import Readied, Shot
from stylus_engine.planning.executors import Choice
from stylus_engine.ports import Ground
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.schedules import Schedule
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.starts import Held
from stylus_engine.sampling.text import Encoded
from stylus_engine.sampling.tiles import Box, blended, boxes


@dataclass(slots=True, eq=False)
class Slot:
    """One picture between its first noise and its last step.

    `latents` fp32 (1, C, h, w); `expected` (x0) the picture the model expected at
    the last step; `generator` the shot's own, on the CPU.  A start from a picture
    (`ground`) is other `latents` and a `schedule` that begins later; a mask is what is
    `held`, or what an inpainting denoiser reads `beside`.  `tile`: the edge, in
    latents, of the squares that the denoiser sees one by one; 0 = all at once.  `distilled`:
    the denoiser reads the guidance itself.
    `ahead`: what was predicted for the step to come, a row each; `ranks` of what it wears;
    `ran`: which executor drew each step, and why; `readied`: how its adapters came.
    """

    shot: Shot
    row: Row
    schedule: Schedule
    generator: Generator
    latents: Tensor
    expected: Tensor
    positive: Encoded | None = None
    negative: Encoded | None = None
    ground: Ground | None = None
    held: Held | None = None
    beside: Tensor | None = None
    tile: int = 0
    distilled: bool = False
    ranks: Mapping[str, int] = field(default_factory=dict[str, int])
    ahead: list[Tensor] = field(default_factory=list[Tensor])
    ran: dict[int, Choice] = field(default_factory=dict[int, Choice])
    readied: tuple[Readied, ...] = ()

    @property
    def guided(self) -> bool:
        """Whether the shot needs a negative row; at guidance ≤ 1 the pipeline draws without."""
        return self.shot.guidance > 1 and not self.distilled

    @property
    def texts(self) -> list[Encoded]:
        """The texts of this slot's rows: negative first, as the plain pipeline has them."""
        return [text for text in (self.negative, self.positive) if text is not None]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What of the latents goes into one row each; nearly always one box of everything."""
        high, wide = self.latents.shape[-2:]
        return boxes(high, wide, self.tile)

    @property
    def inputs(self) -> Tensor:
        """What the denoiser reads at this step."""
        latents = self.schedule.scaled(self.latents)
        return latents if self.beside is None else torch.cat([latents, self.beside], dim=1)

    @property
    def done(self) -> bool:
        """Whether the last step was taken."""
        return self.schedule.done

    @property
    def previews(self) -> bool:
        """Whether a preview is due after the step just taken; the last step has the picture itself."""
        every = self.shot.preview_every
        return every > 0 and self.schedule.at % every == 0 and not self.done

    @property
    def lines(self) -> "list[Line]":
        """The rows of one step: a guided slot has two texts, one in squares a row for each."""
        return [Line(self, text, box) for text in self.texts for box in self.boxes]

    @property
    def open_lines(self) -> "list[Line]":
        """Those that the step to come still needs."""
        return self.lines[len(self.ahead) :]

    def gathered(self) -> Tensor:
        """The guided prediction out of those of this slot's rows, fp32 (1, C, h, w)."""
        where, rows = self.boxes, iter(self.ahead)
        return self.guide(
            [blended([next(rows)[None] for _ in where], where, self.latents) for _ in self.texts]
        )

    def guide(self, predicted: Sequence[Tensor]) -> Tensor:
        """One prediction (1, C, h, w) out of one for each text."""
        if not self.guided:
            return predicted[0]
        negative, positive = predicted
        return negative + self.shot.guidance * (positive - negative)

    def advance(self) -> None:
        """Take the step that was predicted."""
        predicted = self.gathered()
        self.ahead = []
        self.latents, self.expected = self.schedule.step(predicted, self.latents, self.generator)
        if self.held is not None:
            self.latents = self.held.over(self.latents, self.schedule)


class Line(NamedTuple):
    """One row of a forward: whose it is and what it reads."""

    slot: Slot
    text: Encoded
    box: Box

    @property
    def area(self) -> int:
        """How many latents it has the denoiser look at."""
        return self.box.high * self.box.wide


def row_table(slots: Iterable[Slot]) -> list[Line]:
    """The rows of one step of all `slots`: a table, never `chunk(2)`."""
    return [line for slot in slots for line in slot.lines]


def alike(lines: Iterable[Line]) -> list[list[Line]]:
    """The rows that may share a forward: the denoiser sees one shape (a drawer has one checkpoint)."""
    groups: dict[tuple[int, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(line.box[2:], []).append(line)
    return list(groups.values())


def ranks_of(row: Row, component: Component) -> dict[str, int]:
    """Adapter -> the rank of its widest layer, of those that change `component`."""
    return {
        factors.id: max(
            layer.rank for (place, _), layer in factors.layers.items() if place == component
        )
        for factors, _ in row
        if any(place == component for place, _ in factors.layers)
    }
