"""The drawn and printed styles, and the table of all. A style turns layers into one picture.

Place and subject are treated apart, so that subject, colour and place stay readable in each.
"""

from collections.abc import Callable

import numpy as np

from miniature.world import cells
from miniature.world.brush import Rgb
from miniature.world.layers import Layers, Pixels, blurred, edges, grown, over, shifted, soft, tone

Style = Callable[[Layers], Pixels]
BLACK = np.array((0.07, 0.05, 0.08), np.float32)
WHITE = np.ones(3, np.float32)


def plain(layers: Layers) -> Pixels:
    """The storybook picture as painted."""
    return over(layers.place, layers.subject, layers.mask)


def pencil(layers: Layers) -> Pixels:
    """Grey hatching on paper; the subject in strokes of a coloured pencil."""
    paper = _sheet(layers, (0.91, 0.87, 0.79))
    lead = np.array((0.32, 0.31, 0.35), np.float32)
    hatch = (_stripes(layers, 16, 1, 1) < (1 - tone(layers.place)) * 0.85).astype(np.float32)
    page = over(paper * 0.86 + layers.place * 0.14, lead, 0.5 * hatch)
    page = over(page, lead, 0.75 * _lines(layers.place, 1))
    strokes = np.where(_stripes(layers, 16, 1, -0.8, wave=3) < 0.68, np.float32(1), np.float32(0.4))
    body = over(paper, cells.rich(_without_ink(layers), 1.1), strokes)
    body = over(body, lead * 0.8, 0.85 * layers.ink)
    return over(over(page, paper, grown(layers.mask, 5)), body, layers.mask)


def watercolour(layers: Layers) -> Pixels:
    """Pale washes that run and pool; no ink, a rim of dry paper around the subject."""
    paper = _sheet(layers, (0.98, 0.96, 0.91))
    bloom = _clouded(layers, 20)[..., None]
    wash = soft(layers.place, 5)
    page = paper + (wash - paper) * (0.55 + 0.5 * bloom)
    page = page - 0.16 * blurred(_lines(wash, 1), 3)[..., None]
    colours = soft(_without_ink(layers), 2.2)
    body = paper + (colours - paper) * (0.66 + 0.36 * bloom)
    body = over(
        body, colours * np.array((0.62, 0.62, 0.72), np.float32), 0.85 * _rim(layers.mask, 5)
    )
    body = over(body, colours * 0.55, 0.6 * layers.ink * (1 - _rim(layers.mask, 8)))
    dry = blurred(grown(layers.mask, 7), 3)
    return over(over(page, paper, 0.9 * dry), body, blurred(layers.mask, 1.2))


def neon(layers: Layers) -> Pixels:
    """Glowing tubes on black; the place glows faintly behind."""
    tubes = _lines(layers.place, 1)
    hue = cells.rich(grown_colour(layers.place), 1.5)
    page = np.array((0.04, 0.03, 0.09), np.float32) + 0.16 * layers.place * layers.place
    page = page + 0.55 * hue * (tubes + 0.5 * blurred(tubes, 5))[..., None]
    colour = _body(layers, light=False)
    tube = np.maximum(_rim(layers.mask, 6), grown(layers.ink, 1)) * grown(layers.mask, 1)
    halo = 1.5 * blurred(tube, 8)
    page = over(page, page * 0.15, grown(layers.mask, 2))
    page = page + 0.34 * layers.subject * layers.mask[..., None] + 0.75 * colour * halo[..., None]
    return over(page, colour + 0.12, tube)


def blueprint(layers: Layers) -> Pixels:
    """White lines on a gridded blue sheet; the subject hatched in its colour."""
    ground = np.array((0.1, 0.24, 0.56), np.float32)
    page = np.broadcast_to(ground, layers.place.shape)
    down, right = _axes(layers)
    unit = layers.mask.shape[0] / 256
    grid = ((down % (32 * unit) < 4 * unit) | (right % (32 * unit) < 4 * unit)).astype(np.float32)
    page = over(page, WHITE, 0.2 * grid)
    page = page + 0.16 * (layers.place - 0.5)
    page = over(page, np.array((0.66, 0.8, 0.98), np.float32), 0.8 * _lines(layers.place, 1))
    hatch = (_stripes(layers, 16, 1, 1) < 0.75).astype(np.float32)
    body = over(page * 0.75, cells.rich(layers.subject, 1.15) * 1.06, hatch)
    line = np.maximum(layers.ink, _rim(layers.mask, 5))
    return over(over(page, body, layers.mask), WHITE, line)


def papercut(layers: Layers) -> Pixels:
    """Cut paper in a few flat tints, each sheet casting a shadow; the subject has a white border."""
    flat = np.round(cells.rich(soft(layers.place, 3), 1.3) * 5) / 5 * 0.8 + 0.16
    page = flat * (1 - 0.35 * blurred(shifted(_lines(flat, 2), 4, 5), 3)[..., None])
    page = over(page, WHITE, 0.75 * _lines(flat, 1))
    sheet = grown(layers.mask, 9)
    shade = blurred(shifted(sheet, 9, 12), 4)
    page = over(page, page * 0.35, 0.85 * shade)
    page = over(page, WHITE, sheet)
    body = _without_ink(layers)
    body = over(body, _deep(layers), layers.ink * (1 - _rim(layers.mask, 8)))
    return over(page, body, layers.mask * (1 - 0.9 * _rim(layers.mask, 4)))


