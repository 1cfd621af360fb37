"""The page that matters: admit -> step -> finished.

The loop owns slots, not jobs.  Mail is read at exactly one point, so that between
two points nothing appears and nothing vanishes: a new shot joins at the next step,
a cancelled one leaves at the next step.  What a shot costs and how it is drawn is
the studio's business; what fails is that shot's alone.  Source: vLLM's `EngineCore.step`.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import Protocol

from torch import Tensor

from stylus_engine.errors import Cancelled, StylusError, public
from stylus_engine.model import Drawn, Event, Failed, Picture, Shot, Started, Stepped
from stylus_engine.sampling.inbox import Inbox
from stylus_engine.sampling.slots import Slot, alike


class Studio(Protocol):
    """What the loop needs done. Each method but `leave` may raise any `StylusError`."""

    def seat(self, shot: Shot) -> Slot:
        """Fetch the shot's adapters, draw its noise."""
        ...

    def encode(self, slots: Sequence[Slot]) -> None:
        """Give the slots their texts, in one forward."""
        ...

    def predict(self, slots: Sequence[Slot]) -> list[Tensor]:
        """The guided prediction of each of `slots`, in one forward."""
        ...

    def preview(self, slot: Slot) -> bytes | None:
        """A small PNG, if one is due."""
        ...

    def develop(self, slot: Slot) -> Picture:
        """Decode and keep; on return the picture is safe."""
        ...

    def leave(self, slot: Slot) -> None:
        """Let go of what `seat` took."""
        ...


class Loop:
    """Steps up to `seats` slots together."""

    def __init__(self, studio: Studio, inbox: Inbox, seats: int) -> None:
        self._studio = studio
        self._inbox = inbox
        self._seats = seats
        self._waiting: deque[Shot] = deque()
        self._slots: list[Slot] = []

    def run(self) -> Generator[Event, None, None]:
        """Step until no admitted shot is left. Left early, it forgets all it was given."""
        with ExitStack() as left_early:
            left_early.callback(self._forget)
            while self._slots or self._waiting or not self._inbox.empty:
                yield from self._read_mail()
                yield from self._admit()
                yield from self._step()
                yield from self._finish()
            left_early.pop_all()

    def _read_mail(self) -> Iterator[Event]:
        mail = self._inbox.drain()
        self._waiting.extend(mail.admitted)
        for slot in [slot for slot in self._slots if slot.shot.id in mail.cancelled]:
            yield self._failed(slot, Cancelled(done=0))
        for shot in [shot for shot in self._waiting if shot.id in mail.cancelled]:
            self._waiting.remove(shot)
            yield self._refused(shot, Cancelled(done=0))

    def _admit(self) -> Iterator[Event]:
        newcomers: list[Slot] = []
        while self._waiting and len(self._slots) < self._seats:
            shot = self._waiting.popleft()
            try:
                slot = self._studio.seat(shot)
            except StylusError as error:
                yield self._refused(shot, error)
            else:
                self._slots.append(slot)
                newcomers.append(slot)
        yield from self._start(newcomers)

    def _start(self, newcomers: list[Slot]) -> Iterator[Event]:
        try:
            self._studio.encode(newcomers)
        except StylusError as error:
            yield from [self._failed(slot, error) for slot in newcomers]
        else:
            yield from [Started(job=slot.shot.job, shot=slot.shot.id) for slot in newcomers]

    def _step(self) -> Iterator[Event]:
        for group in alike(self._slots):
            try:
                predicted = self._studio.predict(group)
            except StylusError as error:
                yield from [self._failed(slot, error) for slot in group]
                continue
            for slot, prediction in zip(group, predicted, strict=True):
                slot.advance(prediction)
                yield self._stepped(slot)

    def _stepped(self, slot: Slot) -> Event:
        try:
            preview = self._studio.preview(slot)
        except StylusError as error:
            return self._failed(slot, error)
        step, of = slot.schedule.at, len(slot.schedule.timesteps)
        return Stepped(job=slot.shot.job, shot=slot.shot.id, step=step, of=of, preview=preview)

    def _finish(self) -> Iterator[Event]:
        for slot in [slot for slot in self._slots if slot.done]:
            try:
                picture = self._studio.develop(slot)
            except StylusError as error:
                yield self._failed(slot, error)
            else:
                self._free(slot)
                self._inbox.ended()
                yield Drawn(job=slot.shot.job, shot=slot.shot.id, picture=picture)

    def _failed(self, slot: Slot, error: StylusError) -> Failed:
        self._free(slot)
        return self._refused(slot.shot, error)

    def _refused(self, shot: Shot, error: StylusError) -> Failed:
        self._inbox.ended()
        kind = type(error).__name__
        return Failed(job=shot.job, shot=shot.id, kind=kind, sentence=public(error))

    def _free(self, slot: Slot) -> None:
        self._slots.remove(slot)
        self._studio.leave(slot)

    def _forget(self) -> None:
        """Nobody listens any more: whoever closed the walk knows what it had admitted."""
        self._inbox.clear()
        self._waiting.clear()
        for slot in list(self._slots):
            self._free(slot)
