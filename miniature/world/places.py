"""The places, painted flat and without ink so that a subject stands out before them.

Places are painted in page units: (0, 0) is the upper left corner, (1, 1) the lower right.
"""

from collections.abc import Callable
from random import Random

from miniature.world.brush import Brush, Point, Rgb

Painter = Callable[[Brush, Random], None]


def sky(b: Brush, top: Rgb, bottom: Rgb, until: float = 1.0) -> None:
    """A vertical gradient from the upper edge down to `until`."""
    height = round(until * b.reach)
    pen = b.pen
    for y in range(height):
        k = y / height
        tone = tuple(round(p + (q - p) * k) for p, q in zip(top, bottom, strict=True))
        pen.line([(0, y), (b.reach, y)], fill=tone)


def hills(b: Brush, rng: Random, height: float, swing: float, fill: Rgb) -> None:
    """A rolling line at `height`, filled to the lower edge."""
    crest = [(x / 4, height + rng.uniform(-swing, swing)) for x in range(-1, 6)]
    b.blob([*crest, (1.6, 1.5), (-0.6, 1.5)], fill, None)


def clouds(b: Brush, rng: Random, fill: Rgb) -> None:
    """Two or three clouds in the upper fifth."""
    for x in (rng.uniform(0.05, 0.3), rng.uniform(0.7, 0.95)):
        y = rng.uniform(0.08, 0.2)
        for dx, dy, r in ((-0.08, 0.01, 0.04), (0, -0.015, 0.06), (0.08, 0.01, 0.045)):
            b.oval(x + dx, y + dy, r * 1.3, r, fill, None)


def sides(rng: Random, count: int) -> list[float]:
    """Places near the left and right edge, where the subject leaves room."""
    left = [rng.uniform(0.0, 0.2) for _ in range(count)]
    return [*left, *(rng.uniform(0.8, 1.0) for _ in range(count))]


def pine(b: Brush, x: float, foot: float, height: float, fill: Rgb, cap: Rgb | None = None) -> None:
    """A pine of three storeys, with snow on each when `cap` is given."""
    b.shape([(x - 0.02, foot), (x + 0.02, foot), (x + 0.02, foot - 0.1), (x - 0.02, foot - 0.1)],
            (104, 72, 54), None)  # fmt: skip
    for k in range(3):
        low = foot - height * (0.14 + 0.26 * k)
        wide, tall = height * (0.27 - 0.06 * k), height * 0.36
        b.shape([(x - wide, low), (x + wide, low), (x, low - tall)], fill, None)
        if cap is not None:
            b.shape([(x - wide * 0.5, low - tall * 0.5), (x + wide * 0.5, low - tall * 0.5),
                     (x, low - tall)], cap, None)  # fmt: skip


def forest(b: Brush, rng: Random) -> None:
    """Tall pines in morning mist."""
    sky(b, (196, 224, 196), (226, 238, 206))
    for x in range(7):
        pine(b, x / 6 + rng.uniform(-0.05, 0.05), 0.74, rng.uniform(0.4, 0.62), (132, 178, 146))
    hills(b, rng, 0.72, 0.02, (104, 138, 78))
    for x in sides(rng, 2):
        pine(
            b,
            x,
            rng.uniform(0.76, 0.86),
            rng.uniform(0.68, 0.86),
            rng.choice(((36, 92, 70), (48, 110, 74))),
        )
    hills(b, rng, 0.87, 0.02, (76, 108, 58))
    for x in sides(rng, 2):
        b.dot(x, rng.uniform(0.9, 0.97), 0.018, (250, 240, 200))


def cactus(b: Brush, x: float, foot: float, height: float) -> None:
    """A saguaro with two arms."""
    tone: Rgb = (70, 132, 92)
    b.stroke([(x, foot), (x, foot - height)], 0.065, tone)
    b.stroke(
        [
            (x, foot - height * 0.35),
            (x - 0.09, foot - height * 0.4),
            (x - 0.09, foot - height * 0.7),
        ],
        0.045,
        tone,
    )
    b.stroke(
        [
            (x, foot - height * 0.5),
            (x + 0.08, foot - height * 0.55),
            (x + 0.08, foot - height * 0.85),
        ],
        0.045,
        tone,
    )


