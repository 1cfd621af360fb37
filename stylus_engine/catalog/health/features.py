"""What a picture is like, in numbers that need no model: colours in their places, edges in theirs.

Said plainly: these features see layout, colour and texture, and nothing of what is shown.
Whoever has a model that does (CLIP, as in CARLoS) hands its own `Features` over; every
figure of this room is made for any features of unit length.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stylus_engine.ports import Pixels, Vectors

Planes = NDArray[np.float32]

LAYOUT, TEXTURE = 8, 4  # cells along an edge
EDGES = 3.0  # how much a mean gradient counts beside a mean colour; both then spread about alike
SMALLEST = 8  # pixels: an edge must hold a row of cells


class Features(Protocol):
    """Turns pictures into unit vectors of one space."""

    def __call__(self, pixels: Pixels) -> Vectors:
        """uint8 (n, H, W, 3) -> float32 (n, d), each row of length 1."""
        ...


def picture_features(pixels: Pixels) -> Vectors:
    """See `Features`; d = 8·8·3 mean colours and 4·4·2 mean gradients. Raises `ValueError` below 8 pixels."""
    if min(pixels.shape[1:3]) < SMALLEST:
        raise ValueError(f"a picture of {pixels.shape[2]} × {pixels.shape[1]} pixels is too small")
    planes = opponent(pixels)
    luma = planes[..., 0]
    across = np.abs(np.diff(luma, axis=2, append=luma[:, :, -1:]))
    down = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    edges = np.stack((across, down), axis=-1) * np.float32(EDGES)
    found = np.concatenate((cells(planes, LAYOUT), cells(edges, TEXTURE)), axis=1)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def opponent(pixels: Pixels) -> Planes:
    """Luma in [0, 1], red against green and blue against yellow in [-1, 1]; (…, 3).

    Luma by Rec. 601; the two others are plain differences, 0 for every grey.
    """
    red, green, blue = np.moveaxis(pixels.astype(np.float32) / 255, -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack((luma, red - green, blue - (red + green) / 2), axis=-1)


def cells(planes: Planes, count: int) -> Planes:
    """Means over count × count cells of (n, H, W, c), flat: (n, count·count·c)."""
    high, wide = (_starts(edge, count) for edge in planes.shape[1:3])
    sums = np.add.reduceat(np.add.reduceat(planes, high, axis=1), wide, axis=2)
    areas = np.outer(
        *(np.diff([*s, e]) for s, e in ((high, planes.shape[1]), (wide, planes.shape[2])))
    )
    return (sums / areas[None, :, :, None]).reshape(len(planes), -1).astype(np.float32)


def _starts(edge: int, count: int) -> NDArray[np.int64]:
    """Where each cell of an edge begins: cells differ by one pixel at most."""
    return np.arange(count) * edge // count
