"""An adapter file is judged by its bytes, and each way of being bad has its own sentence."""

import hashlib
import json
import pickle
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from stylus_engine.errors import (
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotFinite,
    AdapterNotSafetensors,
    AdapterUnsupported,
    BadAdapter,
)
from stylus_engine.sampling import files
from stylus_engine.sampling.files import read_adapter


def good(path: Path, **more: torch.Tensor) -> Path:
    tensors = {"a.alpha": torch.tensor(4.0), "b.weight": torch.ones(3, 2)} | more
    save_file(tensors, path, metadata={"format": "pt", "who": "me"})
    return path


def written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def framed(header: object, data: bytes = b"") -> bytes:
    """A safetensors frame around any header."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def entry(**facts: object) -> dict[str, object]:
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | facts}


def refused(path: Path, error: type[BadAdapter]) -> str:
    """Reading raises exactly `error`; returns its sentence."""
    with pytest.raises(error) as caught:
        read_adapter(path, "Ink")
    assert type(caught.value) is error
    said = str(caught.value)
    assert "Ink" in said
    assert "\n" not in said
    return said


def test_a_good_file_is_read_whole(tmp_path):
    path = good(tmp_path / "a.safetensors")
    file = read_adapter(path, "Ink")
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.metadata == {"format": "pt", "who": "me"}
    assert set(file.tensors) == {"a.alpha", "b.weight"}
    assert torch.equal(file.tensors["b.weight"], torch.ones(3, 2))


def test_what_was_read_no_longer_hangs_on_the_file(tmp_path):
    path = good(tmp_path / "a.safetensors")
    file = read_adapter(path, "Ink")
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(file.tensors["b.weight"], torch.ones(3, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_small_floats_are_read(tmp_path, dtype):
    path = good(tmp_path / "a.safetensors", c=torch.ones(2).to(dtype))
    assert read_adapter(path, "Ink").tensors["c"].dtype is dtype


def test_missing(tmp_path):
    assert "nowhere" in refused(tmp_path / "nowhere.safetensors", AdapterFileMissing)
    assert "is a directory" in refused(tmp_path, AdapterFileMissing)


def test_zero_bytes_and_no_tensors(tmp_path):
    refused(written(tmp_path / "a", b""), AdapterFileEmpty)
    refused(written(tmp_path / "b", framed({"__metadata__": {}})), AdapterFileEmpty)


@pytest.mark.parametrize("kept", [5, 8, 9, 40, -1])
def test_truncated_anywhere(tmp_path, kept):
    whole = good(tmp_path / "a.safetensors").read_bytes()
    assert "ends too early" in refused(written(tmp_path / "b", whole[:kept]), AdapterFileTruncated)


def test_offsets_past_the_end(tmp_path):
    raw = framed(entry(data_offsets=[0, 80], shape=[20]), b"\0" * 8)
    refused(written(tmp_path / "a", raw), AdapterFileTruncated)


class Bomb:
    """Unpickling it would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_named_and_never_opened(tmp_path, protocol):
    trace = tmp_path / "trace"
    raw = pickle.dumps(Bomb(trace), protocol=protocol)
    refused(written(tmp_path / "a.safetensors", raw), AdapterNotSafetensors)
    torch.save({"w": Bomb(trace)}, tmp_path / "b.safetensors")
    said = refused(tmp_path / "b.safetensors", AdapterNotSafetensors)
    assert "zip archive or a pickled torch file" in said
    assert not trace.exists()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<!DOCTYPE html><html>Just a moment...</html>", "a web page"),
        (b"\n  <html>", "a web page"),
        (b'{"error":"Unauthorized"}', "a JSON answer"),
        (b"GGUF\3\0\0\0\0\0\0\0", "a GGUF file"),
        (pickle.dumps([1, 2, 3], protocol=4), "a pickle"),
        (struct.pack("<Q", 2**40) + b"{" + b" " * 99, "absurdly long"),
        (framed(b"no json at all, but of the right length"), "does not begin with a header"),
        (framed(b"{broken"), "not JSON"),
        (framed(b"{" + b'"a":[' * 100_000), "not JSON"),
        (framed(b'{"\xff": 1}'), "not JSON"),
        (framed({"w": 3}), "malformed"),
        (framed({"w": {"dtype": "F32"}}), "malformed"),
        (framed(entry(shape="big")), "malformed"),
        (framed(entry(shape=[3]), b"\0" * 8), "table of tensors is broken"),
        (framed(entry(data_offsets=[8, 0]), b"\0" * 8), "table of tensors is broken"),
        (framed(entry(), b"\0" * 9), "table of tensors is broken"),
    ],
)
def test_not_safetensors(tmp_path, raw, why):
    assert why in refused(written(tmp_path / "a.safetensors", raw), AdapterNotSafetensors)


