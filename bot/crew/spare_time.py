"""What a drawer does while nobody wants anything: checks of adapters, a few pictures at a time.

Law of this file: a check is nobody's job.  The line never hears of it, nothing is
promised, and whatever the line has goes first: then the check's shots leave at the next
step, and what was finished until then is told when there is time again.  What to draw,
and what pictures mean, is the planner's to know; here both are only carried.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot import safety
from bot.clock import Clock
from bot.crew.bell import Bell
from bot.crew.staff import Crew, Idle
from bot.crew.told import Told
from bot.refusals import NoWorker, Unsafe
from stylus_engine.model import Drawn, Event, Failed, Shot
from stylus_engine.workers.frames import Check, Checking, Draw, Drop, Happened

LOG = logging.getLogger("stylus.crew")
NOBODY_WAITS = 600.0  # seconds until the planner is asked again whether anybody does


@dataclass(eq=False)
class _Hand:
    """What a drawer was given. `open_shots`: names of those that have not ended."""

    worker: str
    job: str
    fence: int
    open_shots: set[str]

    def is_about(self, worker: str, frame: Happened) -> bool:
        return (self.worker, self.job, self.fence) == (worker, frame.job, frame.fence)


class SpareTime:
    """One check at a time, on one drawer. `bell` rings when its pictures have ended."""

    def __init__(self, crew: Crew, clock: Clock, idle: Idle) -> None:
        self.bell = Bell()
        self._crew = crew
        self._clock = clock
        self._idle = idle
        self._fence = 0
        self._hand: _Hand | None = None
        self._ended: list[Event] = []
        self._not_before = clock.ticks() + idle.after_seconds

    @property
    def busy(self) -> bool:
        """Whether a drawer has a check in hand."""
        return self._hand is not None

    async def turn(self, *, quiet: bool) -> None:
        """Go on with a check, when it was `quiet` for long enough and nothing is in hand."""
        if not self._idle.on:
            return
        if not quiet:
            await self.give_way()
        elif self._hand is None and self._clock.ticks() >= self._not_before:
            await self._go_on()

    async def give_way(self) -> None:
        """Somebody wants something: the check's shots leave at the next step."""
        self._fence += 1
        self._not_before = self._clock.ticks() + self._idle.after_seconds
        hand, self._hand = self._hand, None
        if hand is not None:
            await self._crew.send(hand.worker, Drop(job=hand.job))

    def heard(self, worker: str, frame: Happened) -> None:
        """A drawer said something; only what is about the check in hand is of interest."""
        hand, event = self._hand, frame.event
        if hand is None or not hand.is_about(worker, frame):
            return
        if isinstance(event, Drawn | Failed):
            self._ended.append(event)
            hand.open_shots.discard(event.shot)
        if isinstance(event, Failed) and not event.shot:
            hand.open_shots.clear()
        if not hand.open_shots:
            self._hand = None
            self.bell.ring()

    def gone(self, worker: str) -> None:
        """The drawer died, perhaps of this adapter: it is not tried again and again."""
        hand = self._hand
        if hand is not None and hand.worker == worker:
            why = NoWorker.__name__, "The drawing program ended meanwhile."
            self._ended += [_failed(hand.job, shot, *why) for shot in sorted(hand.open_shots)]
            self._hand = None

    async def _go_on(self) -> None:
        """Ask what is next and have it drawn, unless somebody came meanwhile."""
        worker, fence = next(iter(self._crew.drawers), None), self._fence
        if worker is None:
            return
        answer = await self._asked()
        if answer is None or not answer.shots:
            self._not_before = self._clock.ticks() + NOBODY_WAITS
        elif fence == self._fence:
            await self._give(worker, answer.job, answer.shots)

    async def _asked(self) -> Checking | None:
        """None: the planner cannot say. What ended is told once; a planner that died has forgotten it all."""
        told, self._ended = tuple(self._ended), []
        try:
            answer = await self._crew.ask(Check(call=0, ended=told))
        except NoWorker:
            return None
        except Told as refusal:
            LOG.info("no adapter is checked: %s", refusal.sentence)
            return None
        if not isinstance(answer, Checking):
            raise TypeError(f"asked for a check, the planner answered {type(answer).__name__}")
        return answer

    async def _give(self, worker: str, job: str, shots: Sequence[Shot]) -> None:
        """The hand is there before the drawer hears of it: its first words may come at once."""
        if (refusal := self._refusal(job, shots)) is not None:
            self._ended.append(refusal)
            self.bell.ring()
            return
        hand = _Hand(worker, job, self._fence, {shot.id for shot in shots})
        self._hand = hand
        sent = False
        try:
            sent = await self._crew.send(
                worker, Draw(job=job, fence=hand.fence, shots=tuple(shots))
            )
        finally:
            if not sent and self._hand is hand:
                self._hand = None

    def _refusal(self, job: str, shots: Sequence[Shot]) -> Failed | None:
        """The floor of safety holds for words of cards too, when nobody asked for them."""
        for shot in shots:
            try:
                safety.check(shot.recipe.prompt, words=self._idle.words)
            except Unsafe as error:
                return _failed(job, shot.id, type(error).__name__, str(error))
        return None


def _failed(job: str, shot: str, kind: str, sentence: str) -> Failed:
    return Failed(job=job, shot=shot, kind=kind, sentence=sentence)
