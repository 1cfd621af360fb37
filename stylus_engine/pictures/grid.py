"""One contact sheet of several pictures: the file that people look at first."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stylus_engine.ports import Pixels

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER = (24, 25, 29)
INK = (206, 209, 217)
MARGIN, GAP = 16, 14  # pixels
TEXT, LINE, MOST_LINES = 13, 18, 3
LETTERS = frozenset("·×…“”‘’–")  # beside ASCII, what Pillow's font is known to draw
LEAST_EDGE = 256  # smaller pictures are enlarged to it, by whole factors


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where cells lie: `width` × `height` each, `below` pixels of text under it."""

    count: int
    width: int
    height: int
    below: int

    @property
    def size(self) -> tuple[int, int]:
        across = columns(self.count)
        down = math.ceil(self.count / across)
        high = self.height + self.below
        return (
            2 * MARGIN + across * self.width + (across - 1) * GAP,
            2 * MARGIN + down * high + (down - 1) * GAP,
        )

    def corner(self, index: int) -> tuple[int, int]:
        row, column = divmod(index, columns(self.count))
        return (
            MARGIN + column * (self.width + GAP),
            MARGIN + row * (self.height + self.below + GAP),
        )


def columns(count: int) -> int:
    """As square as can be, wider than high: 2 → 2, 4 → 2, 6 → 3, 9 → 3."""
    return math.ceil(math.sqrt(count))


def grid(pictures: Sequence[Pixels], captions: Sequence[str] = ()) -> Pixels:
    """All pictures on one sheet in reading order, caption i under picture i.

    Small pictures are enlarged by nearest neighbour: what was drawn stays visible,
    nothing is made up.  Raises `ValueError` for no pictures.
    """
    cells = [_enlarged(picture) for picture in pictures]
    width = max(cell.width for cell in cells)
    texts = [_wrapped(caption, width) for caption in captions]
    sheet = _Sheet(len(cells), width, max(cell.height for cell in cells), _room(texts))
    image = Image.new("RGB", sheet.size, PAPER)
    for index, cell in enumerate(cells):
        x, y = sheet.corner(index)
        image.paste(cell, (x + (width - cell.width) // 2, y))
    for index, lines in enumerate(texts[: len(cells)]):
        x, y = sheet.corner(index)
        _write(image, lines, x, y + sheet.height + 6)
    return np.asarray(image, dtype=np.uint8)


def _enlarged(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels)
    factor = max(1, LEAST_EDGE // max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _room(texts: Sequence[Sequence[str]]) -> int:
    """Pixels under each picture for the longest caption."""
    most = max((len(lines) for lines in texts), default=0)
    return most * LINE + 8 if most else 0


def _font() -> Font:
    """Pillow's own: no font file to find, and the same letters on every machine."""
    return ImageFont.load_default(size=TEXT)


def _wrapped(caption: str, width: int) -> list[str]:
    """`caption` in at most three lines of `width` pixels, the last cut off with an ellipsis."""
    font, lines = _font(), [""]
    for word in _legible(caption).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return [_cut(line, width, font) for line in lines if line]


def _legible(text: str) -> str:
    """`text` in letters the font has: é becomes e, what has no likeness becomes ?."""
    plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    drawn = (c if c.isascii() or c in LETTERS else "?" for c in plain)
    return "".join(c if c.isprintable() else " " for c in drawn)


def _cut(line: str, width: int, font: Font) -> str:
    while line and font.getlength(line) > width:
        line = f"{line.rstrip('…')[:-1]}…" if len(line) > 2 else ""
    return line


def _write(image: Image.Image, lines: Sequence[str], x: int, y: int) -> None:
    pen, font = ImageDraw.Draw(image), _font()
    for number, line in enumerate(lines):
        pen.text((x, y + number * LINE), line, fill=INK, font=font)
