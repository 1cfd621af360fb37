"""One kind of pickle is read; every other one is refused before it does anything."""

import os
import pickle
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.sources import unpickling
from stylus_engine.catalog.sources.unpickling import unpickled
from stylus_engine.errors import BadArchive
from tests.catalog.sources.archive import NEW, OLD, make, row

INFO = b"c" + NEW.encode() + b"\nAdapterInfo\n"
BAG = INFO + b")\x81"  # an object of it


@pytest.mark.parametrize("module", [NEW, OLD])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_archives_own_classes_are_read_as_plain_fields(tmp_path, module, protocol):
    rows = [row(1), row(2, llm_description=None, weight=1, tags=[], title="墨 “ink” \U0001f5a4")]
    made = make(tmp_path / "a.pkl", rows, module, protocol).read_bytes()
    assert module.encode() in made
    assert unpickled(made, "a") == rows
    assert not [name for name in sys.modules if name.partition(".")[0] in ("stylus", "autoadapter")]


def test_a_row_that_was_never_filled_and_no_rows_at_all():
    assert unpickled(b"\x80\x02](" + BAG + b"e.", "a") == [{}]
    assert unpickled(pickle.dumps([]), "a") == []


class Evil:
    def __init__(self, *what):
        self.what = what

    def __reduce__(self):
        return self.what


def evil(tmp_path: Path) -> dict[str, bytes]:
    """Name -> pickle; those that run would leave a file behind."""
    mark = tmp_path / "ran"
    touch = f"touch {mark}"
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    tuples = b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s."
    return {
        "os.system": pickle.dumps(Evil(os.system, (touch,))),
        "os.system, protocol 0": pickle.dumps(Evil(os.system, (touch,)), protocol=0),
        "builtins.eval": pickle.dumps([Evil(eval, (f"open({str(mark)!r}, 'w')",))]),
        "builtins.exec": pickle.dumps([Evil(exec, (f"open({str(mark)!r}, 'w')",))]),
        "subprocess.Popen": pickle.dumps(Evil(subprocess.Popen, (["touch", str(mark)],))),
        "inst": b"(S'" + touch.encode() + b"'\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nS'" + touch.encode() + b"'\no.",
        "a class made by name": b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
        "another class of that module": b"c" + NEW.encode() + b"\nOther\n.",
        "an object of another class": b"\x80\x02](cos\nsystem\n)\x81e.",
        "an object of another class of that module": b"\x80\x02](c" + NEW.encode() + b"\nOther\n)\x81e.",
        "that class of another module": b"\x80\x02](cstylus\nAdapterInfo\n)\x81e.",
        "a dotted way through the class": b"\x80\x04\x8c" + bytes([len(NEW)]) + NEW.encode()
        + b"\x8c\x1fAdapterInfo.__init__.__globals__\x93.",
        "the class called with something": INFO + b"(K\x01tR.",
        "new with arguments": b"\x80\x02" + INFO + b"K\x01\x85\x81.",
        "newobj_ex": b"\x80\x04" + INFO + b")}\x92.",
        "ext1": b"\x80\x02\x82\x01.",
        "ext2": b"\x80\x02\x83\x01\x00.",
        "ext4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "persid": b"Psomewhere\n.",
        "binpersid": b"K\x01Q.",
        "out of band buffer": b"\x80\x05\x97.",
        "bytearray of 10 GB": b"\x80\x05\x96" + struct.pack("<Q", 10 << 30) + b".",
        "text of 10 GB": b"\x80\x04\x8d" + struct.pack("<Q", 10 << 30) + b"x.",
        "text of 2^63": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 63) + b"x.",
        "frame of 10 GB": b"\x80\x04\x95" + struct.pack("<Q", 10 << 30) + b"].",
        "memo bomb": b"\x80\x02]r\xff\xff\xff\x7f.",
        "memo bomb in letters": b"]p4000000000\n.",
        "memo below zero": b"]p-5\n.",
        "number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
        "long of a megabyte": b"\x8b" + struct.pack("<i", 1 << 20) + b"\x01" * (1 << 20) + b".",
        "state on the class": b"\x80\x02](" + INFO + b"}X\x01\x00\x00\x00aK\x01sbe.",
        "state that is no dict": b"\x80\x02](" + BAG + b"]be.",
        "state on a list": b"\x80\x02]]}b.",
        "lists as deep as they go": deep,
        "tuples to hash, as deep as they go": tuples,
        "a dict that keys itself by a list": b"\x80\x02}]K\x01s.",
        "no list": pickle.dumps({"a": 1}),
        "a list of something else": pickle.dumps(["a"]),
        "the class itself": b"\x80\x02](" + INFO + b"e.",
        "bytes": pickle.dumps([b"x"]),
        "a set": pickle.dumps([{1}]),
        "cut off": make(tmp_path / "x.pkl", [row(1)]).read_bytes()[:-20],
        "empty": b"",
        "a web page": b"<!doctype html><html>",
        "nothing on the stack": b"a.",
        "no mark": b"]e.",
    }  # fmt: skip


