"""The page that matters: admit -> step -> finished.

The loop owns slots, not jobs.  Mail is read at exactly one point, so that between
two points nothing appears and nothing vanishes: a new shot joins at the next step,
a cancelled one leaves at the next step.  Whose turn it is is decided in
`planning.turns`; what a shot costs and how it is drawn is the studio's business; what
fails is that shot's alone.  Between two steps of a slot that steps there is at most
one step's worth of anything else: newcomers are seated and finished pictures are
developed for as long as the last turn took, then it is the next turn.
Source: vLLM's `EngineCore.step`.
"""

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from torch import Tensor

from stylus_engine.errors import Cancelled, MemoryRanOut, StylusError, public
from stylus_engine.model import Drawn, Event, Failed, Picture, Shot, Started, Stepped
from stylus_engine.planning.turns import Bill, Room, Shape, chosen, shares
from stylus_engine.sampling.forwards import Forwards
from stylus_engine.sampling.inbox import Inbox
from stylus_engine.sampling.slots import Line, Slot

Result = TypeVar("Result")
Developing: TypeAlias = Generator[None, None, Picture]


class Studio(Protocol):
    """What the loop needs done. Each method but `bill`, `relieve` and `leave` may raise any `StylusError`."""

    usual: int  # latents of a picture of the checkpoint's own size

    @property
    def most_area(self) -> int:
        """See `forwards.Device`."""
        ...

    def bill(self, shot: Shot) -> Bill:
        """What the shot will cost; nothing is fetched for it."""
        ...

    def seat(self, shot: Shot) -> Slot:
        """Fetch the shot's adapters, draw its noise."""
        ...

    def encode(self, slots: Sequence[Slot]) -> None:
        """Give the slots their texts, in one forward."""
        ...

    def predict(self, lines: Sequence[Line]) -> list[Tensor]:
        """The prediction of each of `lines`, rows of one shape, in one forward."""
        ...

    def relieve(self) -> None:
        """The memory ran out: let go of what can be made again."""
        ...

    def preview(self, slot: Slot) -> bytes | None:
        """A small PNG, if one is due."""
        ...

    def develop(self, slot: Slot, seconds: float) -> Developing:
        """Decode and keep, in pieces if all of it takes longer than `seconds`; at its end the picture is safe."""
        ...

    def leave(self, slot: Slot) -> None:
        """Let go of what `seat` took."""
        ...


@dataclass(slots=True, eq=False)
class Guest:
    """A shot from its admission to its end. Without a `slot` it waits for one."""

    shot: Shot
    due: tuple[float, int]
    shape: Shape
    slot: Slot | None = None
    developing: Developing | None = None

    @property
    def ranks(self) -> Mapping[str, int]:
        """Of what it wears, as far as that is known."""
        return self.slot.ranks if self.slot else {}


Choose: TypeAlias = Callable[[Iterable[Guest], Room], list[Guest]]


