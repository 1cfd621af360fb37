"""What this machine can do, measured in a fraction of a second when it is first asked."""

import time
from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from stylus_engine.planning.executors import Machine

WIDE, RANK, PLACES = 1024, 32, 512
BLOCK = 2**24  # numbers copied
CHANNELS, EDGE = 64, 8  # of a small picture in the middle of a UNet
TRIES = 5


@cache
def probe(device: torch.device, dtype: torch.dtype) -> Machine:
    """The figures of `device` at `dtype`; measured once for the process, the best of some tries."""

    def ones(*shape: int) -> Tensor:
        return torch.ones(shape, device=device, dtype=dtype)

    wide, thin, x, one = ones(WIDE, WIDE), ones(RANK, WIDE), ones(PLACES, WIDE), ones(8, 8)
    block, other = ones(BLOCK), ones(BLOCK)
    kernel, rows = ones(CHANNELS, CHANNELS, 3, 3), ones(4, CHANNELS, EDGE, EDGE)

    def best(work: Callable[[], object], often: int = 1) -> float:
        return min(_seconds(work, often, device) for _ in range(TRIES)) / often

    copied = 2 * block.nbytes / best(lambda: other.copy_(block))
    twice = best(lambda: [conv2d(half, kernel, padding=1) for half in (rows[:2], rows[2:])], 20)
    more = twice - best(lambda: conv2d(rows, kernel, padding=1), 20)
    return Machine(
        flops=2 * PLACES * WIDE * WIDE / best(lambda: x @ wide.t()),
        thin=2 * PLACES * WIDE * RANK / best(lambda: x @ thin.t(), 4),
        bytes=copied,
        call=best(lambda: one @ one, 100),
        slide=max(0.0, more - kernel.nbytes / copied),  # its bytes are counted as bytes
    )


def half_gain() -> float:
    """How many times as fast as in fp32 this processor multiplies in bfloat16; below 1 where it only pretends to."""
    cpu = torch.device("cpu")
    wide = [torch.ones(WIDE, WIDE, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
    whole, half = (
        min(_seconds(partial(torch.matmul, each, each), 1, cpu) for _ in range(TRIES))
        for each in wide
    )
    return whole / half


def _seconds(work: Callable[[], object], often: int, device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    for _ in range(often):
        work()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
