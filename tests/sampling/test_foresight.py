"""What was named ahead is ready when it is drawn with, and a guess stands in nobody's way."""

import threading
from pathlib import Path

import pytest

from stylus_engine.errors import AdapterFileMissing
from stylus_engine.model import Adapter
from stylus_engine.sampling import store as room
from stylus_engine.sampling.foresight import MOST, Foresight
from stylus_engine.sampling.shelf import Shelf
from stylus_engine.sampling.store import FactorStore
from tests.sampling.test_store import Folder, card
from tests.sampling.tiny import random_adapter, tiny_pipeline

ROOM = 2**30


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder, pipeline = tmp_path_factory.mktemp("adapters"), tiny_pipeline(0)
    for layout in ("kohya", "lokr", "dora"):
        random_adapter(folder / f"{layout}.safetensors", pipeline, layout)
    return folder


def test_what_was_named_is_there_when_it_is_drawn_with(folder, bases):
    store = FactorStore(Folder(folder), ROOM)
    foresight = Foresight(lambda adapter, likely: store.prepare(adapter, bases, likely=likely))
    assert foresight.wish("job", card("kohya"))
    foresight.close()
    assert (store.loads, store.hits, foresight.prepared) == (1, 0, 1)
    plain = FactorStore(Folder(folder), ROOM).get(card("kohya"), bases)
    assert store.get(card("kohya"), bases).id == plain.id
    assert (store.loads, store.hits) == (1, 1)


def test_what_reads_base_weights_waits_for_the_drawing(folder, bases, tmp_path):
    """A drawing may have merged something into them at this very moment."""
    shelf = Shelf(tmp_path, ROOM)
    store = FactorStore(Folder(folder), ROOM, shelf=shelf)
    assert not store.prepare(card("dora"), bases)
    assert store.loads == 0
    store.get(card("dora"), bases)
    store.close()
    again = FactorStore(Folder(folder), ROOM, shelf=shelf)
    assert again.prepare(card("dora"), bases)  # once worked out, it is only read
    assert again.unshelved == 1


def test_a_long_conversion_keeps_nobody_waiting_but_who_needs_it(folder, bases, monkeypatch):
    store, begun, go_on = FactorStore(Folder(folder), ROOM), threading.Event(), threading.Event()
    slow = room.convert

    def convert(file, *rest):
        if file.name == "lokr":
            begun.set()
            assert go_on.wait(30)
        return slow(file, *rest)

    monkeypatch.setattr(room, "convert", convert)
    foresight = Foresight(lambda adapter, likely: store.prepare(adapter, bases, likely=likely))
    foresight.wish("job", card("lokr"))
    assert begun.wait(30)
    assert store.get(card("kohya"), bases).layers  # not delayed
    go_on.set()
    assert store.get(card("lokr"), bases).layers  # waits for the one that is under way
    foresight.close()
    assert (store.loads, store.hits) == (2, 1)


class Slow:
    """Makes one thing at a time, when it is let."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, adapter: Adapter, likely: bool) -> None:
        self.begun.set()
        assert self.go_on.wait(30)
        if adapter.name == "gone":
            raise AdapterFileMissing(name=adapter.name, path="nowhere")
        self.made.append(adapter.name)


def test_few_may_wait_and_what_nobody_wants_is_not_begun():
    slow = Slow()
    foresight = Foresight(slow)
    assert foresight.wish("one", card("a"))
    assert slow.begun.wait(30)
    for number in range(MOST - 1):
        assert foresight.wish("two" if number else "three", card(f"{number}"))
    assert not foresight.wish("two", card("too many"))
    foresight.drop("two")
    assert foresight.wish("four", card("gone"))  # there is room again
    assert foresight.wish("four", card("last"))
    slow.go_on.set()
    foresight._thread.submit(int).result(30)
    foresight.close()
    assert slow.made == ["a", "0", "last"]
    assert foresight.prepared == 3


def test_what_is_named_goes_before_what_is_likely_and_neither_takes_the_others_place():
    slow = Slow()
    foresight = Foresight(slow)
    assert foresight.wish("one", card("a"))
    assert slow.begun.wait(30)
    for number in range(MOST):
        assert foresight.wish("one", card(f"maybe {number}"), likely=True)
    assert not foresight.wish("one", card("too many"), likely=True)
    assert foresight.wish("one", card("named"))
    slow.go_on.set()
    while foresight._wishes:
        foresight._thread.submit(int).result(30)
    foresight.close()
    assert slow.made == ["a", "named", *(f"maybe {number}" for number in range(MOST))]
    assert foresight.prepared == 2


def test_a_guess_takes_nobodys_place_and_goes_first(folder, bases):
    store = FactorStore(Folder(folder), ROOM)
    size = store.get(card("kohya"), bases).nbytes
    lokr = store.get(card("lokr"), bases).nbytes
    store = FactorStore(Folder(folder), size + 1)
    store.get(card("kohya"), bases)
    before = store.resident
    assert not store.prepare(card("lokr"), bases, likely=True)
    assert store.resident == before
    assert (store.loads, store.evictions, store.guessed) == (1, 0, 0), "nothing was worked out"
    store = FactorStore(Folder(folder), size + lokr)
    assert store.prepare(card("lokr"), bases, likely=True)
    kohya = store.get(card("kohya"), bases).id
    assert (store.guessed, store.evictions) == (1, 0)
    store._capacity -= 1
    store.unpin(store.get(card("kohya"), bases))
    assert store.resident == (kohya,), "the guess was the first to go"
    assert store.guess_hits == 0


def test_a_right_guess_is_counted_told_and_only_then_shelved(folder, bases, tmp_path):
    shelf = Shelf(tmp_path, ROOM)
    store = FactorStore(Folder(folder), ROOM, shelf=shelf)
    store.prepare(card("kohya"), bases, likely=True)
    store.prepare(card("lokr"), bases, likely=True)
    assert store._writing is not None
    store._writing.submit(int).result(30)
    assert shelf.entries() == []
    assert [store.take(card("kohya"), bases).how for _ in range(2)] == ["ahead", "memory"]
    store.close()
    assert len(shelf.entries()) == 1
    assert (store.guessed, store.guess_hits) == (2, 1)
    again = FactorStore(Folder(folder), ROOM, shelf=shelf)
    assert again.take(card("kohya"), bases).how == "shelf"
    assert again.take(card("lokr"), bases).how == "converted"
    again.close()


def test_a_guess_that_is_named_is_worth_as_much_as_any(folder, bases):
    store = FactorStore(Folder(folder), ROOM)
    store.prepare(card("lokr"), bases, likely=True)
    store.get(card("kohya"), bases)
    lokr = store.resident[0]
    store.prepare(card("lokr"), bases)
    assert store.resident[-1] == lokr


def test_it_ends_with_the_one_that_is_under_way():
    slow = Slow()
    foresight = Foresight(slow)
    foresight.wish("one", card("a"))
    assert slow.begun.wait(30)
    foresight.wish("one", card("b"))
    slow.go_on.set()
    foresight.close()
    assert slow.made == ["a"]
