"""Converted adapters on the disk: what was worked out once is read the next time, also after a restart.

    <id>.safetensors       the factors, named as `FactorStore` names them; its access time is its last use
    <id>.<writer>.part     one that is being written, or that a killed process left
    .tmp<letters>          the same, while safetensors writes it under a name of its own

Law of this file: an entry is written whole, fsynced and renamed, and a checksum over its
numbers is looked at before they are believed.  Whatever is cut, torn or foreign is
removed and made again; no reader ever hears of it.  Several processes may share a folder:
the worst they do to each other is to make one entry twice.

Numbers are kept in the smallest type that holds every one of them exactly: most files
are fp16, and so is most of what becomes of them.
"""

# `save_file` carries half a type.
# pyright: reportUnknownVariableType=false

import logging
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import NamedTuple, cast, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from stylus_engine.errors import BadAdapter
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.files import AdapterFile, read_adapter

LOG = logging.getLogger("stylus.shelf")
VERSION = "1"  # of the entries themselves; what they were made by is in their name
ENDING = ".safetensors"
SMALLER = (torch.float16, torch.bfloat16)
PARTS = ("*.part", ".tmp*")
FORGOTTEN = 3600.0  # seconds after which a part is nobody's


class Entry(NamedTuple):
    """One entry as the folder knows it. `used`: in ns since 1970."""

    path: Path
    size: int
    used: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """At most `most_bytes` of entries in `folder`, the last used ones. Raises nothing."""

    folder: Path
    most_bytes: int

    def find(self, factors_id: str) -> Factors | None:
        """The factors that were kept under this id, bit for bit; None: make them."""
        path = self._place(factors_id)
        try:
            if not path.exists():
                return None
            found = _read(path, factors_id)
        except (BadAdapter, OSError, KeyError, ValueError, RuntimeError) as error:
            LOG.warning("%s is made again: %s", path.name[:12], error)
            self._drop(path)
            return None
        with suppress(OSError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        return found

    def keep(self, factors: Factors) -> None:
        """Write an entry, and let the longest unused ones go. A disk that takes none is no error."""
        place = self._place(factors.id)
        part = place.with_suffix(f".{os.getpid()}-{get_ident()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tensors = dict(_tensors(factors))
            save_file(tensors, part, metadata=_said(factors, tensors))
            _settle(part)
            if part.stat().st_size > self.most_bytes:
                part.unlink()
                return
            part.replace(place)
            _settle(self.folder)
            self._tidy()
        except (OSError, SafetensorError) as error:  # a full disk is the second of them
            LOG.warning("%s was not kept: %s", factors.id[:12], error)
            self._drop(part)

    def entries(self) -> list[Entry]:
        """What is here, the longest unused first."""
        return sorted(self._found(f"*{ENDING}"), key=lambda entry: entry.used)

    def _found(self, pattern: str) -> Iterator[Entry]:
        for path in self.folder.glob(pattern):
            with suppress(OSError):
                seen = path.stat()
                yield Entry(path, seen.st_size, seen.st_atime_ns)

    def _tidy(self) -> None:
        for entry in leaving(self.entries(), self.most_bytes):
            self._drop(entry.path)
        for part in (part for pattern in PARTS for part in self._found(pattern)):
            if time.time_ns() - part.used > FORGOTTEN * 1e9:
                self._drop(part.path)

    def _place(self, factors_id: str) -> Path:
        return self.folder / f"{factors_id}{ENDING}"

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def leaving(entries: list[Entry], most: int) -> list[Entry]:
    """Which of `entries` (the longest unused first) go, so that the others fit into `most` bytes."""
    full = sum(entry.size for entry in entries)
    going: list[Entry] = []
    for entry in entries:
        if full <= most:
            break
        going.append(entry)
        full -= entry.size
    return going


def exact(tensor: Tensor) -> Tensor:
    """In the smallest type that loses nothing."""
    for dtype in SMALLER:
        small = tensor.to(dtype)
        if torch.equal(small.float(), tensor):
            return small
    return tensor


def _tensors(factors: Factors) -> Iterator[tuple[str, Tensor]]:
    for (component, path), layer in factors.layers.items():
        yield f"{component}/{path}/down", exact(layer.down).contiguous()
        yield f"{component}/{path}/up", exact(layer.up).contiguous()


def _said(factors: Factors, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    return {
        "v": VERSION,
        "id": factors.id,
        "file_sha256": factors.file_sha256,
        "kept": repr(factors.kept),
        "residual": repr(factors.residual),
        "sum": str(_sum(tensors)),
    }


def _sum(tensors: Mapping[str, Tensor]) -> int:
    """CRC-32 over names, shapes and numbers in the order of the names; not against malice."""
    total = 0
    for name in sorted(tensors):
        tensor = tensors[name]
        total = zlib.crc32(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode(), total)
        raw = tensor.reshape(-1).view(torch.uint8).numpy()
        total = zlib.crc32(cast("bytes", raw.data), total)
    return total


def _read(path: Path, factors_id: str) -> Factors:
    """Raises `BadAdapter`, `KeyError`, `ValueError` for what is not a whole entry of this id."""
    file = read_adapter(path, path.name, sha256=factors_id)
    said = file.metadata
    if (said["v"], said["id"], said["sum"]) != (VERSION, factors_id, str(_sum(file.tensors))):
        raise ValueError("its numbers are not those that were written")
    return Factors(
        id=factors_id,
        file_sha256=said["file_sha256"],
        layers=dict(_layers(file)),
        kept=float(said["kept"]),
        residual=float(said["residual"]),
    )


def _layers(file: AdapterFile) -> Iterator[tuple[tuple[Component, str], Layer]]:
    for name in file.tensors:
        component, path, side = name.split("/")
        if side == "down" and component in get_args(Component):
            down, up = file.tensors[name], file.tensors[f"{component}/{path}/up"]
            yield (cast("Component", component), path), Layer(down.float(), up.float())


def _settle(path: Path) -> None:
    """Whatever happens to the machine from here on, it is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
