"""Taking jobs out of the line for one kind of worker; nobody else claims for it."""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeAlias

from bot.clock import Clock
from bot.crew.owing import Owing
from bot.crew.telling import Teller
from bot.jobs.line import Line
from bot.jobs.nouns import Job, State

Claim: TypeAlias = Callable[[str, float, Collection[str]], Awaitable[Job | None]]


class Claiming:
    """One claim at a time. `known`: the jobs of this kind that are in hand.

    The answer to a claim may be lost although the claim stands: then the job belongs to a
    worker that never hears of it, and whose beats keep the lease alive for ever.  So after
    a claim that failed, whatever is leased and in no hand goes back to its place; so does
    what had to be let go of while the line was away, which is passed over until it has rested.
    A row that an operator holds is passed over, too, and looked for again before each claim.
    """

    def __init__(
        self,
        line: Line,
        teller: Teller,
        owing: Owing,
        clock: Clock,
        state: State,
        known: Callable[[], frozenset[str]],
    ) -> None:
        self._line = line
        self._teller = teller
        self._resting = owing.resting
        self._clock = clock
        self._state: State = state
        self._known = known
        self._in_doubt = False
        self._passed_over = True  # who is leased when we begin is in nobody's hand
        self._let_go = owing.resting.times

    def doubt(self) -> None:
        """What is leased and in no hand is to go back before the next claim."""
        self._passed_over = True

    async def next(self, claim: Claim, worker: str) -> Job | None:
        """What `claim` brings for this worker."""
        let_go = self._resting.times
        if self._in_doubt or self._passed_over or self._let_go != let_go:
            await self._give_back(self._known())
            self._let_go = let_go
        self._in_doubt = True
        job = await claim(worker, self._clock.now(), self._resting.jobs)
        self._in_doubt = False
        return job

    async def _give_back(self, known: frozenset[str]) -> None:
        self._teller.all_became(await self._line.strays(self._state, known))
        self._passed_over = bool(await self._line.leased(self._state) - known)
