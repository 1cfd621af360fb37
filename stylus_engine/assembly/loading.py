"""How large libraries are imported: without a search for garbage among what they make."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def unswept() -> Generator[None]:
    """Look for no garbage while the block imports: what a library makes then lives to the end.

    Else the search goes over all of it again and again as it grows. Not for work: what
    a job leaves behind must be found.
    """
    swept = gc.isenabled()
    if swept:  # who finds it off leaves it alone: another thread may be about to turn it on
        gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()
