"""What is kept on the disk comes back bit for bit, or not at all."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from stylus_engine.sampling import store as room
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.shelf import FORGOTTEN, Entry, Shelf, exact, leaving
from stylus_engine.sampling.store import FactorStore
from tests.sampling.test_store import Folder, card
from tests.sampling.tiny import random_adapter, tiny_pipeline

ROOM = 2**30
LAYOUTS = ("kohya", "locon", "loha", "lokr", "dora")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder, pipeline = tmp_path_factory.mktemp("adapters"), tiny_pipeline(0)
    for seed, layout in enumerate(LAYOUTS):
        half = torch.float16 if layout == "kohya" else torch.float32
        path = folder / f"{layout}.safetensors"
        random_adapter(path, pipeline, layout, seed=seed, dtype=half)
    return folder


def some(name: str = "a" * 64, size: int = 8, number: float = 0.1) -> Factors:
    layer = Layer(torch.full((2, size), number), torch.full((size, 2), 0.5))
    return Factors(name, "f" * 64, {("unet", "mid_block.0"): layer}, kept=0.9991, residual=0.03)


def same(one: Factors, other: Factors) -> bool:
    facts = [(each.id, each.file_sha256, each.kept, each.residual) for each in (one, other)]
    return (
        facts[0] == facts[1]
        and one.layers.keys() == other.layers.keys()
        and all(
            torch.equal(layer.down, other.layers[place].down)
            and torch.equal(layer.up, other.layers[place].up)
            and layer.up.dtype == other.layers[place].up.dtype == torch.float32
            for place, layer in one.layers.items()
        )
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_after_a_restart_nothing_is_converted(folder, bases, tmp_path, monkeypatch, layout):
    before = FactorStore(Folder(folder), ROOM, shelf=Shelf(tmp_path, ROOM))
    first = before.get(card(layout), bases)
    before.close()

    def never(*_: object) -> Factors:
        raise AssertionError("it was converted again")

    monkeypatch.setattr(room, "convert", never)
    monkeypatch.setattr(room, "read_adapter", never)
    after = FactorStore(Folder(folder), ROOM, shelf=Shelf(tmp_path, ROOM))
    assert same(after.get(card(layout), bases), first)
    assert (after.loads, after.unshelved) == (1, 1)


def test_half_numbers_stay_half_on_the_disk(folder, bases, tmp_path):
    store = FactorStore(Folder(folder), ROOM, shelf=Shelf(tmp_path, ROOM))
    factors = store.get(card("kohya"), bases)
    store.close()
    (entry,) = Shelf(tmp_path, ROOM).entries()
    assert entry.size < 0.75 * factors.nbytes


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20))
def test_the_smallest_type_loses_nothing(numbers):
    tensor = torch.tensor(numbers, dtype=torch.float32)
    assert torch.equal(exact(tensor).float(), tensor)


def test_another_conversion_another_checkpoint_another_file_is_another_entry(
    folder, bases, tmp_path, monkeypatch
):
    shelf = Shelf(tmp_path, ROOM)
    for version in (1, 2):
        monkeypatch.setattr(room, "VERSION", version)
        for checkpoint in (bases, replace(bases, checkpoint="two")):
            store = FactorStore(Folder(folder), ROOM, shelf=shelf)
            store.get(card("kohya"), checkpoint)
            store.close()
            assert store.unshelved == 0
    assert len(shelf.entries()) == 4


def _cut(path: Path, at: float) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * at)])


def _flip(path: Path, back: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[-back] ^= 1
    path.write_bytes(bytes(raw))


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "cut in the header": lambda path: _cut(path, 0.1),
    "cut in the numbers": lambda path: _cut(path, 0.9),
    "one bit": lambda path: _flip(path, 1),
    "one bit elsewhere": lambda path: _flip(path, 20),
    "foreign": lambda path: save_file({"w": torch.ones(2)}, path),
    "a pickle": lambda path: torch.save({"w": torch.ones(2)}, path),
    "another one's": lambda path: (
        Shelf(path.parent, ROOM).keep(some("b" * 64))
        or path.write_bytes((path.parent / f"{'b' * 64}.safetensors").read_bytes())
    ),
    "half a layer": lambda path: save_file(
        {"unet/a/down": torch.ones(2)},
        path,
        {"v": "1", "id": "a" * 64, "sum": "0", "file_sha256": "", "kept": "1", "residual": "0"},
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_damaged_entry_is_removed_and_made_again(tmp_path, damage):
    shelf, factors = Shelf(tmp_path, ROOM), some()
    shelf.keep(factors)
    (path,) = tmp_path.glob("a*.safetensors")
    BROKEN[damage](path)
    assert shelf.find(factors.id) is None
    assert not path.exists()
    shelf.keep(factors)
    found = shelf.find(factors.id)
    assert found
    assert same(found, factors)


def test_a_store_draws_with_what_it_made_again(folder, bases, tmp_path):
    shelf = Shelf(tmp_path, ROOM)
    store = FactorStore(Folder(folder), ROOM, shelf=shelf)
    first = store.get(card("lokr"), bases)
    store.close()
    _flip(shelf.entries()[0].path, 3)
    again = FactorStore(Folder(folder), ROOM, shelf=shelf)
    assert same(again.get(card("lokr"), bases), first)
    assert (again.loads, again.unshelved) == (1, 0)
    again.close()
    assert len(shelf.entries()) == 1


def test_the_longest_unused_one_goes(tmp_path):
    names = [letter * 64 for letter in "abc"]
    Shelf(tmp_path, ROOM).keep(some(names[0]))
    size = Shelf(tmp_path, ROOM).entries()[0].size
    shelf = Shelf(tmp_path, 2 * size)
    for name in names[1:]:
        _grow_old(tmp_path)
        assert shelf.find(names[0])  # used again: the other one goes
        shelf.keep(some(name))
    left = {entry.path.stem for entry in shelf.entries()}
    assert left == {names[0], names[2]}
    shelf = Shelf(tmp_path, size - 1)
    shelf.keep(some("d" * 64))
    assert not shelf.find("d" * 64)  # larger than all the room there is


def _grow_old(folder: Path) -> None:
    for path in folder.iterdir():
        seen = path.stat()
        os.utime(path, (seen.st_atime - 10, seen.st_mtime))


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(0, 200))
def test_as_few_go_as_need_be(sizes, most):
    entries = [Entry(Path(str(at)), size, at) for at, size in enumerate(sizes)]
    gone = leaving(entries, most)
    assert gone == entries[: len(gone)]
    assert sum(sizes[len(gone) :]) <= most
    assert not gone or sum(sizes[len(gone) - 1 :]) > most


KILLED = """
import resource, signal, sys
from pathlib import Path
from stylus_engine.sampling.shelf import Shelf
from tests.sampling.test_shelf import some

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the system ends it in the middle of the write
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
Shelf(Path(sys.argv[1]), 1 << 20).keep(some("a" * 64, size=50_000))
"""


def test_a_process_that_is_ended_while_it_writes_leaves_nothing_for_ever(tmp_path):
    """Until it is done safetensors writes under a name of its own."""
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False, timeout=100)
    assert ended.returncode == -signal.SIGXFSZ
    (left,) = tmp_path.iterdir()
    old = time.time() - FORGOTTEN - 1
    os.utime(left, (old, old))
    Shelf(tmp_path, ROOM).keep(some("b" * 64))
    assert not left.exists()


def test_a_folder_that_may_not_be_looked_into_is_no_error(tmp_path, monkeypatch, caplog):
    def shut(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", shut)
    assert Shelf(tmp_path, ROOM).find("a" * 64) is None
    assert "is made again" in caplog.text


def test_what_a_killed_process_left_is_swept_and_never_read(tmp_path):
    shelf, part = Shelf(tmp_path, ROOM), tmp_path / f"{'a' * 64}.999.part"
    part.write_bytes(b"half")
    assert shelf.find("a" * 64) is None
    shelf.keep(some("b" * 64))
    assert part.exists()  # it may still be written
    old = time.time() - FORGOTTEN - 1
    os.utime(part, (old, old))
    shelf.keep(some("c" * 64))
    assert not part.exists()


def test_a_disk_that_takes_nothing_is_no_error(folder, bases, tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    store = FactorStore(Folder(folder), ROOM, shelf=Shelf(tmp_path / "file" / "below", ROOM))
    assert store.get(card("kohya"), bases).layers
    store.close()
    assert "was not kept" in caplog.text


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file of this process may grow beyond a kilobyte: the system refuses as a full disk does."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_disk_that_is_full_is_no_error(tmp_path, caplog, no_room):
    """What safetensors raises then is no `OSError`."""
    shelf, factors = Shelf(tmp_path, ROOM), some(size=50_000)
    shelf.keep(factors)
    assert "was not kept" in caplog.text
    assert shelf.find(factors.id) is None
    assert list(tmp_path.iterdir()) == []


def test_many_who_share_a_folder_never_see_half_an_entry(tmp_path):
    factors = some(size=50_000, number=1 / 3)

    def live(number: int) -> bool:
        shelf = Shelf(tmp_path, ROOM)
        if number % 2:
            shelf.keep(factors)
        found = shelf.find(factors.id)
        return found is None or same(found, factors)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(live, range(24)))
    assert Shelf(tmp_path, ROOM).find(factors.id)
