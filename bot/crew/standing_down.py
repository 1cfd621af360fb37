"""A pause: what is being drawn goes back to its place, and the drawers let their memory go."""

import asyncio
from dataclasses import dataclass

from bot.clock import Clock
from bot.crew.hands import Hands
from bot.crew.hearing import Hearing
from bot.crew.staff import Crew
from stylus_engine.workers.frames import Drop


@dataclass(frozen=True, slots=True)
class StandingDown:
    """Lets drawers go to rest within `seconds`."""

    crew: Crew
    hands: Hands
    hearing: Hearing
    clock: Clock
    seconds: float

    async def all(self, drawers: tuple[str, ...]) -> None:
        """On return none of these holds a job or a checkpoint."""
        end = self.clock.ticks() + self.seconds
        await self._drop(drawers)
        await self._wait(drawers, self.clock.ticks() + self.seconds / 2)
        for worker in drawers:
            await self.hearing.gone(worker, counted=False)
        left = max(0.1, end - self.clock.ticks())
        await asyncio.gather(*(self.crew.rest(worker, left) for worker in drawers))

    async def _drop(self, drawers: tuple[str, ...]) -> None:
        for worker in drawers:
            for hand in self.hands.of(worker):
                self.hands.call_off(worker, hand.job)
                await self.crew.send(worker, Drop(job=hand.job))

    async def _wait(self, drawers: tuple[str, ...], end: float) -> None:
        """A picture that is finished at this very moment is still taken."""
        while any(self.hands.of(worker) for worker in drawers) and self.clock.ticks() < end:
            await self.hearing.put_away.wait(end - self.clock.ticks())