class Loop:
    """Steps those of its guests whose turn it is together."""

    def __init__(
        self,
        studio: Studio,
        inbox: Inbox,
        room: Room,
        *,
        choose: Choose = chosen,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.forwards = Forwards(studio)
        self._studio = studio
        self._inbox = inbox
        self._room = room
        self._choose = choose
        self._clock = clock
        self._guests: list[Guest] = []
        self._turn = 0
        self._came = 0
        self._seconds = math.inf  # that the last turn took

    def run(self) -> Generator[Event, None, None]:
        """Step until no admitted shot is left. Left early, it forgets all it was given."""
        with ExitStack() as left_early:
            left_early.callback(self._forget)
            while self._guests or not self._inbox.empty:
                yield from self._read_mail()
                yield from self._admit()
                yield from self._step()
                yield from self._finish()
            left_early.pop_all()

    @property
    def slots(self) -> list[Slot]:
        """Every picture between its first noise and its last step."""
        return [guest.slot for guest in self._guests if guest.slot]

    def _read_mail(self) -> Iterator[Event]:
        mail = self._inbox.drain()
        self._guests.extend(map(self._guest, mail.admitted))
        for guest in [guest for guest in self._guests if guest.shot.id in mail.cancelled]:
            yield self._failed(guest, Cancelled(done=0))

    def _guest(self, shot: Shot) -> Guest:
        self._came += 1
        bill = self._studio.bill(shot)
        due = self._turn + bill.turns(self._studio.usual)
        return Guest(shot, (due, self._came), bill.shape)

    def _admit(self) -> Iterator[Event]:
        """Seat whoever would step now. Their files may be seconds away: one at least, then while there is time."""
        stepping = any(guest.slot for guest in self._guests)
        until = self._clock() + (self._seconds if stepping else math.inf)
        newcomers: list[Guest] = []
        for guest in self._turn_of(self._guests):
            if guest.slot is None and (not newcomers or self._clock() <= until):
                try:
                    guest.slot = self._once_more(partial(self._studio.seat, guest.shot))
                    newcomers.append(guest)
                except StylusError as error:
                    yield self._failed(guest, error)
        yield from self._start(newcomers)

    def _start(self, newcomers: list[Guest]) -> Iterator[Event]:
        encode = partial(self._studio.encode, [guest.slot for guest in newcomers if guest.slot])
        try:
            encode() if len(newcomers) > 1 else self._once_more(encode)
        except StylusError as error:
            yield from self._start_fewer(newcomers, error)
        else:
            for guest in newcomers:
                yield Started(job=guest.shot.job, shot=guest.shot.id)

    def _start_fewer(self, newcomers: list[Guest], error: StylusError) -> Iterator[Event]:
        if isinstance(error, MemoryRanOut) and len(newcomers) > 1:
            self._studio.relieve()
            half = len(newcomers) // 2
            yield from self._start(newcomers[:half])
            yield from self._start(newcomers[half:])
        else:
            yield from [self._failed(guest, error) for guest in newcomers]

    def _once_more(self, work: Callable[[], Result]) -> Result:
        """One picture alone gets a second chance, in memory that was just swept."""
        try:
            return work()
        except MemoryRanOut:
            self._studio.relieve()
        return work()

    def _step(self) -> Iterator[Event]:
        began = self._clock()
        turn = self._turn_of(guest for guest in self._guests if guest.slot)
        owners = {guest.slot: guest for guest in turn if guest.slot}
        for lines, told in self.forwards.run(self._lines(list(owners))):
            for slot in dict.fromkeys(line.slot for line in lines):
                if isinstance(told, StylusError):
                    yield from self._failed_once(owners, slot, told)
            if not isinstance(told, StylusError):
                yield from self._advance(owners, lines, told)
        if turn:
            self._turn += 1
            self._seconds = self._clock() - began

    def _turn_of(self, guests: Iterable[Guest]) -> list[Guest]:
        return self._choose([guest for guest in guests if not guest.developing], self._room)

    def _lines(self, slots: Sequence[Slot]) -> list[Line]:
        rows = [slot.open_lines for slot in slots]
        shared = shares([len(each) for each in rows], self._room)
        return [line for each, share in zip(rows, shared, strict=True) for line in each[:share]]

    def _failed_once(
        self, owners: dict[Slot, Guest], slot: Slot, error: StylusError
    ) -> Iterator[Event]:
        """A slot may have rows in several forwards."""
        if slot in owners:
            yield self._failed(owners.pop(slot), error)

    def _advance(
        self, owners: Mapping[Slot, Guest], lines: Sequence[Line], predicted: Sequence[Tensor]
    ) -> Iterator[Event]:
        for line, row in zip(lines, predicted, strict=True):
            line.slot.ahead.append(row)
        for slot in dict.fromkeys(line.slot for line in lines):
            if slot in owners and not slot.open_lines:
                slot.advance()
                yield self._stepped(owners[slot], slot)

    def _stepped(self, guest: Guest, slot: Slot) -> Event:
        try:
            preview = self._studio.preview(slot)
        except StylusError as error:
            return self._failed(guest, error)
        step, of = slot.schedule.at, len(slot.schedule.timesteps)
        return Stepped(job=guest.shot.job, shot=guest.shot.id, step=step, of=of, preview=preview)

    def _finish(self) -> Iterator[Event]:
        until = self._clock() + self._seconds
        for guest in [guest for guest in self._guests if guest.slot and guest.slot.done]:
            if guest.developing is None and guest.slot:
                guest.developing = self._studio.develop(guest.slot, self._seconds)
        for guest in [guest for guest in self._guests if guest.developing]:
            yield from self._develop(guest, until)
            if self._clock() > until:
                return

    def _develop(self, guest: Guest, until: float) -> Iterator[Event]:
        assert guest.developing is not None  # noqa: S101  `_finish` looked
        try:
            next(guest.developing)
            while self._clock() <= until:
                next(guest.developing)
        except StopIteration as ended:
            picture: Picture = ended.value
            self._free(guest)
            self._inbox.ended()
            yield Drawn(job=guest.shot.job, shot=guest.shot.id, picture=picture)
        except StylusError as error:
            yield self._failed(guest, error)

    def _failed(self, guest: Guest, error: StylusError) -> Failed:
        self._free(guest)
        self._inbox.ended()
        kind = type(error).__name__
        return Failed(job=guest.shot.job, shot=guest.shot.id, kind=kind, sentence=public(error))

    def _free(self, guest: Guest) -> None:
        self._guests.remove(guest)
        if guest.developing:
            guest.developing.close()
        if guest.slot:
            self._studio.leave(guest.slot)

    def _forget(self) -> None:
        """Nobody listens any more: whoever closed the walk knows what it had admitted."""
        self._inbox.clear()
        for guest in list(self._guests):
            self._free(guest)
