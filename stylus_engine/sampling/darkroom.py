"""Where latents become pixels, without anybody having to wait for more than a step."""

import time
from collections.abc import Callable, Generator
from typing import TypeVar

from torch import nn

from stylus_engine.sampling.pausing import in_pieces

T = TypeVar("T")


class Darkroom:
    """Decides by what the last pictures took whether the next is developed at once or in pieces."""

    def __init__(
        self,
        decoder: nn.Module,
        clock: Callable[[], float] = time.perf_counter,
        *,
        at_once: bool = False,
    ) -> None:
        """`at_once`: never in pieces, because the decoder leaves the device while others step."""
        self._decoder = decoder
        self._at_once = at_once
        self._clock = clock
        self._pace = 0.0  # seconds per latent; nothing was measured: the first one goes at once

    def develop(
        self, decode: Callable[[], T], area: int, seconds: float
    ) -> Generator[None, None, T]:
        """What `decode` returns, of a picture of `area` latents; it stops on the way if it must."""
        if self._at_once or self._pace * area <= seconds:
            began = self._clock()
            decoded = decode()
            self._pace = (self._clock() - began) / area
            return decoded
        return (yield from self._slowly(decode, area))

    def _slowly(self, decode: Callable[[], T], area: int) -> Generator[None, None, T]:
        work, spent = in_pieces(decode, self._decoder), 0.0
        try:
            while True:
                began = self._clock()
                try:
                    next(work)
                except StopIteration as ended:
                    self._pace = (spent + self._clock() - began) / area
                    decoded: T = ended.value
                    return decoded
                spent += self._clock() - began
                yield
        finally:
            work.close()