def test_forty_hostile_pickles_are_refused_and_none_of_them_runs(tmp_path):
    began = time.monotonic()
    pickles = evil(tmp_path)
    assert len(pickles) >= 40
    for data in pickles.values():
        with pytest.raises(BadArchive, match=r"^a cannot be imported: its pickle [^\n]+$"):
            unpickled(data, "a")
    assert not (tmp_path / "ran").exists()
    assert time.monotonic() - began < 20


def test_the_evil_ones_are_evil(tmp_path):
    """An independent look: Python's own reader does what they say."""
    pickle.loads(evil(tmp_path)["os.system"])  # noqa: S301 - to see that it would
    assert (tmp_path / "ran").exists()


def test_what_is_refused_was_not_built(tmp_path):
    """The scan comes first: a bomb costs no memory."""
    code = (
        "import resource, sys; sys.path.insert(0, '.')\n"
        "from stylus_engine.catalog.sources.unpickling import unpickled\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from stylus_engine.errors import BadArchive\n"
        "try: unpickled(open(sys.argv[1], 'rb').read(), 'a')\n"
        "except BadArchive as e: print(e)\n"
    )
    for name in ("memo bomb", "text of 10 GB", "tuples to hash, as deep as they go"):
        (tmp_path / "bomb").write_bytes(evil(tmp_path)[name])
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "bomb"], capture_output=True, check=False
        )
        assert done.returncode == 0, (name, done.stderr)
        assert b"MemoryError" not in done.stdout, name


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_CONTAINERS", 3), ("MOST_VALUES", 20), ("MOST_BYTES", 99)]
)
def test_too_many_values_are_too_many(tmp_path, monkeypatch, limit, value):
    made = make(tmp_path / "a.pkl", [row(1)]).read_bytes()
    monkeypatch.setattr(unpickling, limit, value)
    with pytest.raises(BadArchive, match=r"too many values|more than 99 bytes"):
        unpickled(made, "a")


def test_too_many_values_are_noticed_before_the_end(monkeypatch):
    monkeypatch.setattr(unpickling, "MOST_VALUES", 20)
    with pytest.raises(BadArchive, match="too many values"):
        unpickled(b"\x80\x02" + b"N" * 30 + b"no opcode", "a")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x80\x04", b"\x80\x02](" + BAG]))
def test_bytes_at_random_are_refused_or_are_rows(data, start):
    assert_refused_or_rows(start + data)


def assert_refused_or_rows(data: bytes) -> None:
    with suppress(BadArchive):
        assert all(isinstance(fields, dict) for fields in unpickled(data, "a"))


@given(st.data())
def test_a_real_pickle_with_bytes_changed_is_refused_or_is_rows(made, data):
    changed = bytearray(made)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    assert_refused_or_rows(bytes(changed))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "a.pkl", [row(1), row(2)]).read_bytes()
