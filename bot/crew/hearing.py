"""What a drawer says of a job reaches the line under the fence it was given with; or not at all.

Law of this file: hearing waits for no database.  What ends a picture is kept in memory, and
its bytes in the store, until the line has it; meanwhile the job stays in hand, whatever
becomes of its drawer, so that nobody draws it again.
"""

import asyncio
from functools import partial

from bot.clock import Clock
from bot.crew.bell import Bell
from bot.crew.hands import Hand, Hands
from bot.crew.owing import Owing
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.crew.writing import Writing
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from stylus_engine.model import Drawn, Event, Failed, Stepped
from stylus_engine.workers.frames import Drop, Happened

RETRIES = (0.1, 0.5, 2.0)  # seconds before a picture is written to the line once more


class Hearing:
    """Writes what happened. `put_away` rings whenever a hand is over, `food` when there is room or a job is back."""

    def __init__(
        self,
        line: Line,
        crew: Crew,
        hands: Hands,
        teller: Teller,
        owing: Owing,
        clock: Clock,
        food: Bell,
    ) -> None:
        self.put_away = Bell()
        self._line = line
        self._crew = crew
        self._hands = hands
        self._teller = teller
        self._owing = owing
        self._clock = clock
        self._food = food
        self._writing = Writing()

    def open(self, group: asyncio.TaskGroup) -> None:
        """What is heard is written in this group, as long as it lasts."""
        self._writing.group = group

    def happened(self, worker: str, frame: Happened) -> None:
        """Keep what it tells."""
        hand = self._hands.get(worker, frame.job, frame.fence)
        if hand is None:
            return
        after = hand.after(frame.event)
        if isinstance(frame.event, Stepped) and not hand.dropped:
            self._teller.news(after.news())
        self._hands.renew(worker, after)
        for position in hand.ended_by(frame.event):
            keep = partial(self._keep, worker, hand, position, frame.event)
            self._writing.put(hand.job, keep)
        if not after.open_shots:
            self._food.ring()

    async def drop(self, job: str) -> None:
        """Whoever draws it lets go at the next step; its failures mean nothing from now on."""
        for worker in self._hands.holders(job):
            self._hands.call_off(worker, job)
            await self._crew.send(worker, Drop(job=job))

    async def gone(
        self, worker: str, *, counted: bool, spared: frozenset[str] = frozenset()
    ) -> None:
        """The worker has died, or has let go of all: its jobs go back to their place.

        `counted`: as an attempt, but for those that are `spared`.  A job of which something is
        unwritten goes back once that is written.
        """
        late = self._hands.leave(worker, "counted" if counted else "uncounted")
        now = self._clock.now()
        if counted:
            back = await self._line.lost(worker, now, spared, but=late)
        else:
            back = await self._line.released(worker, now, but=late)
        self._teller.all_became(back)
        self.put_away.ring()

    async def _keep(self, worker: str, hand: Hand, position: int, event: Event) -> None:
        """A database that is away, for all or for this job alone, costs no picture."""
        kept = await self._owing.or_fail_by(
            hand.job, hand.fence, partial(self._kept, hand, position, event), again=RETRIES
        )
        if not kept:
            await self.drop(hand.job)
        drawn = kept and isinstance(event, Drawn)
        now = self._hands.written(worker, hand.job, hand.fence, drawn=drawn)
        if now is not None and now.over:
            await self._over(worker, now)

    async def _over(self, worker: str, hand: Hand) -> None:
        if hand.left is not None:
            back = partial(self._returned, worker, hand)
            await self._owing.or_fail_by(hand.job, hand.fence, back, again=RETRIES)
            self._hands.take(worker, hand.job)
            self._food.ring()
        self.put_away.ring()

    async def _returned(self, worker: str, hand: Hand) -> None:
        back = self._line.lost if hand.left == "counted" else self._line.released
        self._teller.all_became(await back(worker, self._clock.now(), only={hand.job}))

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
