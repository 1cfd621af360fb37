"""When not to ask a server that has failed again and again. Pure: `now` is seconds of any steady clock.

closed --LIMIT failures in a row--> open --its time is over--> one trial --> closed, or open for twice as long
"""

from dataclasses import dataclass

LIMIT = 3  # failures in a row
FIRST_PAUSE = 20.0  # seconds
LONGEST_PAUSE = 600.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """A value; whoever asks keeps the newest one."""

    failures: int = 0
    shut_until: float = float("-inf")

    def admits(self, now: float) -> bool:
        """Whether the server may be asked."""
        return now >= self.shut_until

    def asking(self, now: float, within: float) -> "Circuit":
        """A question begins. After failures it is a trial: nobody else asks for `within` seconds."""
        if self.failures < LIMIT:
            return self
        return Circuit(self.failures, now + within)

    def worked(self) -> "Circuit":
        """An answer came."""
        return Circuit()

    def failed(self, now: float) -> "Circuit":
        """None came. An older question's failure never shortens a pause."""
        failures = self.failures + 1
        if failures < LIMIT:
            return Circuit(failures, self.shut_until)
        doublings = min(failures - LIMIT, 16)
        pause = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
        return Circuit(failures, now + pause)

    def wait(self, now: float) -> float:
        """Seconds until it may be asked again; 0 when it may be now."""
        return min(max(self.shut_until - now, 0.0), LONGEST_PAUSE)  # sums of times are rounded
