"""Adapters made ready before anybody draws with them: those that a language model has just named, or may name.

Law of this file: a guess delays no drawing.  It has a thread of its own, which gives way
to every other; few may wait; what nobody wants any more is not begun.  What was named
goes before what is only likely.  What fails here fails again when the picture needs it,
and is told then.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

MOST = 8  # of either sort at once
KINDER = 10  # niceness of the thread


@dataclass(eq=False, slots=True)
class Wish:
    """What is to be made ready, and for which job."""

    job: str
    adapter: Adapter
    likely: bool
    begun: bool = False


class Foresight:
    """Calls `prepare` for what is wished, and whether it is only likely. Safe from any thread; raises nothing.

    No torch here.
    """

    def __init__(self, prepare: Callable[[Adapter, bool], object]) -> None:
        self.prepared = 0
        self._prepare = prepare
        self._lock = threading.Lock()
        self._wishes: list[Wish] = []
        self._thread = ThreadPoolExecutor(1, "foresight", initializer=_give_way)

    def wish(self, job: str, adapter: Adapter, *, likely: bool = False) -> bool:
        """Somebody will draw with this for `job`, or may; whether it is looked at."""
        with self._lock:
            if sum(wish.likely == likely for wish in self._wishes) >= MOST:
                return False
            self._wishes.append(Wish(job, adapter, likely))
        self._thread.submit(self._make)
        return True

    def drop(self, job: str) -> None:
        """Nobody draws this job any more: what was not begun for it is not begun."""
        with self._lock:
            self._wishes = [wish for wish in self._wishes if wish.begun or wish.job != job]

    def close(self) -> None:
        """Wait for the one that is under way; begin no other."""
        self._thread.shutdown(cancel_futures=True)

    def _make(self) -> None:
        wish = self._next()
        if wish is None:  # it was dropped
            return
        try:
            with suppress(StylusError):
                self._prepare(wish.adapter, wish.likely)
                self.prepared += not wish.likely
        finally:
            with self._lock:
                self._wishes.remove(wish)

    def _next(self) -> Wish | None:
        """The first that was named, else the first that is likely."""
        with self._lock:
            wish = min(self._wishes, key=lambda wish: wish.likely, default=None)
            if wish is not None:
                wish.begun = True
            return wish


def _give_way() -> None:
    """On Linux each thread has a niceness of its own; elsewhere it stays as it is."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), KINDER)
