"""Styles made of cells: pixels, stitches, tiles and glass."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from miniature.world.layers import Layers, Pixels, blurred, edges, grown, over, soft, tone

Scalar = TypeVar("Scalar", bound=np.generic)
LINEN = (0.93, 0.89, 0.8)
BLOCK = 12  # in 256ths of the picture: three pixels at 64, enough for a cross


def pixel(layers: Layers) -> Pixels:
    """Big blocks in a small palette, the subject's border darker in its own colour."""
    colours, inside = _blocks(layers, BLOCK)
    border = inside * (1 - _inner(inside))
    colours = over(colours, colours * 0.5, border)
    return _repeated(_few(colours, 6), layers, BLOCK)


def crossstitch(layers: Layers) -> Pixels:
    """One coloured cross a block, on pale linen, framed by a red running stitch."""
    colours, inside = _blocks(layers, BLOCK)
    colours = over(colours, colours * 0.62, inside * (1 - _inner(inside)))
    colours = _repeated(_hemmed(colours), layers, BLOCK)
    down, right = _within(layers.mask.shape[0], BLOCK)
    near = np.minimum(np.abs(down - right), np.abs(down + right - 1))
    seam = np.maximum(np.abs(down - 0.5), np.abs(right - 0.5)) > 0.42
    linen = np.asarray(LINEN, np.float32) * (1 - np.float32(0.2) * seam[..., None])
    thread = colours * (1.1 - 0.4 * near[..., None])
    return over(linen, thread, (near < 0.3).astype(np.float32))


def _hemmed(blocks: Pixels) -> Pixels:
    """The blocks in a linen hem with every other outermost stitch red."""
    count = blocks.shape[0] - 1
    down, right = np.indices((count + 1, count + 1))
    near = np.minimum(np.minimum(down, right), np.minimum(count - 1 - down, count - 1 - right))
    red = (near <= 0) & ((down + right) % 2 == 0)
    hemmed = over(blocks, np.asarray(LINEN, np.float32), (near <= 0).astype(np.float32))
    return over(hemmed, np.array((0.8, 0.16, 0.2), np.float32), red.astype(np.float32))


def mosaic(layers: Layers) -> Pixels:
    """Uneven tesserae in pale grout, each a little lighter or darker."""
    cell, gap = _tiles(layers, 15, 0.3, 1)
    shade = (
        np.random.default_rng(layers.seed + 1)
        .uniform(0.8, 1.16, int(cell.max()) + 1)
        .astype(np.float32)
    )
    body = layers.mask * (1 - 0.85 * layers.ink)
    place = _mean(rich(layers.place, 1.2), cell, 1 - 0.9 * layers.mask)
    subject = _mean(rich(layers.subject, 1.2), cell, body + np.float32(1e-3))
    seen = over(place[cell], subject[cell], layers.mask) * shade[cell][..., None]
    eyes = (tone(layers.subject) < 0.3) * (grown(1 - layers.mask, 9) < 0.5)
    seen = over(seen, layers.subject, eyes.astype(np.float32))
    seen = over(seen, seen * 0.4, grown(edges(layers.mask[..., None], 0.5), 2))
    return over(seen, np.array((0.9, 0.87, 0.82), np.float32), 0.9 * gap)


def stainedglass(layers: Layers) -> Pixels:
    """Lit glass between black leads."""
    black = np.full(3, 0.04, np.float32)
    cell, gap = _tiles(layers, 5, 0.34, 3)
    shade = (
        np.random.default_rng(layers.seed)
        .uniform(0.8, 1.25, int(cell.max()) + 1)
        .astype(np.float32)
    )
    glass = rich(soft(layers.place, 3), 1.7) * shade[cell][..., None]
    glass = over(glass, black, np.maximum(gap, grown(edges(layers.place, 0.35), 1)))
    body = rich(layers.subject, 1.6) * (
        0.8 + 0.4 * blurred(layers.mask, layers.mask.shape[0] / 16)[..., None]
    )
    body = over(body, black, np.maximum(layers.ink, 0.5 * gap))
    return over(over(glass, black, grown(layers.mask, 6)), body, layers.mask)


