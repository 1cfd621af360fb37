"""Many writers, one thread, and one fsync for all who wait at the same time.

While a commit waits for the disk, others queue behind it; the next transaction takes
them all.  Nobody is told anything before that commit stands.  When one of them fails,
everything is undone and each is run again by itself, so that only the guilty one hears
of it: a body may therefore run twice, and changes nothing but the database.

Not taken: savepoints, because SQLite undoes the whole transaction where the disk is
full, and a commit after that says nothing; a relaxed `synchronous`, because what a
person was told must survive a power cut.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Body = Callable[[Connection], Any]
Transaction = Callable[[], AbstractContextManager[Callable[[Body], Any]]]

MOST: Final = 32  # in one transaction: whoever comes last waits for no more than these


@dataclass(frozen=True, slots=True)
class Wanted:
    """A body that waits, and whom to tell."""

    body: Body
    told: "Future[Any]" = field(default_factory=Future[Any])


class Together:
    """Bodies in the order in which they came, each committed before its future is done."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="line-writer")
        self._waiting: deque[Wanted] = deque()

    def submit(self, body: Callable[[Connection], T]) -> "Future[T]":
        """Raises `RuntimeError` after `shutdown`."""
        wanted = Wanted(body)
        self._waiting.append(wanted)
        self._thread.submit(self._turn)
        return wanted.told

    def shutdown(self) -> None:
        """Wait for all that was submitted."""
        self._thread.shutdown()

    def _turn(self) -> None:
        """One turn for each body; the first of them takes along those behind it."""
        came = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        batch = [wanted for wanted in came if wanted.told.set_running_or_notify_cancel()]
        if len(batch) > 1 and self._written(batch):
            return
        for wanted in batch:
            self._write(wanted)

    def _written(self, batch: Sequence[Wanted]) -> bool:
        """All in one transaction. False: somebody failed, and nothing was written."""
        try:
            with self._transaction() as run:
                answers = [run(wanted.body) for wanted in batch]
        except Exception:  # noqa: BLE001  whose it is shows when each runs by itself
            return False
        for wanted, answer in zip(batch, answers, strict=True):
            wanted.told.set_result(answer)
        return True

    def _write(self, wanted: Wanted) -> None:
        try:
            with self._transaction() as run:
                answer = run(wanted.body)
        except BaseException as error:  # noqa: BLE001  as an executor does: it is the caller's
            wanted.told.set_exception(error)
        else:
            wanted.told.set_result(answer)
