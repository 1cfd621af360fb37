"""A bell: ring it as often as you like, whoever waits comes once."""

import asyncio
from contextlib import suppress


class Bell:
    """Wakes one waiter, also one that comes after the ringing."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Somebody should look."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or `seconds` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()
