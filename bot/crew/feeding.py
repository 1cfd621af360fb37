"""From the line to the drawers: the next planned job, put into the hand of one that has room."""

from dataclasses import dataclass
from functools import partial

from bot.clock import Clock
from bot.crew.claiming import Claiming
from bot.crew.deciding import Table, next_fed
from bot.crew.hands import Hand, Hands, hand_of
from bot.crew.hearing import Hearing
from bot.crew.owing import Owing
from bot.crew.spare_time import SpareTime
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from stylus_engine.workers.frames import Draw


@dataclass(frozen=True, slots=True)
class Feeding:
    """Gives jobs to drawers; `hands` says what each of them has."""

    line: Line
    crew: Crew
    hands: Hands
    hearing: Hearing
    teller: Teller
    owing: Owing
    spare: SpareTime
    clock: Clock
    claiming: Claiming

    def tables(self) -> dict[str, Table]:
        """What stands before each drawer."""
        drawers = self.crew.drawers.items()
        return {worker: self.hands.table(worker, slots) for worker, slots in drawers}

    async def who(self) -> str | None:
        """The drawer that gets the next job."""
        lonely = await self.line.tried() - self.owing.resting.jobs
        return next_fed(self.tables(), lonely=bool(lonely))

    async def next(self, worker: str) -> bool:
        """Give this drawer the next job that may be beside what it has; False: the line has none for it."""
        beside = any(hand.open_shots for hand in self.hands.of(worker))
        job = await self.claiming.next(partial(self.line.claim_draw, beside=beside), worker)
        if job is None:
            return False
        if not await self.owing.or_fail(job, partial(self._give, worker, job)):
            await self.hearing.drop(job.id)
            self.hands.take(worker, job.id)
        return True

    async def _give(self, worker: str, job: Job) -> None:
        """The hand is there before the drawer hears of it: its first words may come at once."""
        await self.spare.give_way()
        hand, draw = await self._prepared(job)
        self.hands.put(worker, hand)
        self.teller.news(hand.news("drawing"))
        sent = False
        try:
            sent = await self.crew.send(worker, draw)
        finally:
            if not sent:
                self.hands.take(worker, job.id)
        if not sent:
            await self._never_heard_of(worker, job)
        elif not await self._still_wanted(job):
            await self.hearing.drop(job.id)

    async def _never_heard_of(self, worker: str, job: Job) -> None:
        """It was gone before: that is no attempt of this job's. What else it had is `Went`'s to say."""
        back = await self.line.released(worker, self.clock.now(), only={job.id})
        self.teller.all_became(back)

    async def _still_wanted(self, job: Job) -> bool:
        """A cancel may have come before the hand was there."""
        now = await self.line.job(job.id)
        return now is not None and now.state == "planned" and now.fence == job.fence

    async def _prepared(self, job: Job) -> tuple[Hand, Draw]:
        """What is still to draw of a job. Raises `LookupError` when that is nothing."""
        positions = await self.line.positions(job.id)
        shots = tuple(
            each.shot
            for each in positions
            if each.shot is not None and each.picture is None and each.error is None
        )
        if not shots:
            raise LookupError(f"{job.id} has nothing to draw")
        done = sum(each.picture is not None for each in positions)
        alone = job.attempts > 0
        hand = hand_of(job.id, job.fence, shots, count=len(positions), done=done, alone=alone)
        return hand, Draw(job=job.id, fence=job.fence, shots=shots)
