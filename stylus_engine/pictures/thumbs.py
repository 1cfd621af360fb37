"""Other people's pictures, small: for a model that looks at them. Hostile bytes; `None` is the worst they get."""

import io
import struct
import zlib

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 40_000_000
QUALITY = 85


def thumb(data: bytes, edge: int) -> bytes | None:
    """A JPEG of at most `edge` pixels a side; None for what is no picture of sane size."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("RGB", (edge, edge))
            small = image.convert("RGB")
        small.thumbnail((edge, edge))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=QUALITY)
    except (
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ):
        return None
    return file.getvalue()
