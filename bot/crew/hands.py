"""What a drawer has in hand: one job, as far as its events have told.

A hand stays until the line knows all that was heard of it, also without its drawer; and that
its job is back, where the drawer is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from bot.crew.bus import News, What
from bot.crew.deciding import Table
from stylus_engine.model import Drawn, Event, Failed, Fetching, Planned, Shot, Stepped

Left: TypeAlias = Literal["counted", "uncounted"]


@dataclass(frozen=True, slots=True)
class Hand:
    """A job at a drawer, under one fence. `positions`: shot id -> position in the grid."""

    job: str
    fence: int
    positions: Mapping[str, int]
    open_shots: frozenset[str]
    count: int  # positions of the whole job
    of: int  # steps of all shots given
    done: int = 0  # pictures in the line, those from before included
    steps: Mapping[str, int] = field(default_factory=dict[str, int])
    dropped: bool = False  # its failures mean nothing any more
    alone: bool = False  # it has lost a worker before: whose fault that was shows alone
    unwritten: int = 0  # ends that were heard and do not stand in the line yet
    left: Left | None = None  # its drawer is gone; whether that was an attempt

    def after(self, event: Event) -> "Hand":
        """What is in hand once `event` has happened."""
        match event:
            case Stepped() if event.shot in self.open_shots:
                return replace(self, steps={**self.steps, event.shot: event.step})
            case Drawn() if event.shot in self.open_shots:
                return self._without(event.shot)
            case Failed():
                return self._without(event.shot)
            case _:
                return self

    def ended_by(self, event: Event) -> tuple[int, ...]:
        """The positions that `event` ends: none that is not open; a failure of shot "" ends all."""
        if isinstance(event, Failed) and not event.shot:
            return tuple(sorted(self.positions[shot] for shot in self.open_shots))
        if isinstance(event, Planned | Fetching) or event.shot not in self.open_shots:
            return ()
        return (self.positions[event.shot],) if isinstance(event, Drawn | Failed) else ()

    def news(self, what: What = "step") -> News:
        """How far it is."""
        step = sum(self.steps.values())
        return News(self.job, what, step=step, of=self.of, done=self.done, count=self.count)

    def written(self, *, drawn: bool) -> "Hand":
        """One end more stands in the line: a picture, or a failure."""
        return replace(self, unwritten=self.unwritten - 1, done=self.done + drawn)

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return not self.open_shots and not self.unwritten

    def _without(self, shot: str) -> "Hand":
        left = self.open_shots - ({shot} if shot else self.open_shots)
        ended = len(self.open_shots) - len(left)
        return replace(self, open_shots=left, unwritten=self.unwritten + ended)


def hand_of(
    job: str, fence: int, shots: Sequence[Shot], *, count: int, done: int, alone: bool = False
) -> Hand:
    """A job whose `shots` are about to be drawn; `done` of its `count` pictures are there."""
    return Hand(
        job=job,
        fence=fence,
        positions={shot.id: shot.index for shot in shots},
        open_shots=frozenset(shot.id for shot in shots),
        count=count,
        of=sum(shot.steps for shot in shots),
        done=done,
        alone=alone,
    )


@dataclass(eq=False)
class Hands:
    """All that the drawers have in hand: worker -> job -> hand, oldest first."""

    _all: dict[str, dict[str, Hand]] = field(default_factory=dict[str, dict[str, Hand]])

    def of(self, worker: str) -> tuple[Hand, ...]:
        """What one drawer has."""
        return tuple(self._all.get(worker, {}).values())

    def put(self, worker: str, hand: Hand) -> None:
        """Give, or replace; a hand that is over is put away, unless its job is still to go back."""
        if hand.over and hand.left is None:
            self.take(worker, hand.job)
        else:
            self._all.setdefault(worker, {})[hand.job] = hand

    def renew(self, worker: str, hand: Hand) -> None:
        """As it is after an event, unless it was taken away meanwhile; a call-off stays."""
        now = self.get(worker, hand.job, hand.fence)
        if now is not None:
            self.put(worker, replace(hand, dropped=now.dropped))

    def written(self, worker: str, job: str, fence: int, *, drawn: bool) -> Hand | None:
        """What a hand is once the line knows of one end more; None: it was taken away."""
        now = self.get(worker, job, fence)
        after = now and now.written(drawn=drawn)
        if after is not None:
            self.put(worker, after)
        return after

    def call_off(self, worker: str, job: str) -> None:
        """Its failures mean nothing from now on."""
        hand = self._all.get(worker, {}).get(job)
        if hand is not None:
            self.put(worker, replace(hand, dropped=True))

    def take(self, worker: str, job: str) -> None:
        """It is no longer there."""
        self._all.get(worker, {}).pop(job, None)

    def get(self, worker: str, job: str, fence: int) -> Hand | None:
        """The job at this drawer under this fence."""
        hand = self._all.get(worker, {}).get(job)
        return hand if hand is not None and hand.fence == fence else None

    def leave(self, worker: str, how: Left) -> frozenset[str]:
        """The drawer is gone, or was told to drop everything. The jobs of which ends are unwritten stay."""
        for hand in self._all.pop(worker, {}).values():
            if hand.unwritten or hand.left:
                self.put(worker, replace(hand, open_shots=frozenset(), left=hand.left or how))
        return frozenset(self._all.get(worker, ()))

    def holders(self, job: str) -> tuple[str, ...]:
        """Who has this job."""
        return tuple(worker for worker, hands in self._all.items() if job in hands)

    def table(self, worker: str, slots: int) -> Table:
        """What stands before this drawer."""
        hands = [hand for hand in self.of(worker) if hand.open_shots]
        shots = tuple(len(hand.open_shots) for hand in hands)
        return Table(slots, shots, alone=any(hand.alone for hand in hands))

    @property
    def jobs(self) -> frozenset[str]:
        """Every job in somebody's hand."""
        return frozenset(job for hands in self._all.values() for job in hands)