def enlarged(values: NDArray[Scalar], wide: int) -> NDArray[Scalar]:
    """A small grid of values, (n, n) or (n, n, 3), as blocks in a square of `wide` pixels."""
    steps = np.arange(wide) * values.shape[0] // wide
    return values[steps][:, steps]


def _blocks(layers: Layers, step: int) -> tuple[Pixels, Pixels]:
    """One colour a block, (n, n, 3), and 1 where it is subject, (n, n): no block mixes the two."""
    size = _step(layers, step)
    inside = (_reduced(layers.mask[..., None], size)[..., 0] > 0.45).astype(np.float32)
    solid = (layers.mask * (1 - 0.8 * layers.ink))[..., None]
    subject = _reduced(layers.subject * solid, size) / _reduced(solid, size).clip(1e-3)
    return over(_reduced(layers.place, size), subject, inside), inside


def _step(layers: Layers, step: int) -> int:
    return layers.mask.shape[0] * step // 256


def _inner(inside: Pixels) -> Pixels:
    """1 where a cell's four neighbours are all inside."""
    p = np.pad(inside, 1)
    return np.minimum.reduce([p[:-2, 1:-1], p[2:, 1:-1], p[1:-1, :-2], p[1:-1, 2:]])


def _reduced(values: Pixels, size: int) -> Pixels:
    """The mean of each block of `size` pixels; the last blocks reach over the edge."""
    count = -(-values.shape[0] // size)
    more = count * size - values.shape[0]
    padded = np.pad(values, ((0, more), (0, more), (0, 0)), mode="edge")
    return padded.reshape(count, size, count, size, values.shape[2]).mean(axis=(1, 3))


def _repeated(blocks: Pixels, layers: Layers, step: int) -> Pixels:
    size, wide = _step(layers, step), layers.mask.shape[0]
    return blocks.repeat(size, axis=0).repeat(size, axis=1)[:wide, :wide]


def _few(values: Pixels, levels: int) -> Pixels:
    return np.round(values * levels) / levels


def _within(wide: int, step: int) -> tuple[Pixels, Pixels]:
    """(wide, wide): how far down and right of its block's corner each pixel lies, 0..1."""
    down, right = np.indices((wide, wide)).astype(np.float32)
    size = wide * step / 256
    return (down + 0.5) % size / size, (right + 0.5) % size / size


def _tiles(
    layers: Layers, count: int, jitter: float, joint_width: int
) -> tuple[NDArray[np.intp], Pixels]:
    """Voronoi cells of a jittered grid: the index of each pixel's cell, and 1 in the joints."""
    rng = np.random.default_rng(layers.seed)
    wide = layers.mask.shape[0]
    grid = np.indices((count, count)).reshape(2, -1).T + 0.5
    seeds = ((grid + rng.uniform(-jitter, jitter, grid.shape)) * wide / count).astype(np.float32)
    down, right = np.indices((wide // 2, wide // 2)).astype(np.float32) * 2
    far = (down[..., None] - seeds[:, 0]) ** 2 + (right[..., None] - seeds[:, 1]) ** 2
    cell = enlarged(far.argmin(axis=2), wide)
    joint = np.zeros((wide, wide), np.float32)
    joint[1:] = np.diff(cell, axis=0) != 0
    joint[:, 1:] = np.maximum(joint[:, 1:], np.diff(cell, axis=1) != 0)
    return cell, grown(joint, joint_width)


def _mean(values: Pixels, cell: NDArray[np.intp], weight: Pixels) -> Pixels:
    """(cells, 3): the weighted mean colour of each cell."""
    flat, heavy = cell.ravel(), weight.ravel()
    size = np.bincount(flat, heavy).clip(1e-6)
    sums = [np.bincount(flat, values[..., k].ravel() * heavy) / size for k in range(3)]
    return np.stack(sums, axis=1).astype(np.float32)


def rich(values: Pixels, by: float) -> Pixels:
    """RGB values with `by` times their saturation."""
    grey = tone(values)[..., None]
    return (grey + (values - grey) * np.float32(by)).clip(0, 1)
