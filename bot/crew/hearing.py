"""What a drawer says of a job reaches the line under the fence it was given with; or not at all."""

from bot.clock import Clock
from bot.crew.bell import Bell
from bot.crew.hands import Hand, Hands
from bot.crew.owing import Owing
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from stylus_engine.model import Drawn, Event, Failed, Stepped
from stylus_engine.workers.frames import Drop, Happened

RETRIES = (0.1, 0.5, 2.0)  # seconds before a picture is written to the line once more


class Hearing:
    """Writes what happened. `put_away` rings whenever a hand is empty."""

    def __init__(
        self, line: Line, crew: Crew, hands: Hands, teller: Teller, owing: Owing, clock: Clock
    ) -> None:
        self.put_away = Bell()
        self._line = line
        self._crew = crew
        self._hands = hands
        self._teller = teller
        self._owing = owing
        self._clock = clock

    async def happened(self, worker: str, frame: Happened) -> bool:
        """Keep what it tells; whether the drawer has room for another job now."""
        hand = self._hands.get(worker, frame.job, frame.fence)
        if hand is None:
            return False
        after = hand.after(frame.event)
        if isinstance(frame.event, Stepped) and not hand.dropped:
            self._teller.news(after.news())
        for position in hand.ended_by(frame.event):
            await self._keep(hand, position, frame.event)
        self._hands.renew(worker, after)
        if after.open_shots:
            return False
        self.put_away.ring()
        return True

    async def drop(self, job: str) -> None:
        """Whoever draws it lets go at the next step; its failures mean nothing from now on."""
        for worker in self._hands.holders(job):
            self._hands.call_off(worker, job)
            await self._crew.send(worker, Drop(job=job))

    async def gone(
        self, worker: str, *, counted: bool, spared: frozenset[str] = frozenset()
    ) -> None:
        """The worker has died: its jobs go back to their place.

        `counted`: as an attempt, but for those that are `spared`.
        """
        self._hands.clear(worker)
        now = self._clock.now()
        if counted:
            back = await self._line.lost(worker, now, spared)
        else:
            back = await self._line.released(worker, now)
        self._teller.all_became(back)
        self.put_away.ring()

    async def _keep(self, hand: Hand, position: int, event: Event) -> None:
        """A database that is away for a moment costs no picture."""
        kept = await self._owing.or_fail_by(
            hand.job, hand.fence, lambda: self._kept(hand, position, event), again=RETRIES
        )
        if not kept:
            await self.drop(hand.job)

    async def _kept(self, hand: Hand, position: int, event: Event) -> None:
        self._teller.became(await self._written(hand, position, event))

    async def _written(self, hand: Hand, position: int, event: Event) -> Job | None:
        now, job, fence = self._clock.now(), hand.job, hand.fence
        match event:
            case Drawn():
                return await self._line.picture(job, fence, position, event.picture, now)
            case Failed() if not hand.dropped:
                return await self._line.picture_failed(
                    job, fence, position, event.kind, event.sentence, now
                )
            case _:
                return None