def chalk(layers: Layers) -> Pixels:
    """Dusty chalk on a framed slate."""
    grain = _grain(layers, 3)
    slate = np.array((0.16, 0.25, 0.22), np.float32)
    smear = (0.35 + 0.65 * grain) * (_stripes(layers, 20, 1, 1.4) < 0.6)
    page = over(
        slate + 0.0 * layers.place, layers.place * 0.75 + 0.2, 0.75 * smear * tone(layers.place)
    )
    page = over(
        page,
        np.array((0.9, 0.92, 0.88), np.float32),
        _lines(layers.place, 1) * (0.45 + 0.45 * grain),
    )
    body = over(slate, layers.subject * 0.9 + 0.1, (0.7 + 0.3 * grain) * (1 - layers.ink))
    page = over(over(page, slate, grown(layers.mask, 4)), body, layers.mask)
    page = over(page, WHITE * 0.97, (0.6 + 0.4 * grain) * _rim(layers.mask, 5))
    return _framed(page, (150, 102, 60))


def woodcut(layers: Layers) -> Pixels:
    """Black gouge lines on cream; the subject printed in its colour."""
    cream = np.array((0.95, 0.89, 0.74), np.float32)
    line = _stripes(layers, 16, 0, 1, wave=5)
    dark = (1 - tone(layers.place)).clip(0.12, 0.82)
    black = np.maximum((line < dark).astype(np.float32), _lines(layers.place, 1))
    page = over(cream * 0.72 + layers.place * 0.28, BLACK, black)
    page = over(page, cream, grown(layers.mask, 6))
    body = cells.rich(_without_ink(layers), 1.1)
    gouge = (_stripes(layers, 16, 1, 0.35) < 0.22).astype(np.float32) * (tone(body) < 0.98)
    body = over(body, body * 0.3, 0.9 * gouge)
    body = over(body, BLACK, np.maximum(grown(layers.ink, 1), _rim(layers.mask, 7)))
    return over(page, body, layers.mask)


def halftone(layers: Layers) -> Pixels:
    """A comic page: the place in bold printing dots, the subject flat with a burst behind it."""
    cream = np.array((1.0, 0.97, 0.86), np.float32)
    down, right = _axes(layers)
    cell = layers.mask.shape[0] / 11
    u, v = (right + down) % cell / cell - 0.5, (right - down) % cell / cell - 0.5
    depth = (1 - tone(layers.place) * 0.82).clip(0.16, 0.8)
    dots = (u * u + v * v < depth * 0.27).astype(np.float32)
    page = over(
        np.broadcast_to(cream, layers.place.shape), cells.rich(layers.place, 1.6) * 0.8, dots
    )
    page = over(page, BLACK, grown(layers.mask, 7))
    body = cells.rich(layers.subject, 1.2)
    return over(page, body, layers.mask)


def grown_colour(values: Pixels) -> Pixels:
    """Each colour at full brightness; greys stay grey."""
    return values / values.max(axis=2, keepdims=True).clip(0.25)


def _body(layers: Layers, light: bool) -> Pixels:
    rgb: Rgb = layers.tones.light if light else layers.tones.base
    return grown_colour(np.asarray(rgb, np.float32)[None, None] / 255)


def _deep(layers: Layers) -> Pixels:
    return np.asarray(layers.tones.dark, np.float32) / 255 * 0.72


def _without_ink(layers: Layers) -> Pixels:
    """The subject with its outline filled in by the body colour."""
    return over(layers.subject, np.asarray(layers.tones.base, np.float32) / 255, layers.ink)


def _rim(mask: Pixels, wide: int) -> Pixels:
    """A line `wide` pixels thick just inside the mask."""
    return mask * grown(1 - mask, wide)


def _lines(values: Pixels, by: int) -> Pixels:
    """The edges of RGB values as lines 2 · `by` + 2 pixels thick."""
    return grown(edges(values), by)


def _axes(layers: Layers) -> tuple[Pixels, Pixels]:
    wide = layers.mask.shape[0]
    down, right = np.indices((wide, wide)).astype(np.float32)
    return down, right


def _stripes(layers: Layers, period: float, across: float, along: float, wave: float = 0) -> Pixels:
    """(height, width): 0..1 across each stripe; `period` in 256ths of the picture."""
    unit = layers.mask.shape[0] / 256
    down, right = _axes(layers)
    sway = wave * np.sin(right / (28 * unit))
    return ((right * across + down * along) / unit + sway) / period % 1


def _grain(layers: Layers, size: float) -> Pixels:
    """(height, width) noise in 0..1, spots about `size` picture pixels wide."""
    cell_count = round(64 / size * 2)
    noise = np.random.default_rng(layers.seed).random((cell_count, cell_count), np.float32)
    return cells.enlarged(noise, layers.mask.shape[0])


def _clouded(layers: Layers, size: float) -> Pixels:
    noise = _grain(layers, size)
    return blurred(noise, layers.mask.shape[0] / 40)


def _sheet(layers: Layers, rgb: tuple[float, float, float]) -> Pixels:
    """Paper of a colour with a little tooth."""
    tooth = 0.04 * (_grain(layers, 2) - 0.5)
    return np.asarray(rgb, np.float32) + tooth[..., None]


def _framed(page: Pixels, rgb: Rgb) -> Pixels:
    wide = page.shape[0] // 21
    inside = np.zeros(page.shape[:2], np.float32)
    inside[wide:-wide, wide:-wide] = 1
    return over(np.broadcast_to(np.asarray(rgb, np.float32) / 255, page.shape), page, inside)


STYLES: dict[str, Style] = {
    "plain": plain,
    "pencil": pencil,
    "pixel": cells.pixel,
    "watercolour": watercolour,
    "stainedglass": cells.stainedglass,
    "neon": neon,
    "blueprint": blueprint,
    "papercut": papercut,
    "crossstitch": cells.crossstitch,
    "chalk": chalk,
    "woodcut": woodcut,
    "mosaic": cells.mosaic,
    "halftone": halftone,
}
