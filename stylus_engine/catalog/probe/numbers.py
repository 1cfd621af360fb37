"""Looks through the numbers of a file for NaN and infinity, a piece at a time.

Broken numbers have every bit of their exponent set.  That is seen in the bits, so that
formats numpy has no type for (bfloat16, eight-bit floats) need no conversion.
"""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

import numpy as np

from stylus_engine.catalog import clean
from stylus_engine.catalog.probe.header import Header, read_header
from stylus_engine.errors import AdapterFileMissing, AdapterFileTruncated, AdapterNotFinite

PIECE = 4 * 2**20  # bytes in memory at a time; a multiple of every format's width
BROKEN: dict[str, tuple[str, int]] = {  # dtype -> how its bits are read, and those that tell
    "F64": ("<u8", 0x7FF0_0000_0000_0000),
    "F32": ("<u4", 0x7F80_0000),
    "C64": ("<u4", 0x7F80_0000),
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
    "F8_E5M2": ("<u1", 0x7C),
    "F8_E4M3": ("<u1", 0x7F),  # this one has NaN but no infinity
    "F8_E8M0": ("<u1", 0xFF),
}


def finite(path: Path, name: str = "") -> Header:
    """The header of a file all of whose numbers are finite.

    Reads every byte of it.  Raises `AdapterNotFinite` with the first tensor that holds
    NaN or infinity, and what `read_header` raises.
    """
    header = read_header(path, name)
    try:
        with path.open("rb") as file:
            _check(file, header)
    except OSError as error:
        raise AdapterFileMissing(name=header.name, path=str(path)) from error
    return header


def _check(file: BufferedReader, header: Header) -> None:
    for key, entry in header.tensors.items():
        if entry.dtype not in BROKEN:
            continue
        kind, mask = BROKEN[entry.dtype]
        file.seek(header.bytes_read + entry.at[0])
        for piece in _pieces(file, entry.at[1] - entry.at[0], header.name):
            bits = np.frombuffer(piece, kind)
            if ((bits & mask) == mask).any():
                raise AdapterNotFinite(name=header.name, tensor=clean.line(key, clean.NAME))


def _pieces(file: BufferedReader, count: int, name: str) -> Iterator[bytes]:
    """The next `count` bytes. The file may have become shorter since its header was read."""
    while count:
        piece = file.read(min(count, PIECE))
        if len(piece) < min(count, PIECE):
            raise AdapterFileTruncated(name=name)
        count -= len(piece)
        yield piece
