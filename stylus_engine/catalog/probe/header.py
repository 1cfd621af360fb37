"""The header of a safetensors file, judged by its numbers before any of it is believed.

The format (huggingface/safetensors, README): 8 bytes little-endian length, so many
bytes of JSON `{name: {dtype, shape, data_offsets}, "__metadata__": {text: text}}`, then
the tensors without a hole.  The library itself takes headers of 100 MB, and one with
900,000 keys costs 650 MB and four seconds; it lets the last of two equal names win.
"""

import math
import os
import stat
import struct
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Protocol, TypeAlias

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.probe.quotes import QUOTE, count_strings
from stylus_engine.errors import (
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotSafetensors,
    AdapterUnsupported,
)
from stylus_engine.model.noun import Noun

MOST_HEADER = 16 * 2**20  # bytes; thumbnails and tag counts make honest ones of several MB
MOST_TENSORS = 50_000
MOST_TOLD = 20_000  # entries of the metadata; trainers write about a hundred
MOST_EDGES = 8  # a shape longer than this is a bomb of big integers
MOST_SIZE = 2**62  # of an edge or an offset
LARGE = 64 * 1024  # bytes of metadata; in more there are thumbnails and tables
LONG = 64 * 1024  # bytes of a text in such metadata; nobody reads on behind them
MOST_TEXT = {  # but of these
    # in the order in which captions were read: what all have is among the first
    "ss_tag_frequency": 96 * 1024,
    "lora_adapter_metadata": MOST_HEADER,
    "ss_dataset_dirs": MOST_HEADER,
    "ss_network_args": MOST_HEADER,
}
# Strings of one entry: its name, three field names, the dtype. Those of the metadata: two an entry.
OF_TENSOR, OF_TOLD = 5, 2
MOST_STRINGS = OF_TENSOR * MOST_TENSORS + OF_TOLD * MOST_TOLD + 1
BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
LOOKS_LIKE = (
    (b"PK\x03\x04", "it is a zip archive or a pickled torch file"),
    (b"\x80", "it is a pickle"),
    (b"GGUF", "it is a GGUF file"),
    (b"\x1f\x8b", "it is a gzip archive"),
    (b"7z\xbc\xaf", "it is a 7z archive"),
    (b"Rar!", "it is a RAR archive"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"RIFF", "it is a picture"),
    (b"version ", "it is a Git LFS pointer and not the file itself"),
    (b"<", "it is a web page"),
    (b"{", "it is a JSON answer"),
)

_Size: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST_SIZE)]


class Entry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, rename={"at": "data_offsets"}
):
    """One tensor: numbers of type `dtype`, from byte at[0] to byte at[1] after the header."""

    dtype: str
    shape: Annotated[tuple[_Size, ...], msgspec.Meta(max_length=MOST_EDGES)]
    at: tuple[_Size, _Size]


class Header(Noun, frozen=True, kw_only=True):
    """A header that holds together: no overlap, no hole, every tensor inside the file.

    `name` is what people call the file, `length` the bytes of JSON, `size` those of the
    whole file.  `told` is the metadata as the trainer wrote it, untrusted; long texts are cut.
    """

    name: str
    length: int
    size: int
    tensors: dict[str, Entry]
    told: dict[str, str]

    @property
    def bytes_read(self) -> int:
        """Of the file: the length and the JSON, never a tensor."""
        return 8 + self.length


class Reads(Protocol):
    """An unbuffered file, or one that counts."""

    def read(self, size: int, /) -> bytes | None: ...


def read_header(path: Path, name: str = "") -> Header:
    """The header of the file at `path`; people know it as `name`, "" = by its file name.

    Raises `AdapterFileMissing`, `AdapterFileEmpty`, `AdapterFileTruncated`,
    `AdapterNotSafetensors`, and `AdapterUnsupported` for unknown number formats.
    """
    called = clean.line(name or path.name, clean.NAME) or "?"
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise AdapterNotSafetensors(name=called, why="it is no plain file")
        with path.open("rb", buffering=0) as file:
            return read_from(file, os.fstat(file.fileno()).st_size, called)
    except (OSError, ValueError) as error:  # a ValueError is a path that holds a NUL
        why = getattr(error, "strerror", None) or "unreadable"
        raise AdapterFileMissing(name=called, path=f"{path} ({why.lower()})") from error


def read_from(file: Reads, size: int, name: str) -> Header:
    """The header of an open file of `size` bytes: two reads, 8 bytes and the JSON."""
    start = _exactly(file, min(size, 8), name)
    length = _length(start, size, name)
    return parsed(_exactly(file, length, name), size, name)


def needed(start: bytes, size: int, name: str) -> int:
    """How many bytes of a file of `size` bytes its header takes, by its first 8 bytes or more.

    For fetching by Range.  Raises like `read_header`.
    """
    return 8 + _length(start[:8], size, name)


def of_bytes(start: bytes, size: int, name: str) -> Header:
    """The header within the first bytes of a file of `size` bytes; what follows it is not looked at."""
    end = needed(start, size, name)
    if len(start) < end:
        raise AdapterFileTruncated(name=name)
    return parsed(start[8:end], size, name)


