"""When a file is done being written: nobody says so, one can only wait for it to be quiet."""

import time
from collections.abc import Callable, Iterable

from stylus_engine.catalog.sources.listing import Found


class Patience:
    """Waits until a file was the same for `quiet` seconds, and `hope` seconds for one that is cut off.

    Seconds are this machine's own, since it first saw the file so: clocks of file
    servers differ.  With 0 nothing is waited for.
    """

    def __init__(
        self, quiet: float, hope: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet = quiet
        self._hope = hope
        self._clock = clock
        self._since: dict[str, tuple[str, float]] = {}

    def is_quiet(self, found: Found) -> bool:
        """Whether the file may be read now."""
        return self._age(found) >= self._quiet

    def is_hopeless(self, found: Found) -> bool:
        """Whether a file that is cut off will hardly be completed any more."""
        return self._age(found) >= self._hope

    def keep(self, names: Iterable[str]) -> None:
        """Forget all files but these."""
        self._since = {name: self._since[name] for name in names if name in self._since}

    def _age(self, found: Found) -> float:
        now = self._clock()
        stamp, since = self._since.get(found.name, ("", now))
        if stamp != found.stamp:
            since = now
            self._since[found.name] = (found.stamp, now)
        return now - since
