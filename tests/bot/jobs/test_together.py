"""Who waits together is committed together, and nobody hears of another's failure."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

import pytest

from bot.jobs.together import MOST, Together

Run = Callable[[Callable[[Any], Any]], Any]


class Book:
    """A database of one list: what a transaction wrote is there after its commit alone."""

    def __init__(self) -> None:
        self.committed: list[str] = []
        self.sizes: list[int] = []
        self.commits = 0
        self.broken: set[int] = set()  # numbers of commits that fail
        self.writer = Together(self.transaction)

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        page: list[str] = []
        yield lambda body: body(page)
        self.commits += 1
        if self.commits in self.broken:
            raise OSError("the disk is full")
        self.committed += page
        self.sizes.append(len(page))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The writer is in the middle of something; all that comes now waits."""
        here, go = threading.Event(), threading.Event()

        def hold(_: Any) -> None:
            here.set()
            assert go.wait(10)

        held = self.writer.submit(hold)
        assert here.wait(10)
        try:
            yield
        finally:
            go.set()
            held.result(10)

    def write(self, word: str):
        def body(page: Any) -> str:
            page.append(word)
            return word

        return self.writer.submit(body)

    def fail(self, word: str):
        def body(page: Any) -> None:
            page.append(word)
            raise LookupError(word)

        return self.writer.submit(body)


@pytest.fixture
def book() -> Iterator[Book]:
    made = Book()
    yield made
    made.writer.shutdown()


def test_those_who_wait_share_one_commit_in_their_order(book: Book):
    with book.busy():
        told = [book.write(word) for word in "abc"]
    assert [each.result(10) for each in told] == ["a", "b", "c"]
    assert book.committed == ["a", "b", "c"]
    assert book.sizes == [0, 3]


def test_nobody_is_told_before_the_commit(book: Book):
    seen: list[list[str]] = []
    with book.busy():
        first, second = book.write("a"), book.write("b")
        first.add_done_callback(lambda _: seen.append(list(book.committed)))
    second.result(10)
    assert seen == [["a", "b"]]


def test_one_that_fails_fails_alone_and_leaves_nothing(book: Book):
    with book.busy():
        first, wrong, last = book.write("a"), book.fail("b"), book.write("c")
    assert (first.result(10), last.result(10)) == ("a", "c")
    with pytest.raises(LookupError, match="b"):
        wrong.result(10)
    assert book.committed == ["a", "c"]


def test_a_commit_that_fails_is_tried_for_each_alone(book: Book):
    with book.busy():
        first, last = book.write("a"), book.write("b")
        book.broken = {2, 3}  # of both together, then of the first
    with pytest.raises(OSError, match="full"):
        first.result(10)
    assert last.result(10) == "b"
    assert book.committed == ["b"]


def test_who_gave_up_while_waiting_is_not_written(book: Book):
    with book.busy():
        kept, gone = book.write("a"), book.write("b")
        assert gone.cancel()
    assert kept.result(10) == "a"
    with pytest.raises(CancelledError):
        gone.result(10)
    assert book.committed == ["a"]


def test_a_crowd_is_taken_in_portions_and_nobody_is_forgotten(book: Book):
    with book.busy():
        told = [book.write(str(number)) for number in range(2 * MOST + 1)]
    assert [each.result(10) for each in told] == [str(number) for number in range(2 * MOST + 1)]
    assert book.sizes == [0, MOST, MOST, 1]


def test_closing_waits_for_what_was_begun():
    book = Book()
    told = [book.write(word) for word in "abc"]
    book.writer.shutdown()
    assert all(each.done() for each in told)
    with pytest.raises(RuntimeError):
        book.write("d")