def parsed(raw: bytes, size: int, name: str) -> Header:
    """The checked header from its JSON alone, within a file of `size` bytes."""
    if not raw.startswith(b"{"):
        raise AdapterNotSafetensors(name=name, why="it does not begin with a header")
    count = count_strings(raw)
    if count > MOST_STRINGS:
        raise AdapterNotSafetensors(name=name, why="its header names more than any adapter has")
    told, tensors = _decoded(raw, name)
    if count != _promised(told, tensors):
        raise AdapterNotSafetensors(name=name, why="its header names something twice")
    _check_table(tensors, size - 8 - len(raw), name)
    return Header(name=name, length=len(raw), size=size, tensors=tensors, told=told or {})


def _exactly(file: Reads, count: int, name: str) -> bytes:
    """`count` bytes; a raw file may hand them over in parts."""
    parts: list[bytes] = []
    while count > 0 and (part := file.read(count)):
        parts.append(part)
        count -= len(part)
    if count:
        raise AdapterFileTruncated(name=name)
    return b"".join(parts)


def _length(start: bytes, size: int, name: str) -> int:
    """The header's length, believed only when it can be true."""
    if size <= 0:
        raise AdapterFileEmpty(name=name)
    if len(start) < 8:
        _refuse_look_alikes(start, name)
        raise AdapterFileTruncated(name=name)
    (length,) = struct.unpack("<Q", start)
    if length > MOST_HEADER:
        _refuse_look_alikes(start, name)
        raise AdapterNotSafetensors(name=name, why="its header is absurdly long")
    if length > size - 8:
        raise AdapterFileTruncated(name=name)
    return length


def _refuse_look_alikes(start: bytes, name: str) -> None:
    for magic, why in LOOKS_LIKE:
        if start.lstrip().startswith(magic):
            raise AdapterNotSafetensors(name=name, why=why)
    if start.isascii() and start.decode("ascii").isprintable():
        raise AdapterNotSafetensors(name=name, why="it is plain text")


def _promised(told: dict[str, str] | None, tensors: dict[str, Entry]) -> int:
    """How many strings the text of these entries has when none stands there twice."""
    metadata = 0 if told is None else 1 + OF_TOLD * len(told)
    return OF_TENSOR * len(tensors) + metadata


def _decoded(raw: bytes, name: str) -> tuple[dict[str, str] | None, dict[str, Entry]]:
    """Metadata, if any, and tensors. The entries are parsed as one list: a call each would cost more."""
    try:
        if not raw.isascii():
            raw.decode("utf-8")  # also what is cut, and never parsed
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        metadata = parts.pop("__metadata__", None)
        told = None if metadata is None else _told(metadata)
        whole = b"[%s]" % b",".join(parts.values())
        entries = msgspec.json.decode(whole, type=list[Entry])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AdapterNotSafetensors(name=name, why="its header is malformed") from error
    return told, dict(zip(parts, entries, strict=True))


def _told(metadata: msgspec.Raw) -> dict[str, str]:
    """The metadata as texts. Of a large one the long texts that nobody reads to their end are cut."""
    if memoryview(metadata).nbytes <= LARGE:
        return msgspec.json.decode(metadata, type=dict[str, str])
    parts = msgspec.json.decode(metadata, type=dict[str, msgspec.Raw])
    return {key: _text(raw, MOST_TEXT.get(key, LONG)) for key, raw in parts.items()}


def _text(raw: msgspec.Raw, most: int) -> str:
    """A string of JSON, cut before a comma where it has more bytes: no comma stands inside an escape.

    Raises `ValueError`.
    """
    whole = memoryview(raw)
    if whole[0] != QUOTE:
        raise ValueError("a value of the metadata is no text")
    if whole.nbytes <= most:
        return msgspec.json.decode(raw, type=str)
    start = bytes(whole[:most])
    return msgspec.json.decode(start[: max(start.rfind(b","), 1)] + b'"', type=str)


def _check_table(tensors: dict[str, Entry], room: int, name: str) -> None:
    """Check that the tensors fill the `room` bytes after the header, one after the other."""
    if not tensors:
        raise AdapterFileEmpty(name=name)
    if len(tensors) > MOST_TENSORS:
        raise AdapterNotSafetensors(
            name=name, why=f"{len(tensors)} tensors are more than any adapter has"
        )
    _check_dtypes(tensors, name)
    end, prod = 0, math.prod
    for entry in sorted(tensors.values(), key=attrgetter("at")):
        begin, stop = entry.at
        if begin != end or 8 * (stop - begin) != prod(entry.shape) * BITS[entry.dtype]:
            raise AdapterNotSafetensors(name=name, why=_what_is_wrong(begin, end))
        end = stop
    if end > room:
        raise AdapterFileTruncated(name=name)
    if end < room:
        raise AdapterNotSafetensors(name=name, why="more bytes follow its last tensor")


def _check_dtypes(tensors: dict[str, Entry], name: str) -> None:
    for dtype in sorted({entry.dtype for entry in tensors.values()} - BITS.keys()):
        raise AdapterUnsupported(name=name, kind=f"numbers of type {clean.line(dtype, 20)}")


def _what_is_wrong(begin: int, end: int) -> str:
    if begin < end:
        return "its tensors overlap"
    return "its table of tensors has a hole" if begin > end else "a tensor's shape and bytes differ"
