"""A crowd presses at one moment; its interactions are begun a few at a time, in their order.

All at once they would move in step: every one waits for the slowest, and the event loop
comes late for everything else meanwhile.  A turn is for what is quick (a check, a row, a
card); whoever waits for something slower keeps working without it.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

AT_ONCE = 8
SECONDS = 0.05  # a turn ends then, whatever it waits for: at least 160 are begun a second


class Turns:
    """At most `at_once` turns at a time, none longer than `seconds`."""

    def __init__(self, at_once: int = AT_ONCE, seconds: float = SECONDS) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._unanswered = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def in_hand(self) -> Generator[None]:
        """From the interaction's arrival to its answer, whatever that is."""
        self._unanswered += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._quiet.set()

    async def all_answered(self, seconds: float) -> None:
        """Wait for the interactions in hand, at most so long: past it Discord hears no answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._quiet.wait()

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for it, then have it until the block or the time ends."""
        await self._gate.acquire()
        over = asyncio.get_running_loop().call_later(self._seconds, self._gate.release)
        try:
            yield
        finally:
            if asyncio.get_running_loop().time() < over.when():
                over.cancel()
                self._gate.release()
