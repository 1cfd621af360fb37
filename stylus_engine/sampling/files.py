"""Opens an adapter file as if its author wished us ill.

Law of this file: the only format is safetensors, nothing is ever unpickled, and the
header is judged by its numbers before any of it is believed.  Caps: the safetensors
library itself takes headers of 100 MB, and one with 900,000 keys costs 650 MB and
four seconds (research/adapters.md §0.9).
"""

# `safe_open` carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from stylus_engine.errors import (
    AdapterChanged,
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotFinite,
    AdapterNotSafetensors,
    AdapterUnsupported,
)

MOST_HEADER = 16 * 2**20  # bytes; thumbnails and tag counts make honest ones of several MB
MOST_TENSORS = 50_000
FLOATS = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
DTYPES = FLOATS | {"I64", "I32", "I16", "I8", "U8", "BOOL"}  # what torch has on every machine
LOOKS_LIKE = (
    (b"PK\x03\x04", "it is a zip archive or a pickled torch file"),
    (b"\x80", "it is a pickle"),
    (b"GGUF", "it is a GGUF file"),
    (b"<", "it is a web page"),
    (b"{", "it is a JSON answer"),
)

Facts = dict[str, object]  # of one tensor in the header: dtype, shape, data_offsets


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """The whole file in memory: what one may convert without looking at the disk again."""

    name: str
    sha256: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_adapter(path: Path, name: str) -> AdapterFile:
    """Read, check and hash the file of the adapter people know as `name`.

    Raises the `AdapterFile…` errors, `AdapterNotSafetensors`, `AdapterNotFinite`,
    `AdapterUnsupported` for number formats torch lacks, and `AdapterChanged` when
    the file was written to meanwhile.
    """
    try:
        sha256, metadata, tensors = _read(path, name)
    except OSError as error:
        where = f"{path} ({(error.strerror or 'unreadable').lower()})"
        raise AdapterFileMissing(name=name, path=where) from error
    for key, tensor in tensors.items():
        if not torch.isfinite(_plain(tensor)).all():
            raise AdapterNotFinite(name=name, tensor=key)
    return AdapterFile(name, sha256, tensors, metadata)


def _read(path: Path, name: str) -> tuple[str, dict[str, str], dict[str, Tensor]]:
    """The sha256, metadata and tensors of one and the same state of the file."""
    with path.open("rb") as file:
        before = _stamp(path)
        metadata = _check_header(file, path.stat().st_size, name)
        sha256 = _sha256(file)
        tensors = _tensors(path, name)
        if _stamp(path) != before and (found := _sha256(file)) != sha256:
            raise AdapterChanged(name=name, wanted=sha256, found=found)
    return sha256, metadata, tensors


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sha256(file: BufferedReader) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _check_header(file: BufferedReader, size: int, name: str) -> dict[str, str]:
    """Read the header of `size` bytes of file; return its metadata."""
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
    header = _parse(b"{" + file.read(length - 1), name)
    return _check_entries(header, size - 8 - length, name)


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


def _check_entries(header: dict[str, Facts], room: int, name: str) -> dict[str, str]:
    """Check the table of tensors against the `room` bytes that follow the header."""
    metadata = header.pop("__metadata__", {})
    if not header:
        raise AdapterFileEmpty(name=name)
    if len(header) > MOST_TENSORS:
        why = f"{len(header)} tensors are more than any adapter has"
        raise AdapterNotSafetensors(name=name, why=why)
    for facts in header.values():
        if _end(facts, name) > room:
            raise AdapterFileTruncated(name=name)
    return {key: value for key, value in metadata.items() if isinstance(value, str)}


def _end(facts: Facts, name: str) -> int:
    """Where the tensor ends, in bytes after the header."""
    match facts:
        case {"dtype": str(dtype), "shape": list(), "data_offsets": [int(), int(end)]}:
            if dtype not in DTYPES:
                kind = f"numbers of type {dtype[:20]}"
                raise AdapterUnsupported(name=name, kind=kind)
            return end
        case _:
            raise AdapterNotSafetensors(name=name, why="its header is malformed")


def _tensors(path: Path, name: str) -> dict[str, Tensor]:
    """Every tensor, as stored. The library checks offsets and shapes against each other."""
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            # Cloned: these tensors are windows on the file, which others may write to.
            return {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        why = f"its table of tensors is broken: {str(error)[:80]}"
        raise AdapterNotSafetensors(name=name, why=why) from error


def _plain(tensor: Tensor) -> Tensor:
    """In a type that `isfinite` knows: eight-bit floats have no kernel of their own."""
    return tensor.float() if tensor.is_floating_point() else tensor
