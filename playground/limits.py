"""Rate limits as Discord tells of them: buckets with headers, and a limit over everything.

The real sizes are not published; ours are settings.  An answer 429 carries `Via`, as all
that comes through Discord's edge does: without it discord.py believes in a ban.
"""

import hashlib
import math
import time
from collections import deque
from dataclasses import dataclass, field

from playground.shapes import Json, Refused

GLOBAL_WINDOW = 1.0
INVALID_WINDOW, MOST_INVALID = 600.0, 10_000
SWEEP_AT = 2000  # finished windows are swept when so many are kept


@dataclass(slots=True)
class Window:
    """A fixed window that begins with its first call."""

    until: float
    used: int = 0


@dataclass(slots=True)
class Limits:
    calls: int
    seconds: float
    global_calls: int
    windows: dict[str, Window] = field(default_factory=dict[str, Window])
    everything: deque[float] = field(default_factory=deque[float])
    invalid: deque[float] = field(default_factory=deque[float])

    def take(self, route: str, major: str) -> dict[str, str]:
        """Count one call; its headers. Raises a `Refused` 429 when the bucket is empty."""
        now = time.time()
        key = f"{route}:{major}"
        window = self.windows.get(key)
        if window is None or now >= window.until:
            self._sweep(now)
            window = self.windows[key] = Window(now + self.seconds)
        window.used += 1
        headers = self._headers(route, window, now)
        if window.used > self.calls:
            raise limited(window.until - now, headers, scope="user")
        return headers

    def take_global(self) -> None:
        """Count one call of the bot token against the limit over everything."""
        now = time.time()
        _drop_old(self.everything, now - GLOBAL_WINDOW)
        if len(self.everything) >= self.global_calls:
            raise limited(self.everything[0] + GLOBAL_WINDOW - now, {}, scope="global")
        self.everything.append(now)

    def count_invalid(self, status: int) -> None:
        """401, 403 and 429 count; too many of them and the edge shuts the door."""
        if status in {401, 403, 429}:
            self.invalid.append(time.time())

    def banned(self) -> bool:
        _drop_old(self.invalid, time.time() - INVALID_WINDOW)
        return len(self.invalid) >= MOST_INVALID

    def _headers(self, route: str, window: Window, now: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.calls),
            "X-RateLimit-Remaining": str(max(0, self.calls - window.used)),
            "X-RateLimit-Reset": f"{window.until:.3f}",
            "X-RateLimit-Reset-After": f"{window.until - now:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
        }

    def _sweep(self, now: float) -> None:
        if len(self.windows) >= SWEEP_AT:
            self.windows = {key: w for key, w in self.windows.items() if w.until > now}


def limited(
    seconds: float, headers: dict[str, str], *, scope: str, code: int = 0, message: str = ""
) -> Refused:
    """The 429 of a bucket, of everything (`scope` global) or of a shared resource."""
    everything = scope == "global"
    extra: Json = {"retry_after": round(max(0.001, seconds), 3), "global": everything}
    told = {**headers, "Retry-After": str(math.ceil(seconds)), "X-RateLimit-Scope": scope}
    told["Via"] = "1.1 google"
    if everything:
        told["X-RateLimit-Global"] = "true"
    said = message or "You are being rate limited."
    return Refused(429, code, said, headers=told, extra=extra)


def _drop_old(times: deque[float], since: float) -> None:
    while times and times[0] < since:
        times.popleft()
