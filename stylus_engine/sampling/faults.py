"""What torch raises, in our words: memory that ran out, a device that is gone.

torch has one class for a card's memory, none for the CPU's, and one for whatever else
a driver says; a card that fell off the bus has been seen as a plain `RuntimeError` too.
"""

from collections.abc import Generator
from contextlib import contextmanager

import torch

from stylus_engine.errors import DeviceLost, MemoryRanOut

OF_THE_CPU = "DefaultCPUAllocator"
OF_A_DEVICE = ("CUDA error", "HIP error", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")


@contextmanager
def memory() -> Generator[None, None, None]:
    """Raise `MemoryRanOut` for every way in which torch says so: one picture's misfortune."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise MemoryRanOut(why=_first_words(error)) from error
    except RuntimeError as error:
        if OF_THE_CPU not in str(error):
            raise
        raise MemoryRanOut(why="the processor's memory is full") from error


@contextmanager
def device() -> Generator[None, None, None]:
    """Raise `DeviceLost` for what a driver says: every picture's. Only where a walk ends."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.AcceleratorError) or str(error).startswith(OF_A_DEVICE):
            raise DeviceLost(why=_first_words(error)) from error
        raise


def _first_words(error: Exception) -> str:
    """The first sentence of what a driver says; the rest is advice for programmers."""
    first = str(error).partition("\n")[0].split(". ")[0].strip().rstrip(".")
    return first[:120] or "the memory is full"
