"""Adapters made ready before anybody draws with them: those that a language model has just named.

Law of this file: a guess delays no drawing.  It has a thread of its own, which gives way
to every other; few may wait; what nobody wants any more is not begun.  What fails here
fails again when the picture needs it, and is told then.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

MOST = 8  # named ahead at once
KINDER = 10  # niceness of the thread


class Foresight:
    """Calls `prepare` for what is wished. Safe from any thread; raises nothing. No torch here."""

    def __init__(self, prepare: Callable[[Adapter], object]) -> None:
        self.prepared = 0
        self._prepare = prepare
        self._lock = threading.Lock()
        self._wishes: dict[Future[None], str] = {}
        self._thread = ThreadPoolExecutor(1, "foresight", initializer=_give_way)

    def wish(self, job: str, adapter: Adapter) -> bool:
        """Somebody will draw with this for `job`; whether it is looked at."""
        with self._lock:
            if len(self._wishes) >= MOST:
                return False
            wish = self._thread.submit(self._make, adapter)
            self._wishes[wish] = job
        wish.add_done_callback(self._done)
        return True

    def drop(self, job: str) -> None:
        """Nobody draws this job any more: what was not begun for it is not begun."""
        with self._lock:
            wishes = [wish for wish, whose in self._wishes.items() if whose == job]
        for wish in wishes:
            wish.cancel()

    def close(self) -> None:
        """Wait for the one that is under way; begin no other."""
        self._thread.shutdown(cancel_futures=True)

    def _make(self, adapter: Adapter) -> None:
        with suppress(StylusError):
            self._prepare(adapter)
            self.prepared += 1

    def _done(self, wish: "Future[None]") -> None:
        with self._lock:
            self._wishes.pop(wish, None)


def _give_way() -> None:
    """On Linux each thread has a niceness of its own; elsewhere it stays as it is."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), KINDER)
