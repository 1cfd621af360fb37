"""NaN and infinity in every format, against torch's own `isfinite`."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from stylus_engine.catalog.probe import finite, read_header
from stylus_engine.catalog.probe.numbers import PIECE
from stylus_engine.errors import AdapterFileMissing, AdapterFileTruncated, AdapterNotFinite

FORMATS = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e8m0fnu,
]  # fmt: skip
NARROW = {2: torch.int16, 1: torch.uint8}  # bytes of a number -> its bits as a whole number


def put(folder: Path, **tensors: torch.Tensor) -> Path:
    path = folder / "ink.safetensors"
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("dtype", FORMATS, ids=str)
def test_every_bit_pattern_is_judged_as_torch_does(dtype: torch.dtype, tmp_path: Path):
    """All patterns of the narrow formats; of the wide ones those with the top 16 bits."""
    size = dtype.itemsize
    if size <= 2:
        bits = torch.arange(2 ** (8 * size)).to(NARROW[size])
    else:
        whole = torch.int64 if size == 8 else torch.int32
        bits = torch.arange(-(2**15), 2**15).to(whole) << (8 * size - 16)
    numbers = bits.view(dtype)
    good = torch.isfinite(numbers.double())
    finite(put(tmp_path, a=bits[good].view(dtype)))
    bad = bits[~good]
    for one in bad if len(bad) < 300 else bad[:: len(bad) // 40]:
        with pytest.raises(AdapterNotFinite, match="broken numbers in b"):
            finite(put(tmp_path, a=bits[good].view(dtype), b=one.reshape(1).view(dtype)))


@pytest.mark.parametrize("at", [0, PIECE // 4 - 1, PIECE // 4, PIECE // 2 + 7, -1])
def test_it_looks_at_every_piece(at: int, tmp_path: Path):
    tensor = torch.zeros(PIECE // 2 + 10)
    tensor[at] = float("inf")
    with pytest.raises(AdapterNotFinite):
        finite(put(tmp_path, a=torch.zeros(5), b=tensor))


def test_whole_numbers_are_no_broken_ones(tmp_path: Path):
    full = torch.full((4,), -1)
    header = finite(put(tmp_path, a=full, b=full.to(torch.uint8), c=torch.ones(2), d=torch.ones(0)))
    assert len(header.tensors) == 4


def test_a_file_that_shrinks_or_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = put(tmp_path, a=torch.zeros(100))

    def shrinking(path: Path, name: str):
        header = read_header(path, name)
        path.write_bytes(path.read_bytes()[:-1])
        return header

    monkeypatch.setattr("stylus_engine.catalog.probe.numbers.read_header", shrinking)
    with pytest.raises(AdapterFileTruncated):
        finite(path)
    monkeypatch.undo()
    path.unlink()
    with pytest.raises(AdapterFileMissing):
        finite(path)
