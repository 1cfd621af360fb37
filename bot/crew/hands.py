"""What a drawer has in hand: one job, as far as its events have told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.crew.bus import News, What
from bot.crew.deciding import Table
from stylus_engine.model import Drawn, Event, Failed, Fetching, Planned, Shot, Stepped


@dataclass(frozen=True, slots=True)
class Hand:
    """A job at a drawer, under one fence. `positions`: shot id -> position in the grid."""

    job: str
    fence: int
    positions: Mapping[str, int]
    open_shots: frozenset[str]
    count: int  # positions of the whole job
    of: int  # steps of all shots given
    done: int = 0  # pictures, those from before included
    steps: Mapping[str, int] = field(default_factory=dict[str, int])
    dropped: bool = False  # its failures mean nothing any more
    alone: bool = False  # it has lost a worker before: whose fault that was shows alone

    def after(self, event: Event) -> "Hand":
        """What is in hand once `event` has happened."""
        match event:
            case Stepped() if event.shot in self.open_shots:
                return replace(self, steps={**self.steps, event.shot: event.step})
            case Drawn() if event.shot in self.open_shots:
                return replace(self._without(event.shot), done=self.done + 1)
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

    def _without(self, shot: str) -> "Hand":
        gone = {shot} if shot else self.open_shots
        return replace(self, open_shots=self.open_shots - gone)


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
        """Give, or replace; a hand with nothing open is put away."""
        if hand.open_shots:
            self._all.setdefault(worker, {})[hand.job] = hand
        else:
            self.take(worker, hand.job)

    def renew(self, worker: str, hand: Hand) -> None:
        """As it is after an event, unless it was taken away meanwhile; a call-off stays."""
        now = self.get(worker, hand.job, hand.fence)
        if now is not None:
            self.put(worker, replace(hand, dropped=now.dropped))

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

    def clear(self, worker: str) -> None:
        """The drawer is gone, or was told to drop everything."""
        self._all.pop(worker, None)

    def holders(self, job: str) -> tuple[str, ...]:
        """Who has this job."""
        return tuple(worker for worker, hands in self._all.items() if job in hands)

    def table(self, worker: str, slots: int) -> Table:
        """What stands before this drawer."""
        hands = self.of(worker)
        shots = tuple(len(hand.open_shots) for hand in hands)
        return Table(slots, shots, alone=any(hand.alone for hand in hands))

    @property
    def jobs(self) -> frozenset[str]:
        """Every job in somebody's hand."""
        return frozenset(job for hands in self._all.values() for job in hands)
