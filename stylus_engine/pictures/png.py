"""Pixels and a manifest to PNG bytes, and back with distrust.

The manifest stands as compact JSON in an iTXt chunk called `stylus` (iTXt because
prompts are UTF-8; tEXt is Latin-1).  No time, no library name: the same pixels and
manifest give the same bytes, so a picture's address is what it shows.
"""

import io
import struct
import zlib

import msgspec
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stylus_engine.errors import BadManifest, BadRequest
from stylus_engine.model import LIMITS, Manifest
from stylus_engine.ports import Pixels

CHUNK = "stylus"
VERSION = 1
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">8sI4sII")  # signature, IHDR's length and name, width, height
MOST_PIXELS = LIMITS.edge * LIMITS.edge
MOST_BYTES = 256 * 2**20  # of a file; 4096 × 4096 noise takes 50 MB


class _Versioned(msgspec.Struct):
    v: int


def encode(pixels: Pixels, manifest: Manifest | None = None) -> bytes:
    """PNG bytes of uint8 pixels (height, width, 3)."""
    info = PngInfo()
    if manifest is not None:
        info.add_itxt(CHUNK, to_json(manifest).decode())
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info, compress_level=6)
    return file.getvalue()


def decode(data: bytes, name: str) -> tuple[Pixels, Manifest | None]:
    """The pixels, and the manifest where the file carries one; `name` is for the sentence.

    Raises `BadManifest` for anything but a sound PNG of sane size.
    """
    _look(data, name)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            pixels = np.asarray(image.convert("RGB"), dtype=np.uint8)
            text = getattr(image, "text", {}).get(CHUNK)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise BadManifest(path=name, why="the picture is damaged") from error
    return pixels, None if text is None else from_json(text.encode(), name)


def to_json(manifest: Manifest) -> bytes:
    """Compact, keys in order."""
    return msgspec.json.encode(manifest, order="deterministic")


def from_json(data: bytes, name: str) -> Manifest:
    """A manifest from its JSON. Raises `BadManifest`, other versions told by their number."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).v
        if version != VERSION:
            raise BadManifest(
                path=name,
                why=f"its manifest has version {version}, this Stylus reads {VERSION}",
            )
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadManifest(path=name, why="its manifest is damaged") from error
    except BadRequest as error:  # a noun refused its own numbers
        raise error if isinstance(error, BadManifest) else _refused(name, error) from error


def _refused(name: str, error: BadRequest) -> BadManifest:
    return BadManifest(path=name, why=f"its manifest is not possible ({error})".rstrip("."))


def _look(data: bytes, name: str) -> None:
    """Judge size by the first 24 bytes: no pixel is made of a bomb, Pillow never sees it."""
    if len(data) > MOST_BYTES:
        raise BadManifest(path=name, why=f"the file is larger than {MOST_BYTES >> 20} MiB")
    if len(data) < HEADER.size or not data.startswith(SIGNATURE):
        raise BadManifest(path=name, why="it is not a PNG picture")
    _, _, kind, width, height = HEADER.unpack_from(data)
    if kind != b"IHDR" or not 0 < width * height <= MOST_PIXELS:
        raise BadManifest(path=name, why=f"{width} × {height} pixels are too many or none")
