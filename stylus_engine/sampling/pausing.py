"""Long work in pieces, to the same numbers: a thread that stops at every convolution and waits to be let on.

One of the two threads runs at a time, so nothing contends and nothing needs a lock.
Not done: decoding in tiles to save time (a seam is another picture), a second stream
or a thread at the same time (on two cores both get slower), a decoder walked by hand
(each family would need its own).
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from threading import Semaphore, Thread, current_thread
from typing import Generic, TypeVar

import torch
from torch import nn

T = TypeVar("T")
HEAVY = (nn.Conv2d, nn.Conv3d)


class _Left(BaseException):
    """Nobody waits for the work any more. No `Exception`: nothing on the way out may catch it."""


@dataclass(slots=True, eq=False)
class _Work(Generic[T]):
    """The work, and the baton that goes to and fro."""

    work: Callable[[], T]
    on: Semaphore = field(default_factory=lambda: Semaphore(0))
    back: Semaphore = field(default_factory=lambda: Semaphore(0))
    thread: Thread | None = None
    left: bool = False
    results: list[T] = field(default_factory=list[T])
    error: BaseException | None = None

    def run(self) -> None:
        """The other thread."""
        try:
            self.on.acquire()
            if not self.left:
                with torch.inference_mode():
                    self.results.append(self.work())
        except BaseException as error:  # noqa: BLE001  it belongs to whoever waits
            self.error = error
        finally:
            self.back.release()

    def pause(self, *_: object) -> None:
        """A hook before a convolution; those of other threads run through."""
        if current_thread() is self.thread:
            self.back.release()
            self.on.acquire()
            if self.left:
                raise _Left

    def let_on(self) -> bool:
        """Let it run to its next stop; whether there was one."""
        self.on.release()
        self.back.acquire()
        return not self.results and self.error is None


def in_pieces(work: Callable[[], T], module: nn.Module) -> Generator[None, None, T]:
    """Do `work`, stopping before each convolution of `module`; returns, or raises, what it does.

    Closed early it ends the work at its next stop.
    """
    task = _Work(work)
    task.thread = Thread(target=task.run, name="pieces", daemon=True)
    stops = [m for m in module.modules() if isinstance(m, HEAVY)]
    hooks = [stop.register_forward_pre_hook(task.pause) for stop in stops]
    task.thread.start()
    try:
        while task.let_on():
            yield
    finally:
        task.left = True
        task.on.release()
        task.thread.join()
        for hook in hooks:
            hook.remove()
    if task.error is not None:
        raise task.error
    return task.results[0]
