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
        self._let_go = owing.resting.times

    async def next(self, claim: Claim, worker: str) -> Job | None:
        """What `claim` brings for this worker."""
        let_go = self._resting.times
        if self._in_doubt or self._let_go != let_go:
            back = await self._line.strays(self._state, self._known())
            self._let_go = let_go
            self._teller.all_became(back)
        self._in_doubt = True
        job = await claim(worker, self._clock.now(), self._resting.jobs)
        self._in_doubt = False
        return job
