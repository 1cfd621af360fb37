"""Ctrl-C: the first asks the work to end and keeps what is finished, the second ends at once."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, TypeVar

SHOW_CURSOR = "\x1b[?25h"
KILLED = 130

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end. Raises `KeyboardInterrupt` where a person stopped it.

    A second press ends the process at once, also while threads of `main` are waited for.
    """
    if current_thread() is not main_thread():  # no other one hears of signals
        return asyncio.run(main)
    before = signal.getsignal(signal.SIGINT)
    try:
        ended = asyncio.run(_watched(main))
    finally:
        signal.signal(signal.SIGINT, before)
    if not ended:
        raise KeyboardInterrupt
    return ended[0]


def run_until_stopped(main: Coroutine[Any, Any, None]) -> bool:
    """Run `main`; whether a person stopped it before its end."""
    try:
        run(main)
    except KeyboardInterrupt:
        return True
    return False


async def _watched(main: Coroutine[Any, Any, T]) -> tuple[()] | tuple[T]:
    """What it came to; nothing where it was stopped."""
    work = asyncio.ensure_future(main)
    _own_interrupts(work, asyncio.get_running_loop())
    try:
        return (await work,)
    except asyncio.CancelledError:
        return ()


def _own_interrupts(work: "asyncio.Future[T]", loop: asyncio.AbstractEventLoop) -> None:
    """`signal.signal`, not the loop's handler: Windows has only this one."""
    presses: list[int] = []

    def press(number: int, _: FrameType | None) -> None:
        presses.append(number)
        if len(presses) > 1:
            _end_at_once()
        loop.call_soon_threadsafe(work.cancel)

    signal.signal(signal.SIGINT, press)


def _end_at_once() -> None:
    """No clean-up, no waiting for threads: that is what the second press asks for."""
    if sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
        sys.stderr.flush()
    os._exit(KILLED)
