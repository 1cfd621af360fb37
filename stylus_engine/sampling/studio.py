"""What it takes to draw a shot with one checkpoint: adapters, noise, texts, forwards, pixels.

The loop says when; the studio does.  It holds no slot and no order of its own.  What a
shot is before its first step, and whether it may be, is `seating`'s.
"""

from collections.abc import Generator, Sequence
from contextlib import suppress
from functools import partial

import torch
from msgspec.structs import replace
from torch import Tensor

from stylus_engine.errors import MemoryRanOut
from stylus_engine.model import (
    Adapter,
    Manifest,
    Picture,
    Readied,
    Shot,
)
from stylus_engine.planning.turns import Bill
from stylus_engine.ports import Pictures, Pixels
from stylus_engine.sampling.darkroom import Darkroom
from stylus_engine.sampling.decoding import Coder
from stylus_engine.sampling.devices import give_memory_back
from stylus_engine.sampling.embeddings import spoken
from stylus_engine.sampling.executors import Executor, Outlook, by_row
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.faults import memory
from stylus_engine.sampling.gauge import Gauge
from stylus_engine.sampling.nullspace import apart
from stylus_engine.sampling.phrasebook import Phrasebook
from stylus_engine.sampling.pixels import shrunk, to_pixels, to_png
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.seating import Seating
from stylus_engine.sampling.signing import (
    compiled,
    how,
    lit,
    named,
    portable,
    ran,
    shortened,
    versions,
)
from stylus_engine.sampling.slots import Line, Slot
from stylus_engine.sampling.speed import attending
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.starts import pasted
from stylus_engine.sampling.store import Bases, FactorStore
from stylus_engine.sampling.telling import by_length, pick, some, told_to
from stylus_engine.sampling.text import Words, encode


