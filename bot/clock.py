"""Time as a parameter: who needs it is handed a clock."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What time is it, and wait."""

    def now(self) -> float:
        """Seconds since 1970: what is written down and compared by another process."""
        ...

    def ticks(self) -> float:
        """Seconds since some moment: for how long something took. Never set back, stands still in sleep."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""
        ...


class SystemClock:
    """This machine's. Implements `Clock`."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def ticks(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""
        await asyncio.sleep(seconds)
