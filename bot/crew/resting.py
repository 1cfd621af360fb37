"""Jobs that had to be let go of, while the line was away, rest before anybody takes them again.

A line may be away for one job alone (a page of it that the disk cannot give back): without
a rest it would be taken again at once, before everybody else, for ever.
"""

from dataclasses import dataclass

from bot.clock import Clock
from bot.crew.watching import LONGEST_PAUSE, pause_before

FIRST_REST = 0.2  # seconds; twice as long each time


@dataclass(slots=True)
class _Rest:
    times: int = 0
    until: float = 0.0  # ticks


class Resting:
    """Who rests, and how often somebody had to: `times`."""

    def __init__(self, clock: Clock) -> None:
        self.times = 0
        self._clock = clock
        self._rests: dict[str, _Rest] = {}

    @property
    def jobs(self) -> frozenset[str]:
        """Whoever takes the next job passes these over."""
        now = self._clock.ticks()
        return frozenset(job for job, rest in self._rests.items() if rest.until > now)

    def begin(self, job: str) -> None:
        """Nobody has this job in hand any more, though the line says so."""
        self.times += 1
        now = self._clock.ticks()
        self._rests = {j: r for j, r in self._rests.items() if now - r.until < LONGEST_PAUSE}
        rest = self._rests.setdefault(job, _Rest())
        rest.times += 1
        rest.until = now + pause_before(rest.times, FIRST_REST)

    def end(self, job: str) -> None:
        """Its handling went well."""
        self._rests.pop(job, None)