class Studio:
    """Draws with `parts`; implements `loop.Studio`. Belongs to the thread that draws, but for `check`."""

    def __init__(
        self,
        parts: Parts,
        factors: FactorStore,
        pictures: Pictures,
        executor: Executor,
        most_bytes: int = 0,
        rack: Rack | None = None,
    ) -> None:
        """`rack`: where the executor keeps what it gathered; what nobody wears there makes room."""
        self._parts = parts
        self._family = family_of(parts.checkpoint)
        self._coder = Coder(parts, self._family)
        self._seating = Seating(parts, self._family, self._coder, pictures)
        self._factors = factors
        self._pictures = pictures
        self._executor = executor
        self._rack = rack or Rack()
        self._bases = Bases(parts.checkpoint.id, parts.checkpoint.family, parts.modules)
        self._darkroom = Darkroom(parts.vae, at_once=parts.wings is not None)
        self._gauge = Gauge(parts.device, most_bytes)
        self.phrases = Phrasebook(partial(encode, parts, self._family, executor), parts.denoiser)
        _, _, high, wide = self._family.latent_shape(parts, *(parts.checkpoint.size,) * 2)
        self.usual = high * wide

    def check(self, shot: Shot) -> None:
        """See `Seating.check`. Safe from any thread."""
        self._seating.check(shot)

    def seat(self, shot: Shot) -> Slot:
        """Fetch and pin the shot's factors, draw its noise, read the picture that it starts from.

        Raises `BadAdapter`, `BadPicture`, `DrawFailed`.
        """
        with memory():
            if self.bill(shot).area > self.usual:
                self._rack.clear()  # what is free decides about it
            self._measure(shot)
            self._gauge.check(self.bill(shot).area, f"{shot.width}×{shot.height}")
            row, readied = self._row(shot)
            slot = self._seating.slot(shot, row)
        slot.readied = readied
        for factors, _ in row:
            self._factors.pin(factors)
        return slot

    def prepare(self, adapter: Adapter, *, likely: bool = False) -> None:
        """Make an adapter of this family ready beside the drawing. Safe from any thread. Raises `BadAdapter`."""
        if adapter.family == self._parts.checkpoint.family:
            self._factors.prepare(adapter, self._bases, likely=likely)

    def bill(self, shot: Shot) -> Bill:
        """See `Seating.bill`."""
        return self._seating.bill(shot)

    def encode(self, slots: Sequence[Slot]) -> None:
        """Give all `slots` their texts in one forward, each under its own adapters; so for negatives too."""
        guided = [slot for slot in slots if slot.guided]
        words = [Words(slot.shot.recipe.prompt, slot.row) for slot in slots]
        words += [Words(slot.shot.recipe.negative, slot.row) for slot in guided]
        with memory():
            texts = iter(self.phrases.encode(words))
        for slot in slots:
            slot.positive = next(texts)
        for slot in guided:
            slot.negative = next(texts)

    def predict(self, lines: Sequence[Line]) -> list[Tensor]:
        """One forward over `lines`, rows of one shape; fp32 (C, h, w) each. Raises `DrawFailed`.

        What nobody wears goes before anybody hears that the memory ran out: a smaller batch
        would be for good.
        """
        try:
            with memory():
                return self._forward(lines)
        except MemoryRanOut:
            if not self._rack.clear():
                raise
        give_memory_back()
        with memory():
            return self._forward(lines)

    @property
    def most_area(self) -> int:
        """The latents that a forward may hold, where the settings bound it; 0 = as many as come."""
        return self._gauge.most_area

    def relieve(self) -> None:
        """The memory ran out: let go of what can be made again."""
        self._executor.close()
        self._rack.clear()
        self.phrases.forget()
        self._rest()
        give_memory_back()

    def _forward(self, lines: Sequence[Line]) -> list[Tensor]:
        """Rows that are told as many tokens go together: in most families all of them."""
        found: dict[int, Tensor] = {}
        for alike in by_length(lines):
            found |= zip(alike, self._together([lines[at] for at in alike]), strict=True)
        return [found[at] for at in range(len(lines))]

    def _together(self, lines: Sequence[Line]) -> list[Tensor]:
        device = self._parts.device
        latents = torch.cat([line.box.of(line.slot.inputs) for line in lines])
        times = torch.stack([line.slot.schedule.timestep.float() for line in lines]).to(device)
        told = told_to(lines, device)

        def forward(rows: list[int]) -> Tensor:
            inner, at = pick(latents, rows), pick(times, rows)
            with attending(self._parts.attention):
                return self._family.denoise(self._parts, inner, at, some(told, rows))

        rows, component = [line.slot.row for line in lines], self._parts.denoiser
        predicted = by_row(self._executor, component, rows, forward, outlook(lines))
        for line in lines:
            line.slot.ran[line.slot.schedule.at] = self._executor.choice
        return predicted

    def preview(self, slot: Slot) -> bytes | None:
        """PNG of the expected picture, at most a few hundred pixels wide, when one is due and there is memory."""
        if not slot.previews:
            return None
        with suppress(MemoryRanOut):  # for a glance no picture is given up, and nobody's memory
            return to_png(to_pixels(self._coder.decode(shrunk(slot.expected))))
        return None

    def develop(self, slot: Slot, seconds: float) -> Generator[None, None, Picture]:
        """Decode and keep, in pieces if all of it takes longer than `seconds`.

        Raises `DrawFailed`, `StoreFailed`.
        """
        area = slot.latents[0, 0].numel()
        work = self._darkroom.develop(lambda: self._decode(slot.latents), area, seconds)
        drawn = yield from work
        soft = drawn.shape[1] // slot.latents.shape[-1] // 2
        pixels = pasted(drawn, slot.ground, soft)
        kept = self._pictures.keep(pixels, self._manifest(slot))
        return replace(kept, readied=slot.readied)

    def leave(self, slot: Slot) -> None:
        """Unpin the slot's factors."""
        for factors, _ in slot.row:
            self._factors.unpin(factors)

    def close(self) -> None:
        """Leave the modules as they were before the first forward, and where they were."""
        try:
            self._executor.close()
        finally:
            self._rest()

    def _rest(self) -> None:
        if self._parts.wings is not None:
            self._parts.wings.rest()

    def _measure(self, shot: Shot) -> None:
        """Before the first picture that may not fit: one row of a small one, as the first step would be."""
        large = self.bill(shot).area > self.usual
        if self._gauge.per_latent or not (large or self._gauge.asked):
            return
        size = self._parts.checkpoint.size
        bare = replace(shot.recipe, adapters=())
        small = self._seating.slot(replace(shot, recipe=bare, width=size, height=size), ())
        self.encode([small])
        line = small.lines[0]
        self._gauge.measured(lambda: self._forward([line]), line.area)

    def _row(self, shot: Shot) -> tuple[Row, tuple[Readied, ...]]:
        self._executor.restore()
        worn = lit(shot)
        taken = [self._factors.take(each.adapter, self._bases) for each in worn]
        row = tuple(
            (spoken(got.factors, each.adapter.words), each.weight)
            for each, got in zip(worn, taken, strict=True)
        )
        readied = tuple(
            Readied(name=each.adapter.name, how=got.how, seconds=round(got.seconds, 4))
            for each, got in zip(worn, taken, strict=True)
        )
        return apart(worn, row, shot.recipe.null_space, self._factors), readied

    def _decode(self, latents: Tensor) -> Pixels:
        with suppress(MemoryRanOut):
            return to_pixels(self._coder.decode(latents))
        self.relieve()
        return to_pixels(self._coder.decode(latents))

    def _manifest(self, slot: Slot) -> Manifest:
        positive, negative = slot.positive, slot.negative
        return Manifest(
            shot=portable(slot.shot),
            checkpoint=self._parts.checkpoint.id,
            adapters=named(slot),
            mask=slot.shot.recipe.mask.code,
            encoded=positive.text if positive else "",
            encoded_negative=negative.text if negative else "",
            versions=versions(),
            how=how(self._parts) | compiled(slot) | shortened(slot),
            ran=ran(slot),
        )


def outlook(lines: Sequence[Line]) -> Outlook:
    """What is to come for these rows: the size of one, and how many steps are left."""
    box = lines[0].box
    left = [len(each.slot.schedule.timesteps) - each.slot.schedule.at for each in lines]
    average = max(1, round(sum(left) / len(left)))
    return Outlook(places=box.high * box.wide, steps=average, steady=max(1, min(left)))
