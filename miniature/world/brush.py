"""A brush that draws smooth, outlined shapes in its own units. Knows geometry, no motif."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

Rgb = tuple[int, int, int]
Point = tuple[float, float]

INK: Rgb = (43, 33, 48)
CREAM: Rgb = (252, 243, 220)
GLASS: Rgb = (188, 226, 238)
LAMP: Rgb = (255, 224, 120)
WOOD: Rgb = (150, 98, 58)


@dataclass(frozen=True, slots=True)
class Tones:
    """The three tones of a body colour, and the colour of spots upon it."""

    base: Rgb
    light: Rgb
    dark: Rgb
    spot: Rgb


PALETTE: dict[str, Tones] = {
    "red": Tones((216, 38, 40), (240, 92, 82), (150, 18, 34), CREAM),
    "orange": Tones((246, 132, 20), (255, 172, 78), (196, 88, 10), CREAM),
    "yellow": Tones((252, 216, 44), (255, 236, 128), (216, 166, 16), CREAM),
    "green": Tones((62, 170, 62), (126, 208, 104), (28, 116, 50), CREAM),
    "blue": Tones((42, 104, 218), (104, 160, 244), (22, 60, 152), CREAM),
    "purple": Tones((132, 62, 186), (176, 118, 222), (86, 32, 132), CREAM),
    "pink": Tones((250, 138, 190), (255, 188, 218), (214, 84, 146), CREAM),
    "white": Tones((250, 250, 250), (255, 255, 255), (204, 208, 218), (176, 182, 198)),
}


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws on `image`; one unit is `reach` pixels, (0, 0) lies at `origin` (pixels), y goes down."""

    image: Image.Image
    origin: Point
    reach: float
    tilt: float = 0.0
    flip: bool = False
    line: float = 5.0

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def to_pixels(self, points: Sequence[Point]) -> list[Point]:
        """Maps points in units onto pixels: flip, then tilt (radians), then scale and shift."""
        cos, sin = math.cos(self.tilt) * self.reach, math.sin(self.tilt) * self.reach
        side = -1.0 if self.flip else 1.0
        ox, oy = self.origin
        return [(ox + side * x * cos - y * sin, oy + side * x * sin + y * cos) for x, y in points]

    def shape(self, points: Sequence[Point], fill: Rgb, ink: Rgb | None = INK) -> None:
        """A filled polygon with straight sides; `ink=None` leaves the outline away."""
        corners = self.to_pixels(points)
        pen = self.pen
        pen.polygon(corners, fill=fill)
        if ink is not None:
            pen.line(
                [*corners, corners[0], corners[1]], fill=ink, width=round(self.line), joint="curve"
            )

    def blob(self, points: Sequence[Point], fill: Rgb, ink: Rgb | None = INK) -> None:
        """A filled closed curve through the points."""
        self.shape(smooth(points, closed=True), fill, ink)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Rgb,
        ink: Rgb | None = INK,
        turn: float = 0.0,
    ) -> None:
        """An ellipse about (x, y) with radii in units, turned by `turn` radians."""
        self.shape(_ring(x, y, rx, ry, turn), fill, ink)

    def stroke(self, points: Sequence[Point], width: float, colour: Rgb) -> None:
        """A smooth open line, `width` in units, with round ends."""
        path = self.to_pixels(smooth(points, closed=False))
        pen, pixels = self.pen, max(2.0, width * self.reach)
        pen.line(path, fill=colour, width=round(pixels), joint="curve")
        for x, y in (path[0], path[-1]):
            pen.ellipse(_box(x, y, pixels / 2), fill=colour)

    def thread(self, points: Sequence[Point], colour: Rgb = INK) -> None:
        """A smooth open line as thick as an outline."""
        self.stroke(points, self.line / self.reach, colour)

    def rope(self, points: Sequence[Point], width: float, fill: Rgb) -> None:
        """A thick line with an outline: a tail, an arm, a mast."""
        self.stroke(points, width + 2 * self.line / self.reach, INK)
        self.stroke(points, width, fill)

    def dot(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        """A round spot without outline, radius in units."""
        ((px, py),) = self.to_pixels([(x, y)])
        self.pen.ellipse(_box(px, py, radius * self.reach), fill=colour)

    def eye(self, x: float, y: float, radius: float = 0.17, look: float = 0.04) -> None:
        """A big round storybook eye that looks `look` units to the side."""
        self.oval(x, y, radius, radius, (255, 255, 255))
        self.dot(x + look, y + 0.01, radius * 0.62, INK)
        self.dot(x + look - radius * 0.2, y - radius * 0.25, radius * 0.24, (255, 255, 255))


def smooth(points: Sequence[Point], closed: bool, steps: int = 7) -> list[Point]:
    """A Catmull-Rom curve through the points, `steps` samples a span."""
    count = len(points)
    if count < 3:
        return list(points)
    spans = count if closed else count - 1
    curve = [
        _between(_near(points, i, closed), s / steps) for i in range(spans) for s in range(steps)
    ]
    return curve if closed else [*curve, points[-1]]


def _near(points: Sequence[Point], i: int, closed: bool) -> tuple[Point, Point, Point, Point]:
    count = len(points)
    if closed:
        a, b, c, d = ((i + k) % count for k in (-1, 0, 1, 2))
    else:
        a, b, c, d = (min(max(i + k, 0), count - 1) for k in (-1, 0, 1, 2))
    return points[a], points[b], points[c], points[d]


def _between(near: tuple[Point, Point, Point, Point], t: float) -> Point:
    a, b, c, d = near
    return _spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def _ring(x: float, y: float, rx: float, ry: float, turn: float) -> list[Point]:
    cos, sin = math.cos(turn), math.sin(turn)
    angles = [2 * math.pi * k / 32 for k in range(32)]
    round_ = [(rx * math.cos(a), ry * math.sin(a)) for a in angles]
    return [(x + u * cos - v * sin, y + u * sin + v * cos) for u, v in round_]


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius, y + radius
