"""A job whose handling went wrong is failed with a sentence, now or as soon as the line can write.

A line that is away is no fault of a job's: its work is done once more when it is back, or
the job goes back to its place uncounted, and rests.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.clock import Clock
from bot.crew.resting import Resting
from bot.crew.telling import Teller
from bot.crew.watching import LONGEST_PAUSE
from bot.jobs.line import LeaseLost, Line
from bot.jobs.nouns import Job
from bot.refusals import LineAway
from stylus_engine.errors import DrawFailed

LOG = logging.getLogger("stylus.crew")
Work: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Outage:
    """A line that is away for one job: for all, as far as anybody knows, until others get through."""

    pauses: Sequence[float]
    times: int = 0
    alone: int = 0  # times that others got through since the time before
    others: int = 0

    def pause(self, others: int) -> float:
        """Seconds before the next try. `others`: how much work has gone well until now.

        The last pause comes again and again, but twice as long each time that it was this job's alone.
        """
        self.alone += self.times > 0 and others > self.others
        usual = self.pauses[min(self.times, len(self.pauses) - 1)]
        self.times, self.others = self.times + 1, others
        return min(LONGEST_PAUSE, usual * 2 ** min(self.alone, 30))


class Owing:
    """Remembers ends that could not be written: job -> (fence, why)."""

    def __init__(self, line: Line, teller: Teller, clock: Clock) -> None:
        self._line = line
        self._teller = teller
        self._clock = clock
        self._owed: dict[str, tuple[int, DrawFailed]] = {}
        self._went_well = 0
        self.resting = Resting(clock)

    async def or_fail(self, job: Job, work: Work) -> bool:
        """Do `work` for `job`; whatever goes wrong is that job's end, nobody else's. Whether all went well."""
        return await self.or_fail_by(job.id, job.fence, work)

    async def or_fail_by(
        self, job: str, fence: int, work: Work, *, again: Sequence[float] = ()
    ) -> bool:
        """The same, for a job known by name and fence; tried once more after each pause of `again`.

        Outages of the line use up no try. While one lasts it is tried again and again: a bot
        whose line stays away for all ends.
        """
        pauses, outage = iter(again), Outage(again)
        while True:
            try:
                await work()
            except LeaseLost:
                raise
            except LineAway as away:
                LOG.warning("job %s has to wait: %s", job, away)
                if not again:
                    self.resting.begin(job)
                    return False
                await self._clock.sleep(outage.pause(self._went_well))
            except Exception as error:  # the one place where a job's own fault ends
                LOG.exception("the handling of job %s failed", job)
                if (pause := next(pauses, None)) is None:
                    await self._owe(job, fence, error)
                    return False
                await self._clock.sleep(pause)
            else:
                self._went_well += 1
                self.resting.end(job)
                return True

    async def _owe(self, job: str, fence: int, error: Exception) -> None:
        self._owed[job] = fence, DrawFailed(why=f"an unexpected {type(error).__name__}")
        await self.settle()

    async def settle(self) -> None:
        """Write what is owed; what cannot be written stays owed."""
        for job, (fence, error) in list(self._owed.items()):
            try:
                await self._fail(job, fence, error)
            except LeaseLost:
                raise
            except LineAway:
                continue
            except Exception:  # the database may be back at the next round
                LOG.exception("job %s could not be ended", job)

    async def _fail(self, job: str, fence: int, error: DrawFailed) -> None:
        kind, sentence = type(error).__name__, str(error)
        if await self._line.fail(job, kind, sentence, self._clock.now(), fence=fence):
            self._teller.became(await self._line.job(job))
        self._owed.pop(job, None)