def test_more_tensors_than_any_adapter_has(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_TENSORS", 1)
    said = refused(good(tmp_path / "a.safetensors"), AdapterNotSafetensors)
    assert "2 tensors are more" in said


def test_numbers_torch_does_not_have(tmp_path):
    raw = framed(entry(dtype="F4", shape=[16]), b"\0" * 8)
    assert "F4" in refused(written(tmp_path / "a", raw), AdapterUnsupported)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_broken_numbers_are_named(tmp_path, number, dtype):
    bad = torch.ones(2, 2, dtype=dtype)
    bad[1, 0] = number
    path = good(tmp_path / "a.safetensors", **{"lora.up": bad})
    assert "in lora.up" in refused(path, AdapterNotFinite)


def test_a_file_written_to_after_it_was_read(tmp_path, monkeypatch):
    """The digest is that of the bytes one draws with, whatever the disk holds by now."""
    path = good(tmp_path / "a.safetensors")
    before = path.read_bytes()
    slowly = files._tensors

    def meanwhile(*arguments):
        path.write_bytes(before[:-1] + b"\1")
        return slowly(*arguments)

    monkeypatch.setattr(files, "_tensors", meanwhile)
    file = read_adapter(path, "Ink")
    assert file.sha256 == hashlib.sha256(before).hexdigest()
    assert torch.equal(file.tensors["b.weight"], torch.ones(3, 2))


def test_a_file_that_shrinks_while_it_is_read(tmp_path, monkeypatch):
    path = good(tmp_path / "a.safetensors")
    slowly = files._header

    def meanwhile(*arguments):
        found = slowly(*arguments)
        path.write_bytes(b"")
        return found

    monkeypatch.setattr(files, "_header", meanwhile)
    monkeypatch.setattr(files.Path, "open", lambda self, mode: open(self, mode, buffering=0))  # noqa: PTH123, SIM115 - closed by its reader
    refused(path, AdapterFileTruncated)


def test_what_somebody_vouches_for_is_not_hashed(tmp_path):
    path = good(tmp_path / "a.safetensors")
    assert read_adapter(path, "Ink", "theirs").sha256 == "theirs"


def test_the_table_may_stand_in_any_order_and_at_odd_places(tmp_path):
    """Not as safetensors writes it, and read all the same: the numbers lie where the table says."""
    numbers = struct.pack("<B", 7) + struct.pack("<2f", 1.5, -2.5)
    header = {
        "w": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
        "none": {"dtype": "F16", "shape": [0, 3], "data_offsets": [9, 9]},
        "b": {"dtype": "U8", "shape": [], "data_offsets": [0, 1]},
    }
    file = read_adapter(written(tmp_path / "a", framed(header, numbers)), "Ink")
    assert file.tensors["w"].tolist() == [1.5, -2.5]
    assert (file.tensors["b"].item(), file.tensors["none"].shape) == (7, (0, 3))


@pytest.mark.parametrize(
    "offsets",
    [([0, 8], [4, 12]), ([0, 8], [12, 20]), ([0, 8], [0, 8])],
    ids=["overlap", "hole", "twice"],
)
def test_bytes_that_belong_to_two_tensors_or_to_none(tmp_path, offsets):
    header = {
        key: {"dtype": "F32", "shape": [2], "data_offsets": place}
        for key, place in zip("ab", offsets, strict=True)
    }
    raw = framed(header, b"\0" * offsets[1][1])
    assert "table of tensors" in refused(written(tmp_path / "a", raw), AdapterNotSafetensors)
