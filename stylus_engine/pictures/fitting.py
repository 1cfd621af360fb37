"""A kept picture made exactly as large as what is drawn over it.

Done when it is drawn and never stored: a picture and a size decide it, so that a store
holds what people brought once, and a manifest names that.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylus_engine.errors import BadPicture
from stylus_engine.ports import Ground, Pixels

HALF = 127  # of a mask's white


def fitted(picture: Pixels, mask: Pixels | None, width: int, height: int, name: str) -> Ground:
    """Cut from the middle to the shape, then scaled. Raises `BadPicture` for a mask of another size."""
    if mask is not None and mask.shape != picture.shape:
        sizes = [f"{p.shape[1]} × {p.shape[0]}" for p in (mask, picture)]
        raise BadPicture(path=name, why=f"its mask has {sizes[0]} pixels, it has {sizes[1]}")
    pixels = scaled(picture, width, height)
    return Ground(pixels, None if mask is None else _marked(mask, width, height))


def scaled(picture: Pixels, width: int, height: int) -> Pixels:
    """The middle of a picture at this size; itself, bit for bit, when it has it already."""
    if picture.shape[:2] == (height, width):
        return picture
    image = Image.fromarray(picture)
    box = middle(image.width, image.height, width / height)
    resized = image.resize((width, height), Image.Resampling.LANCZOS, box)
    return np.asarray(resized, dtype=np.uint8)


def middle(width: int, height: int, ratio: float) -> tuple[float, float, float, float]:
    """The largest box of this shape in the middle: left, top, right, bottom."""
    wide, high = min(width, height * ratio), min(height, width / ratio)
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def _marked(mask: Pixels, width: int, height: int) -> NDArray[np.bool_]:
    marked: NDArray[np.bool_] = scaled(mask, width, height)[..., 0] > HALF
    return marked
