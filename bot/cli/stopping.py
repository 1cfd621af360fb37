"""Ctrl-C: the first asks the work to end and keeps what is finished, the second ends at once."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SHOW_CURSOR = "\x1b[?25h"
KILLED = 130


def run_until_stopped(main: Coroutine[Any, Any, None]) -> bool:
    """Run `main`; whether a person stopped it before its end."""
    return asyncio.run(_watched(main))


async def _watched(main: Coroutine[Any, Any, None]) -> bool:
    work = asyncio.ensure_future(main)
    with _interrupts(work, asyncio.get_running_loop()) as presses:
        try:
            await work
        except asyncio.CancelledError:
            return True
    return bool(presses) and work.cancelled()


@contextmanager
def _interrupts(
    work: "asyncio.Future[None]", loop: asyncio.AbstractEventLoop
) -> Generator[list[int], None, None]:
    """Own SIGINT for a while. `signal.signal`, not the loop's handler: Windows has only this one."""
    presses: list[int] = []

    def press(number: int, _: FrameType | None) -> None:
        presses.append(number)
        if len(presses) > 1:
            _end_at_once()
        loop.call_soon_threadsafe(work.cancel)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)


def _end_at_once() -> None:
    """No clean-up, no waiting for threads: that is what the second press asks for."""
    if sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
        sys.stderr.flush()
    os._exit(KILLED)