def desert(b: Brush, rng: Random) -> None:
    """Dunes, cacti and a pale sun."""
    sky(b, (150, 208, 214), (252, 232, 184), 0.7)
    b.dot(rng.choice((0.14, 0.86)), 0.14, 0.085, (255, 248, 206))
    x = rng.choice((0.08, 0.78))
    b.shape([(x - 0.02, 0.66), (x, 0.42), (x + 0.17, 0.42), (x + 0.2, 0.66)], (206, 128, 92), None)
    hills(b, rng, 0.62, 0.03, (236, 190, 118))
    hills(b, rng, 0.74, 0.03, (222, 168, 94))
    cactus(b, rng.uniform(0.06, 0.13), 0.82, rng.uniform(0.34, 0.44))
    cactus(b, rng.uniform(0.87, 0.94), 0.78, rng.uniform(0.26, 0.36))
    hills(b, rng, 0.87, 0.02, (240, 198, 130))
    b.oval(rng.uniform(0.1, 0.9), 0.94, 0.05, 0.025, (188, 136, 92), None)


def palm(b: Brush, x: float, lean: float) -> None:
    """A palm from the lower edge, leaning by `lean`."""
    top: Point = (x + lean, 0.3)
    b.stroke([(x, 0.86), (x + lean * 0.3, 0.56), top], 0.05, (150, 104, 66))
    for dx, dy in ((-0.19, 0.07), (-0.14, -0.09), (0.02, -0.16), (0.15, -0.07), (0.18, 0.09)):
        b.stroke(
            [top, (top[0] + dx * 0.6, top[1] + dy - 0.04), (top[0] + dx, top[1] + dy)],
            0.055,
            (58, 142, 78),
        )
    b.dot(top[0], top[1] + 0.03, 0.03, (116, 74, 46))


def beach(b: Brush, rng: Random) -> None:
    """Palm, sea and sand."""
    sky(b, (122, 200, 244), (208, 240, 250), 0.5)
    clouds(b, rng, (255, 255, 255))
    b.shape([(-0.1, 0.46), (1.1, 0.46), (1.1, 0.8), (-0.1, 0.8)], (40, 156, 190), None)
    for y in (0.53, 0.61):
        x = rng.uniform(0, 0.3)
        b.stroke([(x, y), (x + 0.14, y)], 0.018, (170, 226, 232))
        b.stroke([(x + 0.55, y), (x + 0.72, y)], 0.018, (170, 226, 232))
    hills(b, rng, 0.69, 0.014, (244, 252, 250))
    hills(b, rng, 0.73, 0.014, (246, 224, 166))
    side = rng.choice((0, 1))
    palm(b, 0.06 if side else 0.94, 0.06 if side else -0.06)
    hills(b, rng, 0.86, 0.02, (236, 206, 142))
    x = rng.uniform(0.78, 0.92) if side else rng.uniform(0.08, 0.22)
    for k in (-0.04, 0.0, 0.04):
        b.dot(x + k, 0.92 - (0.03 if k == 0 else 0), 0.026, (240, 128, 112))


def snow(b: Brush, rng: Random) -> None:
    """White hills under falling flakes."""
    sky(b, (148, 178, 216), (206, 222, 240), 0.75)
    for x, h in (
        (rng.uniform(-0.02, 0.2), rng.uniform(0.2, 0.3)),
        (rng.uniform(0.75, 1.0), rng.uniform(0.22, 0.32)),
    ):
        b.shape([(x - 0.36, 0.74), (x, h), (x + 0.36, 0.74)], (122, 146, 188), None)
        b.shape([(x - 0.13, h + 0.16), (x, h), (x + 0.13, h + 0.16), (x + 0.04, h + 0.12), (x - 0.04, h + 0.18)],
                (250, 252, 255), None)  # fmt: skip
    hills(b, rng, 0.66, 0.02, (214, 228, 244))
    for x in sides(rng, 1):
        pine(
            b, x, rng.uniform(0.78, 0.84), rng.uniform(0.44, 0.56), (58, 104, 112), (248, 252, 255)
        )
    hills(b, rng, 0.8, 0.025, (238, 244, 252))
    for _ in range(16):
        b.dot(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.012, 0.02), (255, 255, 255))


