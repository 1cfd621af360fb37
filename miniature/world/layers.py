"""The layers of a picture, as numbers: what lights and styles work on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from miniature.world.brush import INK, Tones

Pixels = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Layers:
    """Place and subject apart. All arrays are floats in 0..1, at the size of the drawing."""

    place: Pixels  # (height, width, 3)
    subject: Pixels  # (height, width, 3); means nothing where mask is 0
    mask: Pixels  # (height, width), 1 on the subject, its outline included
    tones: Tones
    seed: int

    @property
    def ink(self) -> Pixels:
        """(height, width): 1 where the subject is outline."""
        far = _summed(np.abs(self.subject - np.asarray(INK, np.float32) / 255))
        return np.where(far < 0.06, self.mask, np.float32(0))


def pixels(image: Image.Image) -> Pixels:
    """An image as float32 in 0..1."""
    return np.asarray(image, np.float32) / np.float32(255)


def picture(values: Pixels) -> Image.Image:
    """Float values in 0..1, clipped, as an RGB image."""
    return Image.fromarray((values.clip(0, 1) * 255 + 0.5).astype(np.uint8), "RGB")


def over(below: Pixels, above: Pixels, mask: Pixels) -> Pixels:
    """`above` where mask is 1, `below` where it is 0; the mask is (height, width)."""
    return below + (above - below) * mask[..., None]


def tone(values: Pixels) -> Pixels:
    """Brightness (height, width) of RGB values."""
    return values @ np.array((0.3, 0.59, 0.11), np.float32)


def grown(mask: Pixels, by: int) -> Pixels:
    """The mask, `by` pixels wider on every side (one axis after the other, which is quick)."""
    wide = mask.copy()
    for _ in range(by):
        last = wide.copy()
        np.maximum(wide[1:], last[:-1], out=wide[1:])
        np.maximum(wide[:-1], last[1:], out=wide[:-1])
    for _ in range(by):
        last = wide.copy()
        np.maximum(wide[:, 1:], last[:, :-1], out=wide[:, 1:])
        np.maximum(wide[:, :-1], last[:, 1:], out=wide[:, :-1])
    return wide


def blurred(mask: Pixels, radius: float) -> Pixels:
    """The mask after a Gaussian blur of `radius` pixels."""
    image = Image.fromarray((mask * 255).astype(np.uint8), "L")
    return pixels(image.filter(ImageFilter.GaussianBlur(radius)))


def soft(values: Pixels, radius: float) -> Pixels:
    """RGB values after a Gaussian blur of `radius` pixels."""
    return pixels(picture(values).filter(ImageFilter.GaussianBlur(radius)))


def shifted(mask: Pixels, right: int, down: int) -> Pixels:
    """The mask, moved; what leaves on one side is dropped, zero comes in on the other."""
    moved = np.zeros_like(mask)
    height, width = mask.shape
    moved[down:, right:] = mask[: height - down, : width - right]
    return moved


def edges(values: Pixels, threshold: float = 0.1) -> Pixels:
    """1 where neighbouring RGB values differ by more than `threshold`, else 0."""
    found = np.zeros(values.shape[:2], np.float32)
    found[1:] = _summed(np.abs(np.diff(values, axis=0))) > threshold
    found[:, 1:] = np.maximum(found[:, 1:], _summed(np.abs(np.diff(values, axis=1))) > threshold)
    return found


def _summed(values: Pixels) -> Pixels:
    """The sum over channels; numpy's own is slow along so short an axis."""
    total = values[..., 0].copy()
    for channel in range(1, values.shape[2]):
        total += values[..., channel]
    return total
