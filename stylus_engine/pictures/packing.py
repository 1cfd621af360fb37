"""Pictures made small enough to send: a ladder, and the fewest steps down it.

    PNG as it is · lossless WebP · WebP 90 · WebP 80 · half the size, and half again …

Each picture goes down until it fits by itself; then the largest one takes a step, until
all fit together.  Steps depend on bytes alone, so the same pictures give the same files.
A manifest stays in the PNG; no WebP carries one.
"""

import hashlib
import io
import os
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from stylus_engine.errors import BadManifest, StoreFailed
from stylus_engine.pictures import files, png, store
from stylus_engine.ports import Pixels

TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})  # chunks that tell, not show
LEAST_EDGE = 16  # pixels; nothing is made smaller
KEPT_SECONDS = 86_400.0  # a packed file is made for one message; it can be made again
CHUNK = struct.Struct(">I4s")

Rung: TypeAlias = tuple[int, int | None]  # the picture ÷ this, WebP quality; None: lossless


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes: of one file, and of all together."""

    each: int
    all: int


@dataclass(frozen=True, slots=True)
class _Packed:
    """One picture on its present rung, and what is below."""

    path: Path
    size: int
    below: Iterator[tuple[Path, int]]

    def lower(self) -> "_Packed":
        """One rung down. Raises `StopIteration` on the lowest."""
        path, size = next(self.below)
        return _Packed(path, size, self.below)


def pack(
    paths: Sequence[Path], folder: Path, limits: Limits, *, strip: bool = False
) -> tuple[Path, ...]:
    """Files that fit, in the order of `paths`; new ones lie in `folder`, for a day.

    `strip`: without manifests.  Raises `BadManifest` for what is no picture,
    `StoreFailed`, also when not even the smallest pictures fit.
    """
    _sweep(folder)
    packed = [_fitting(path, folder, limits.each, strip=strip) for path in paths]
    while sum(each.size for each in packed) > limits.all:
        largest = max(range(len(packed)), key=lambda n: packed[n].size)
        packed[largest] = _lowered(packed[largest])
    chosen = tuple(each.path for each in packed)
    _refresh(folder, chosen)
    return chosen


def stripped(data: bytes) -> bytes:
    """A PNG without the chunks that tell something; its pixels are the same bytes."""
    kept = [png.SIGNATURE]
    at = len(png.SIGNATURE)
    while at + CHUNK.size <= len(data):
        length, kind = CHUNK.unpack_from(data, at)
        after = at + CHUNK.size + length + 4
        if kind not in TEXTS:
            kept.append(data[at:after])
        at = after
    return b"".join(kept)


def _fitting(path: Path, folder: Path, most: int, *, strip: bool) -> _Packed:
    below = _ladder(path, folder, strip=strip)
    packed = _Packed(*next(below), below)
    while packed.size > most:
        packed = _lowered(packed)
    return packed


def _lowered(packed: _Packed) -> _Packed:
    try:
        return packed.lower()
    except StopIteration as error:
        why = "it cannot be made small enough to send"
        raise StoreFailed(path=packed.path.name, why=why) from error


def _ladder(path: Path, folder: Path, *, strip: bool) -> Iterator[tuple[Path, int]]:
    """Each rung's file and its size; made when it is reached, found when it was made before."""
    if not strip:
        yield path, _size(path)
    pixels, _ = store.read(path)  # what is no sound picture of sane size ends here
    data = path.read_bytes()
    name = hashlib.sha256(data).hexdigest()
    if strip:
        yield _kept(folder / f"{name}-bare.png", stripped(data))
    for shrink, quality in _rungs(pixels):
        place = folder / f"{name}-{shrink}-{quality or 'lossless'}.webp"
        yield _found(place) or _kept(place, _webp(pixels, shrink, quality))


def _rungs(pixels: Pixels) -> Iterator[Rung]:
    yield from ((1, None), (1, 90), (1, 80))
    shrink = 2
    while min(pixels.shape[:2]) // shrink >= LEAST_EDGE:
        yield shrink, 80
        shrink *= 2


def _webp(pixels: Pixels, shrink: int, quality: int | None) -> bytes:
    image = Image.fromarray(pixels)
    if shrink > 1:
        size = (image.width // shrink, image.height // shrink)
        image = image.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    if quality is None:
        image.save(file, "WEBP", lossless=True, quality=75, method=4)
    else:
        image.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


def _found(place: Path) -> tuple[Path, int] | None:
    try:
        return place, place.stat().st_size
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise BadManifest(path=path.name, why="there is no such file") from error


def _kept(place: Path, data: bytes) -> tuple[Path, int]:
    files.write(place, data)
    return place, len(data)


def _refresh(folder: Path, chosen: Sequence[Path]) -> None:
    """A fresh date for what is about to be sent, so that no other process sweeps it."""
    for path in chosen:
        if path.parent == folder:
            with suppress(OSError):
                os.utime(path)


def _sweep(folder: Path) -> None:
    horizon = time.time() - KEPT_SECONDS
    for old in folder.glob("*-*.*"):
        with suppress(OSError):  # another process sweeps too
            if old.stat().st_mtime < horizon:
                old.unlink()