def tower(b: Brush, rng: Random, x: float, wide: float, roof: float, fill: Rgb) -> None:
    """A building with rows of lit windows."""
    b.shape([(x, 0.85), (x, roof), (x + wide, roof), (x + wide, 0.85)], fill, None)
    rows = int((0.8 - roof) / 0.11)
    for row in range(rows):
        for k in (0.16, 0.58):
            lit = (255, 226, 140) if rng.random() < 0.75 else (70, 78, 104)
            left, top = x + wide * k, roof + 0.04 + row * 0.11
            b.shape([(left, top), (left + wide * 0.26, top), (left + wide * 0.26, top + 0.055), (left, top + 0.055)],
                    lit, None)  # fmt: skip


def city(b: Brush, rng: Random) -> None:
    """A street before tall houses with lit windows."""
    sky(b, (178, 190, 214), (246, 218, 200), 0.85)
    for k in range(6):
        x = k / 6 + rng.uniform(-0.02, 0.02)
        roof = rng.uniform(0.3, 0.5)
        b.shape([(x, 0.85), (x, roof), (x + 0.18, roof), (x + 0.18, 0.85)], (166, 168, 190), None)
    for x in (-0.03, 0.14, 0.68, 0.86):
        roof = rng.uniform(0.08, 0.34)
        tower(
            b,
            rng,
            x + rng.uniform(-0.02, 0.02),
            0.17,
            roof,
            rng.choice(((98, 104, 130), (122, 108, 118))),
        )
    b.shape([(-0.1, 0.8), (1.1, 0.8), (1.1, 1.1), (-0.1, 1.1)], (172, 166, 166), None)
    b.shape([(-0.1, 0.85), (1.1, 0.85), (1.1, 1.1), (-0.1, 1.1)], (88, 86, 98), None)
    for k in range(4):
        x = k * 0.3 - 0.05 + rng.uniform(0, 0.04)
        b.stroke([(x, 0.93), (x + 0.12, 0.93)], 0.024, (240, 232, 204))


def space(b: Brush, rng: Random) -> None:
    """Stars, a ringed planet and the edge of a moon."""
    sky(b, (26, 18, 62), (62, 34, 96))
    for _ in range(18):
        b.dot(
            rng.random(), rng.uniform(0, 0.85), rng.choice((0.013, 0.017, 0.021)), (255, 246, 214)
        )
    side = rng.choice((0, 1))
    x, y = (0.15 if side else 0.85) + rng.uniform(-0.03, 0.03), rng.uniform(0.14, 0.22)
    b.dot(x, y, 0.1, (226, 142, 92))
    b.stroke([(x - 0.07, y - 0.03), (x + 0.07, y - 0.05)], 0.03, (244, 178, 120))
    b.stroke([(x - 0.17, y + 0.05), (x, y + 0.025), (x + 0.17, y - 0.06)], 0.026, (244, 220, 172))
    b.dot(0.9 if side else 0.1, rng.uniform(0.3, 0.5), 0.05, (98, 178, 190))
    b.oval(0.5 + rng.uniform(-0.1, 0.1), 1.16, 0.9, 0.34, (134, 132, 158), None)
    for x in sides(rng, 1):
        b.oval(x, rng.uniform(0.92, 0.97), 0.06, 0.025, (102, 100, 128), None)


PAINTERS: dict[str, Painter] = {
    "forest": forest,
    "desert": desert,
    "beach": beach,
    "snow": snow,
    "city": city,
    "space": space,
}
