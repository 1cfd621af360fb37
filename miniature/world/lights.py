"""The lights: they change the place most and leave the subject's colour readable."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from miniature.world.layers import Layers, Pixels, blurred, over, pixels, tone

Light = Callable[[Layers], Layers]


def day(layers: Layers) -> Layers:
    """As painted."""
    return layers


def sunset(layers: Layers) -> Layers:
    """Orange below, rose above, a low sun and a long shadow."""
    side = _side(layers)
    glow = _gradient(layers.place, (0.86, 0.36, 0.5), (1.0, 0.66, 0.26))
    place = (
        0.52 * layers.place * (glow + 0.15)
        + 0.48 * glow * (0.45 + 0.75 * tone(layers.place))[..., None]
    )
    place = over(place, np.array((1.0, 0.9, 0.5), np.float32), _disc(layers.place, side, 0.2, 0.13))
    place = over(
        place, place * np.array((0.42, 0.28, 0.42), np.float32), 0.8 * _long_shadow(layers, side)
    )
    return replace(
        layers, place=place, subject=layers.subject * np.array((1.04, 0.96, 0.9), np.float32)
    )


def night(layers: Layers) -> Layers:
    """Deep blue, a crescent moon and a few stars."""
    side = _side(layers)
    grey = tone(layers.place)[..., None]
    place = (0.55 * layers.place + 0.45 * grey) * np.array((0.3, 0.42, 0.7), np.float32)
    place = place * 0.95 + np.array((0.0, 0.03, 0.13), np.float32)
    moon = (
        _disc(layers.place, side, 0.17, 0.12) - _disc(layers.place, side + 0.055, 0.14, 0.1)
    ).clip(0, 1)
    place = place + 0.4 * blurred(moon, layers.mask.shape[0] / 24)[..., None]
    place = over(place, np.array((1.0, 0.97, 0.78), np.float32), moon)
    return replace(
        layers, place=place, subject=layers.subject * np.array((0.9, 0.92, 1.0), np.float32)
    )


def storm(layers: Layers) -> Layers:
    """Grey, slanted rain and a bolt of lightning."""
    grey = tone(layers.place)[..., None]
    place = (0.35 * layers.place + 0.65 * grey) * np.array((0.6, 0.66, 0.72), np.float32) * 0.85
    place = over(place, np.array((1.0, 0.96, 0.62), np.float32), _bolt(layers))
    rain = _rain(layers)
    place = over(place, np.array((0.8, 0.88, 0.96), np.float32), 0.85 * rain * (1 - layers.mask))
    return replace(
        layers, place=place, subject=layers.subject * np.array((0.92, 0.94, 0.96), np.float32)
    )


def _side(layers: Layers) -> float:
    return 0.15 if layers.seed % 2 else 0.83


def _gradient(
    like: Pixels, top: tuple[float, float, float], bottom: tuple[float, float, float]
) -> Pixels:
    down = np.linspace(0, 1, like.shape[0], dtype=np.float32)[:, None, None]
    return np.asarray(top, np.float32) * (1 - down) + np.asarray(bottom, np.float32) * down


def _disc(like: Pixels, x: float, y: float, radius: float) -> Pixels:
    wide = like.shape[0]
    down, right = np.indices((wide, wide)).astype(np.float32) / wide
    return ((right - x) ** 2 + (down - y) ** 2 < radius**2).astype(np.float32)


def _long_shadow(layers: Layers, side: float) -> Pixels:
    """The subject's mask laid upon the ground, away from the sun."""
    wide = layers.mask.shape[0]
    image = Image.fromarray((layers.mask * 255).astype(np.uint8), "L")
    foot = int(np.flatnonzero(layers.mask.any(axis=1))[-1])
    lean = 1.6 if side < 0.5 else -1.6
    laid = image.transform(
        image.size,
        Image.Transform.AFFINE,
        (1, lean, -lean * foot, 0, -2.4, foot * 3.4),
        Image.Resampling.BILINEAR,
    )
    ground = np.indices((wide, wide))[0] >= foot - wide // 5
    return pixels(laid) * ground


def _bolt(layers: Layers) -> Pixels:
    wide = layers.mask.shape[0]
    veil = Image.new("L", (wide, wide))
    x = (0.04 if layers.seed % 2 else 0.82) * wide
    path = (
        (0.1, 0),
        (0.0, 0.24),
        (0.06, 0.24),
        (-0.02, 0.46),
        (0.16, 0.18),
        (0.09, 0.18),
        (0.16, 0),
    )
    ImageDraw.Draw(veil).polygon([(x + u * wide, v * wide) for u, v in path], fill=255)
    return pixels(veil)


def _rain(layers: Layers) -> Pixels:
    wide = layers.mask.shape[0]
    veil = Image.new("L", (wide, wide))
    pen = ImageDraw.Draw(veil)
    drops = np.random.default_rng(layers.seed).random((30, 2)) * wide
    for x, y in drops.tolist():
        pen.line((x, y, x - wide * 0.035, y + wide * 0.09), fill=255, width=round(wide * 0.016))
    return pixels(veil)


LIGHTS: dict[str, Light] = {"day": day, "sunset": sunset, "night": night, "storm": storm}
