"""Adapters are converted once, counted in bytes and never taken from under a drawing."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import torch

from stylus_engine.errors import AdapterChanged, AdapterFileMissing, AdapterFileTruncated
from stylus_engine.model import Adapter
from stylus_engine.sampling import store as room
from stylus_engine.sampling.delta import Cut
from stylus_engine.sampling.store import Bases, FactorStore
from tests.sampling.tiny import random_adapter, tiny_pipeline


class Folder:
    """The `AdapterFiles` port over a folder: hashes what lies there now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        path = self.folder / f"{adapter.name}.safetensors"
        if not path.exists():
            raise AdapterFileMissing(name=adapter.name, path=str(path))
        return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> Path:
    folder, pipeline = tmp_path_factory.mktemp("adapters"), tiny_pipeline(0)
    for seed, name in enumerate("abc"):
        random_adapter(folder / f"{name}.safetensors", pipeline, "kohya", seed=seed)
    return folder


@pytest.fixture
def folder(tmp_path, originals) -> Path:
    for path in originals.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def card(name: str) -> Adapter:
    return Adapter(card_id=f"test:{name}:1", name=name, family_declared="sd1-32")


A, B, C = card("a"), card("b"), card("c")


@pytest.fixture
def size(folder, bases) -> int:
    return FactorStore(Folder(folder), 2**30).get(A, bases).nbytes


def counts(store: FactorStore) -> tuple[int, int, int]:
    return store.loads, store.hits, store.evictions


def test_the_second_time_nothing_is_loaded(folder, bases):
    store = FactorStore(Folder(folder), 2**30)
    first = store.get(A, bases)
    assert store.get(A, bases) is first
    assert counts(store) == (1, 1, 0)
    assert store.nbytes == first.nbytes == sum(layer.nbytes for layer in first.layers.values())
    assert first.file_sha256 == hashlib.sha256((folder / "a.safetensors").read_bytes()).hexdigest()


def test_an_id_names_bytes_checkpoint_and_conversion(folder, bases, monkeypatch):
    store = FactorStore(Folder(folder), 2**30)
    ids = [store.get(A, bases).id]
    ids.append(store.get(B, bases).id)
    ids.append(store.get(A, Bases("two", bases.family, bases.modules)).id)
    ids.append(FactorStore(Folder(folder), 2**30, Cut(keep=0.9)).get(A, bases).id)
    monkeypatch.setattr(room, "VERSION", 999)
    ids.append(store.get(A, bases).id)
    assert len(set(ids)) == 5
    assert all(len(each) == 64 for each in ids)
    monkeypatch.undo()
    assert FactorStore(Folder(folder), 2**30).get(A, bases).id == ids[0]


def test_one_file_under_two_cards_is_one_adapter(folder, bases):
    store = FactorStore(Folder(folder), 2**30)
    (folder / "copy.safetensors").write_bytes((folder / "a.safetensors").read_bytes())
    assert store.get(card("copy"), bases) is store.get(A, bases)
    assert store.loads == 1


def test_the_least_recently_used_goes_first(folder, bases, size):
    store = FactorStore(Folder(folder), 2 * size)
    a, b = store.get(A, bases), store.get(B, bases)
    store.get(A, bases)
    c = store.get(C, bases)
    assert store.resident == (a.id, c.id)
    assert b.id not in store.resident
    assert counts(store) == (3, 1, 1)
    assert store.nbytes == 2 * size


def test_what_is_pinned_stays_until_it_was_unpinned_as_often(folder, bases, size):
    store = FactorStore(Folder(folder), size)
    a = store.get(A, bases)
    store.pin(a)
    store.pin(a)
    b = store.get(B, bases)
    assert store.resident == (a.id,)
    store.unpin(a)
    store.get(B, bases)
    assert store.resident == (a.id,)
    store.unpin(a)
    store.get(B, bases)
    assert store.resident == (b.id,)


def test_pins_may_exceed_the_capacity_and_give_it_back(folder, bases, size):
    store = FactorStore(Folder(folder), size)
    a = store.get(A, bases)
    with store.hold(a):
        b = store.get(B, bases)
        with store.hold(a, b):
            assert store.nbytes == 2 * size
        assert store.resident == (a.id,)
        store.clear()
        assert store.resident == (a.id,)
    assert store.nbytes == size


def test_hold_lets_go_when_the_drawing_breaks(folder, bases):
    store = FactorStore(Folder(folder), 0)
    a = store.get(A, bases)

    def draw() -> None:
        with store.hold(a):
            assert store.resident == (a.id,)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw()
    assert store.resident == ()


def test_pinning_brings_back_what_was_just_evicted(folder, bases):
    store = FactorStore(Folder(folder), 0)
    a = store.get(A, bases)
    assert store.resident == ()
    store.pin(a)
    assert store.get(A, bases) is a
    assert store.loads == 1


def test_a_file_that_changed_is_another_adapter(folder, bases):
    store = FactorStore(Folder(folder), 2**30)
    before = store.get(A, bases)
    (folder / "a.safetensors").write_bytes((folder / "b.safetensors").read_bytes())
    after = store.get(A, bases)
    assert after.id != before.id
    assert after.file_sha256 != before.file_sha256
    assert counts(store) == (2, 0, 0)


def test_a_file_swapped_between_the_look_and_the_read(folder, bases):
    class Swapping(Folder):
        def fetch(self, adapter: Adapter) -> tuple[Path, str]:
            path, sha256 = super().fetch(adapter)
            path.write_bytes((self.folder / "b.safetensors").read_bytes())
            return path, sha256

    store = FactorStore(Swapping(folder), 2**30)
    with pytest.raises(AdapterChanged):
        store.get(A, bases)
    assert store.resident == ()


def test_a_file_that_cannot_be_read_leaves_nothing_behind(folder, bases):
    store = FactorStore(Folder(folder), 2**30)
    whole = (folder / "a.safetensors").read_bytes()
    (folder / "a.safetensors").write_bytes(whole[:-10])
    with pytest.raises(AdapterFileTruncated):
        store.get(A, bases)
    assert (counts(store), store.resident) == ((0, 0, 0), ())
    (folder / "a.safetensors").write_bytes(whole)
    store.get(A, bases)
    assert counts(store) == (1, 0, 0)


def test_eight_threads_convert_one_adapter_once(folder, bases):
    store, start = FactorStore(Folder(folder), 2**30), Barrier(8)

    def get(_: int):
        start.wait()
        return store.get(A, bases)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(get, range(8)))
    assert all(each is found[0] for each in found)
    assert counts(store) == (1, 7, 0)


def test_a_hit_does_not_wait_for_a_conversion(folder, bases, monkeypatch):
    store = FactorStore(Folder(folder), 2**30)
    a = store.get(A, bases)
    inside: list[object] = []
    slow = room.convert

    def convert(*arguments):
        with ThreadPoolExecutor(1) as thread:
            inside.append(thread.submit(store.get, A, bases).result(timeout=30))
        return slow(*arguments)

    monkeypatch.setattr(room, "convert", convert)
    store.get(B, bases)
    assert inside == [a]


def test_many_threads_leave_the_books_in_order(folder, bases, size):
    store = FactorStore(Folder(folder), size)

    def work(number: int) -> None:
        factors = store.get((A, B, C)[number % 3], bases)
        with store.hold(factors):
            assert factors.id in store.resident

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(12)))
    assert store.nbytes <= size
    assert store.loads + store.hits == 12
    assert torch.is_tensor(next(iter(store.get(A, bases).layers.values())).up)
