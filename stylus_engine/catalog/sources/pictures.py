"""Whether a file is a picture that can be shown, by its first bytes: kind and edges, no pixel.

The pictures room decodes; here it is only decided whether to name a file at all.  A
picture whose header promises 200 megapixels is not named, so nobody comes to open it.
PNG (ISO 15948, IHDR), JPEG (ITU-T T.81, SOFn), WebP (RFC 9649).
"""

import struct
from pathlib import Path

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 40_000_000
LEAST_EDGE = 16
START = 512 * 2**10  # bytes of a JPEG in which its size must come; EXIF has at most 64 KiB
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers that begin a frame
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def is_picture(path: Path) -> bool:
    """Whether the file is a PNG, JPEG or WebP of sane size. Never raises."""
    try:
        if not 0 < path.stat().st_size <= MOST_BYTES:
            return False
        with path.open("rb") as file:
            edges = size_of(file.read(START))
    except OSError:
        return False
    return edges is not None and min(edges) >= LEAST_EDGE and edges[0] * edges[1] <= MOST_PIXELS


def size_of(start: bytes) -> tuple[int, int] | None:
    """(width, height) by the first bytes; None for whatever is none of the three."""
    try:
        if start.startswith(b"\x89PNG\r\n\x1a\n") and start[12:16] == b"IHDR":
            return struct.unpack(">II", start[16:24])
        if start.startswith(b"\xff\xd8\xff"):
            return _jpeg(start)
        if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
            return _webp(start)
    except (struct.error, IndexError):
        return None  # it ends too early
    return None


def _jpeg(start: bytes) -> tuple[int, int] | None:
    """The first frame's size: segments are walked over by their lengths."""
    at = 2
    while start[at] == 0xFF:
        marker = start[at + 1]
        if marker in _SIZES:
            height, width = struct.unpack(">HH", start[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            (length,) = struct.unpack(">H", start[at + 2 : at + 4])
            at += 2 + max(length, 2)
    return None


def _webp(start: bytes) -> tuple[int, int] | None:
    """Lossy, lossless or extended: each has its size in another place."""
    kind = start[12:16]
    if kind == b"VP8 " and start[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", start[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and start[20] == 0x2F:
        (bits,) = struct.unpack("<I", start[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        edges = start[24:27], start[27:30]
        width, height = (int.from_bytes(edge, "little") + 1 for edge in edges)
        return (width, height) if len(edges[1]) == 3 else None
    return None
