"""Opens an adapter file as if its author wished us ill.

Law of this file: the only format is safetensors, nothing is ever unpickled, and the
header is judged by its numbers before any of it is believed.  Caps: the safetensors
library itself takes headers of 100 MB, and one with 900,000 keys costs 650 MB and
four seconds (research/adapters.md §0.9).
"""

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor

from stylus_engine.errors import (
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotFinite,
    AdapterNotSafetensors,
    AdapterUnsupported,
)

MOST_HEADER = 16 * 2**20  # bytes; thumbnails and tag counts make honest ones of several MB
MOST_TENSORS = 50_000
MOST_NUMBERS = 2**40  # of one tensor, an empty one's other sizes included: torch multiplies them
DTYPES = {  # what torch has on every machine
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
LARGEST = 1e18  # of a factor: times what a layer is given, a sum of them is still a number
COMPARED = {torch.float64, torch.float32, torch.float16, torch.bfloat16}  # by `aminmax`
LOOKS_LIKE = (
    (b"PK\x03\x04", "it is a zip archive or a pickled torch file"),
    (b"\x80", "it is a pickle"),
    (b"GGUF", "it is a GGUF file"),
    (b"<", "it is a web page"),
    (b"{", "it is a JSON answer"),
)

Facts = dict[str, object]  # of one tensor in the header: dtype, shape, data_offsets


class Entry(NamedTuple):
    """One tensor of the header: its bytes are [start, end) of what follows the header."""

    key: str
    dtype: torch.dtype
    shape: list[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """The whole file in memory: what one may convert without looking at the disk again."""

    name: str
    sha256: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_adapter(path: Path, name: str, sha256: str = "") -> AdapterFile:
    """Read and check the file of the adapter people know as `name`.

    What was read is hashed, unless somebody vouches for its `sha256`: hashing takes
    longer than all the rest.  Raises the `AdapterFile…` errors, `AdapterNotSafetensors`,
    `AdapterNotFinite`, and `AdapterUnsupported` for number formats torch lacks.
    """
    try:
        with path.open("rb") as file:
            start, entries, words = _header(file, path.stat().st_size, name)
            payload = torch.empty(entries[-1].end, dtype=torch.uint8)
            if file.readinto(_bytes(payload)) < len(payload):
                raise AdapterFileTruncated(name=name)
    except OSError as error:
        where = f"{path} ({(error.strerror or 'unreadable').lower()})"
        raise AdapterFileMissing(name=name, path=where) from error
    tensors = _tensors(payload, entries, name)
    return AdapterFile(name, sha256 or _sha256(start, payload), tensors, words)


def _sha256(start: bytes, payload: Tensor) -> str:
    """Of the bytes in memory: what the disk holds by now may be something else."""
    digest = hashlib.sha256(start)
    digest.update(_bytes(payload))
    return digest.hexdigest()


def _bytes(payload: Tensor) -> memoryview:
    return memoryview(cast("bytearray", payload.numpy()))  # numpy's stubs hide that it is a buffer


def _header(
    file: BufferedReader, size: int, name: str
) -> tuple[bytes, list[Entry], dict[str, str]]:
    """The first bytes of a file of `size`, the tensors that they tell of, and the metadata."""
    if size == 0:
        raise AdapterFileEmpty(name=name)
    start = file.read(9)
    if len(start) < 9:
        _refuse_look_alikes(start, name)
        raise AdapterFileTruncated(name=name)
    (length,) = struct.unpack("<Q", start[:8])
    if length > MOST_HEADER or start[8:] != b"{":
        _refuse_look_alikes(start, name)
        raise AdapterNotSafetensors(name=name, why="its header is absurdly long")
    if length > size - 8:
        raise AdapterFileTruncated(name=name)
    start += file.read(length - 1)
    header = _parse(start[8:], name)
    metadata = header.pop("__metadata__", {})
    words = {key: value for key, value in metadata.items() if isinstance(value, str)}
    return start, _check_entries(header, size - 8 - length, name), words


def _refuse_look_alikes(start: bytes, name: str) -> None:
    for magic, why in LOOKS_LIKE:
        if start.lstrip().startswith(magic):
            raise AdapterNotSafetensors(name=name, why=why)
    if start[8:] not in (b"", b"{"):
        raise AdapterNotSafetensors(name=name, why="it does not begin with a header")


def _parse(raw: bytes, name: str) -> dict[str, Facts]:
    try:
        header: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        why = "its header is not JSON"
        raise AdapterNotSafetensors(name=name, why=why) from error
    entries = cast("dict[str, object]", header)  # it began with a brace
    if not all(isinstance(entry, dict) for entry in entries.values()):
        raise AdapterNotSafetensors(name=name, why="its header is malformed")
    return cast("dict[str, Facts]", entries)


def _check_entries(header: dict[str, Facts], room: int, name: str) -> list[Entry]:
    """The tensors in the order of their bytes, which fill the `room` after the header."""
    if not header:
        raise AdapterFileEmpty(name=name)
    if len(header) > MOST_TENSORS:
        why = f"{len(header)} tensors are more than any adapter has"
        raise AdapterNotSafetensors(name=name, why=why)
    entries = [_entry(key, facts, name) for key, facts in header.items()]
    if max(entry.end for entry in entries) > room:
        raise AdapterFileTruncated(name=name)
    entries.sort(key=lambda entry: (entry.start, entry.end))
    _check_order(entries, room, name)
    return entries


def _entry(key: str, facts: Facts, name: str) -> Entry:
    match facts:
        case {"dtype": str(dtype), "shape": list(), "data_offsets": [int(start), int(end)]}:
            sizes = cast("list[object]", facts["shape"])
            if dtype not in DTYPES:
                kind = f"numbers of type {dtype[:20]}"
                raise AdapterUnsupported(name=name, kind=kind)
            if _possible(sizes):
                return Entry(key, DTYPES[dtype], cast("list[int]", sizes), start, end)
        case _:
            pass
    raise AdapterNotSafetensors(name=name, why="its header is malformed")


def _possible(sizes: list[object]) -> bool:
    """Whether torch can have a tensor of these sizes."""
    whole = [size for size in sizes if type(size) is int and size >= 0]  # True is an int too
    return len(whole) == len(sizes) and math.prod(size or 1 for size in whole) <= MOST_NUMBERS


def _check_order(entries: list[Entry], room: int, name: str) -> None:
    """No byte belongs to two tensors or to none, and every tensor has as many as its shape asks for."""
    at = 0
    for entry in entries:
        size = math.prod(entry.shape) * entry.dtype.itemsize
        if entry.start != at or entry.end != at + size:
            raise _broken(entry.key, name)
        at = entry.end
    if at != room:
        raise _broken("the last tensor", name)


def _broken(where: str, name: str) -> AdapterNotSafetensors:
    why = f"its table of tensors is broken at {where[:80]}"
    return AdapterNotSafetensors(name=name, why=why)


def _tensors(payload: Tensor, entries: list[Entry], name: str) -> dict[str, Tensor]:
    """Every tensor, as stored: windows on `payload`, which nobody else writes to."""
    for run in _runs(entries):
        whole = _window(payload, run[0]._replace(end=run[-1].end, shape=[-1]))
        if not finite(whole):
            _refuse_broken_numbers(payload, run, name)
    return {entry.key: _window(payload, entry) for entry in entries}


def _runs(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Neighbours of one type; what holds no number is left out."""
    filled = (entry for entry in entries if entry.end > entry.start)
    return (list(run) for _, run in groupby(filled, key=lambda entry: entry.dtype))


def _window(payload: Tensor, entry: Entry) -> Tensor:
    raw = payload[entry.start : entry.end]
    if entry.start % entry.dtype.itemsize:
        raw = raw.clone()
    return raw.view(entry.dtype).view(entry.shape)


def _refuse_broken_numbers(payload: Tensor, run: list[Entry], name: str) -> None:
    for entry in run:
        if not finite(_window(payload, entry)):
            raise AdapterNotFinite(name=name, tensor=entry.key)


def finite(tensor: Tensor) -> bool:
    """Whether no number is NaN or infinite; `tensor` is not empty.

    NaN and infinity show in the extremes, which cost a fiftieth of `isfinite`.
    """
    return not tensor.is_floating_point() or all(map(math.isfinite, _extremes(tensor)))


def sane(factor: Tensor) -> bool:
    """Whether no number of a finished factor is NaN or so large that its products would be infinite.

    An infinity in a stack times the weight 0 of another row is no number in that row's picture.
    """
    return all(abs(extreme) <= LARGEST for extreme in _extremes(factor))


def _extremes(tensor: Tensor) -> list[float]:
    plain = tensor if tensor.dtype in COMPARED else tensor.float()
    return [extreme.item() for extreme in torch.aminmax(plain)]
