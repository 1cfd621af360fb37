"""Without a drawer or a planner for hours, those who have waited that long are told."""

from functools import partial

from bot.clock import Clock
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.jobs.line import Line
from bot.steadily import steadily

HOUR = 3600.0


class GivingUp:
    """Remembers when a drawer and a planner were last there.

    That is measured by ticks: a clock that is set forward is not hours without a drawer.
    How long a job has waited outlives the process, and goes by the clock.
    """

    def __init__(self, line: Line, crew: Crew, teller: Teller, clock: Clock, hours: float) -> None:
        self._line = line
        self._crew = crew
        self._teller = teller
        self._clock = clock
        self._seconds = hours * HOUR
        self._planner_seen = self._drawer_seen = clock.ticks()

    async def turn(self, now: float) -> None:
        """Look who is there, and fail what nobody will come for. `now`: seconds since 1970."""
        ticks = self._clock.ticks()
        if self._crew.drawers:
            self._drawer_seen = ticks
        if self._crew.planner is not None:
            self._planner_seen = ticks
        long_ago, horizon = ticks - self._seconds, now - self._seconds
        if self._drawer_seen <= long_ago:
            await self._fail({"queued", "planned"}, "drawn", "drawing", horizon)
        elif self._planner_seen <= long_ago:
            await self._fail({"queued"}, "planned", "planning", horizon)

    async def _fail(self, states: set[str], done: str, doing: str, horizon: float) -> None:
        sentence = f"Nothing can be {done} at the moment: the {doing} program does not start."
        for job in await self._line.unfinished():
            if job.state in states and job.made_at <= horizon:
                await steadily(partial(self._fail_one, job.id, sentence), "giving a job up")

    async def _fail_one(self, job: str, sentence: str) -> None:
        if await self._line.fail(job, "NoWorker", sentence, self._clock.now()):
            self._teller.became(await self._line.job(job))
