"""Discord's ids: milliseconds since 2015 in the upper 42 bits, a counter in the lower 22."""

import time

EPOCH_MS = 1_420_070_400_000
COUNTER = (1 << 22) - 1


class Snowflakes:
    """Ids that only ever rise."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        fresh = (int(time.time() * 1000) - EPOCH_MS) << 22
        self._last = max(fresh, self._last + 1)
        return self._last


def shard_of(guild: int | None, shards: int) -> int:
    """Which shard hears of a guild; what has no guild goes to the first."""
    return 0 if guild is None else (guild >> 22) % shards
