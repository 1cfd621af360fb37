"""SIGTERM and Ctrl-C: the first asks to stop, the second ends at once."""

import asyncio
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
KILLED = 130


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Generator[None, None, None]:
    """Set `stop` when this process is asked to end. `signal.signal`: Windows has only this one."""
    loop = asyncio.get_running_loop()

    def asked(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            os._exit(KILLED)
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, asked) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
