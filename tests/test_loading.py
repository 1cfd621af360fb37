"""Large libraries are imported without a search for garbage; afterwards garbage is found as before."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from stylus_engine.assembly.loading import unswept


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_nothing_is_looked_for_meanwhile():
    with unswept():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_library_that_is_not_there_changes_nothing():
    with pytest.raises(ImportError), unswept():
        raise ImportError("no such library")
    assert gc.isenabled()


def test_one_inside_another_leaves_it_to_the_outer():
    with unswept():
        with unswept():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_wants_no_search_at_all_keeps_it_so():
    gc.disable()
    with unswept():
        pass
    assert not gc.isenabled()


def test_two_threads_leave_it_on_whichever_ends_first(monkeypatch: pytest.MonkeyPatch):
    """The second looks while the first is inside, and goes on when the first has left."""
    first = unswept()
    first.__enter__()
    found = gc.isenabled

    def late() -> bool:
        seen = found()
        first.__exit__(None, None, None)
        return seen

    monkeypatch.setattr(gc, "isenabled", late)
    with unswept():
        monkeypatch.undo()
    assert gc.isenabled()


class Ring:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.me = self


def test_garbage_of_later_work_is_found():
    with unswept():
        pass
    lost = weakref.ref(Ring())
    heap = [[] for _ in range(200_000)]
    assert heap
    assert lost() is None
