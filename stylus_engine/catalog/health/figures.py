"""Paired pictures, with an adapter and without, become figures. Pure arithmetic on arrays.

    d[p, s] = f(with[p, s]) - f(without[p, s])     the movement of prompt p and seed s

`f` are unit vectors of any features.  Direction, strength and consistency are CARLoS's
three (arXiv 2512.08826: mean difference, its norm, mean cosine between differences),
brought into 0 … 1 so that they mean the same for every `f`; saturation, variety and
the faults are ours.  The limits were set by looking at the miniature's 26 adapters
(`benchmarks/health.py`).  Variety tells the burnt one apart by far; saturation is
coarse: good styles reach 0.42, the same styles at three times their weight 0.45 and
more.  No larger checkpoint has been measured.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stylus_engine.catalog.health.features import Features, opponent
from stylus_engine.ports import Pixels, Vectors

Numbers = NDArray[np.float64]

BURNT = 0.5  # saturation from which a picture counts as burnt
ALIKE = 0.25  # variety below which the prompt no longer counts
FLAT = 2 / 255  # of luma's standard deviation, or of chroma: less is not seen
NOISE = 0.3  # correlation of neighbouring pixels; white noise has none, pictures have about 0.9
CLIPPED = (1, 254)  # levels at and beyond which nothing is left to see
NEAR_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Rung:
    """What one weight of an adapter does, each figure in 0 … 1. `fault` "" = its pictures are sound.

    `variety` may pass 1: how far pictures of two prompts are from each other, of how far
    they are without the adapter.
    """

    weight: float
    strength: float
    direction: float
    consistency: float
    saturation: float
    variety: float
    fault: str = ""


def rung(weight: float, drawn: Pixels, without: Pixels, features: Features) -> Rung:
    """The figures of one weight; both uint8 (prompts, seeds, H, W, 3), paired.

    Raises `ValueError` unless there are two prompts, two seeds and equal shapes.
    """
    if drawn.shape != without.shape or min(drawn.shape[:2]) < 2:
        raise ValueError(f"no pairs to compare: {drawn.shape} with {without.shape}")
    moved, still = _vectors(features, drawn), _vectors(features, without)
    alike = _cosines(moved - still)
    saturation, variety = saturated(drawn, without), varied(moved, still)
    return Rung(
        weight=weight,
        strength=strength(moved, still),
        direction=_share(alike, _pairs(drawn, same_prompt=False)),
        consistency=_share(alike, _pairs(drawn, same_prompt=True)),
        saturation=saturation,
        variety=variety,
        fault=fault(drawn, without, saturation, variety),
    )


def strength(moved: Vectors, still: Vectors) -> float:
    """As m / (m + n): m = mean |d|, n = mean distance of two seeds of a prompt, both without it.

    0: nothing moves.  0.5: it moves a picture as far as another seed does.
    """
    movement = float(np.linalg.norm(moved - still, axis=-1).mean())
    other_seed = float(_distances(still, axis=1).mean())
    return movement / max(movement + other_seed, NEAR_NOTHING)


def varied(moved: Vectors, still: Vectors) -> float:
    """Mean distance between pictures of two prompts and one seed, with it / without it."""
    before = float(_distances(still, axis=0).mean())
    return float(_distances(moved, axis=0).mean()) / max(before, NEAR_NOTHING)


def saturated(drawn: Pixels, without: Pixels) -> float:
    """1 - (1 - clipped)²(1 - contrast)(1 - chroma), each what it adds to the pictures without it.

    `clipped`: share of pixels at the end of their range, more than without it; it counts
    twice, for such a pixel has lost its light and its colour.
    `contrast`, `chroma`: 1 - without / with, of luma's standard deviation and of mean
    chroma; 0.5 = twice as much.  What became less adds nothing.
    """
    planes, before = opponent(_flat(drawn)), opponent(_flat(without))
    clipped = max(0.0, _clipped(drawn) - _clipped(without))
    contrast = _excess(_spread(planes), _spread(before))
    chroma = _excess(_chroma(planes), _chroma(before))
    return 1 - (1 - clipped) ** 2 * (1 - contrast) * (1 - chroma)


def fault(drawn: Pixels, without: Pixels, saturation: float, variety: float) -> str:
    """Why pictures like these must not be shown, most of them judged; "" when they may be."""
    planes, before = opponent(_flat(drawn)), opponent(_flat(without))
    if _mostly(_spread(planes) < FLAT) and not _mostly(_spread(before) < FLAT):
        return "its pictures are of one flat colour"
    if _mostly(_neighbours(planes) < NOISE) and not _mostly(_neighbours(before) < NOISE):
        return "its pictures are noise"
    if variety < ALIKE:
        return "with it every prompt gives the same picture"
    return "it burns colours and contrast" if saturation >= BURNT else ""


def _vectors(features: Features, pixels: Pixels) -> Vectors:
    """(prompts, seeds, H, W, 3) -> (prompts, seeds, d)."""
    return features(_flat(pixels)).reshape(*pixels.shape[:2], -1)


def _flat(pixels: Pixels) -> Pixels:
    return pixels.reshape(-1, *pixels.shape[2:])


def _cosines(movements: Vectors) -> Numbers:
    """Cosine of every two movements; one that is nothing is like no other."""
    flat = movements.reshape(-1, movements.shape[-1]).astype(np.float64)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    units = np.where(lengths > NEAR_NOTHING, flat / np.maximum(lengths, NEAR_NOTHING), 0.0)
    return units @ units.T


def _pairs(pixels: Pixels, *, same_prompt: bool) -> NDArray[np.bool_]:
    """Which pairs of pictures: two seeds of one prompt, or anything of two prompts."""
    prompts = np.indices(pixels.shape[:2])[0].ravel()
    same = prompts[:, None] == prompts[None, :]
    return same & ~np.eye(len(prompts), dtype=bool) if same_prompt else ~same


def _share(cosines: Numbers, pairs: NDArray[np.bool_]) -> float:
    """Their mean; what points away from each other has nothing in common: 0."""
    return float(np.clip(cosines[pairs].mean(), 0.0, 1.0))


def _distances(vectors: Vectors, axis: int) -> Numbers:
    """Distances of every two along `axis` (0 prompts, 1 seeds), the other index equal."""
    first, second = np.triu_indices(vectors.shape[axis], k=1)
    apart = vectors.take(first, axis=axis) - vectors.take(second, axis=axis)
    return np.linalg.norm(apart.astype(np.float64), axis=-1)


def _excess(now: Numbers, before: Numbers) -> float:
    """Mean of 1 - before / now, where now is more; a level that nobody sees is none."""
    return float(np.mean(np.maximum(0.0, now - before) / np.maximum(now, FLAT)))


def _clipped(pixels: Pixels) -> float:
    low, high = CLIPPED
    return float(((pixels <= low) | (pixels >= high)).any(axis=-1).mean())


def _spread(planes: NDArray[np.float32]) -> Numbers:
    return planes[..., 0].std(axis=(1, 2), dtype=np.float64)


def _chroma(planes: NDArray[np.float32]) -> Numbers:
    return np.hypot(planes[..., 1], planes[..., 2]).mean(axis=(1, 2), dtype=np.float64)


def _neighbours(planes: NDArray[np.float32]) -> Numbers:
    """Correlation of luma with luma one pixel on, across and down; 1 for a flat picture."""
    luma = planes[..., 0].astype(np.float64)
    luma = luma - luma.mean(axis=(1, 2), keepdims=True)
    across = (luma[:, :, 1:] * luma[:, :, :-1]).mean(axis=(1, 2))
    down = (luma[:, 1:] * luma[:, :-1]).mean(axis=(1, 2))
    variance = (luma**2).mean(axis=(1, 2))
    return np.where(
        variance > NEAR_NOTHING, (across + down) / 2 / np.maximum(variance, NEAR_NOTHING), 1.0
    )


def _mostly(flags: NDArray[np.bool_]) -> bool:
    return bool(flags.mean() > 0.5)
