"""A contact sheet: one row an adapter, without it and with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

TILE, GAP, LABEL = 128, 6, 210
HEADINGS = ("checkpoint alone", "with the adapter")
PAPER, INK, FAINT = "#fbf7ef", "#2b2633", "#8d8496"


@dataclass(frozen=True, slots=True)
class Row:
    """An adapter: pictures drawn without it and pictures drawn with it."""

    name: str
    title: str
    without: Sequence[Image.Image]
    drawn: Sequence[Image.Image]


def sheet(rows: Sequence[Row], headings: tuple[str, str] = HEADINGS) -> Image.Image:
    """All rows under each other; tiles of 128 pixels, enlarged without smoothing."""
    columns = max((len(row.without) + len(row.drawn) for row in rows), default=0)
    size = (LABEL + columns * (TILE + GAP) + 4 * GAP, (len(rows) * (TILE + GAP)) + 40)
    paper = Image.new("RGB", size, PAPER)
    _headings(paper, len(rows[0].without) if rows else 0, headings)
    for number, row in enumerate(rows):
        _row(paper, row, 36 + number * (TILE + GAP))
    return paper


def _headings(paper: Image.Image, without: int, said: tuple[str, str]) -> None:
    pen = ImageDraw.Draw(paper)
    font = ImageFont.load_default(15)
    pen.text((LABEL, 12), said[0], FAINT, font)
    pen.text((LABEL + without * (TILE + GAP) + 3 * GAP, 12), said[1], FAINT, font)


def _row(paper: Image.Image, row: Row, top: int) -> None:
    pen = ImageDraw.Draw(paper)
    pen.text((12, top + TILE // 2 - 9), row.title, INK, ImageFont.load_default(17))
    left = LABEL
    for picture in row.without:
        paper.paste(picture.resize((TILE, TILE), Image.Resampling.NEAREST), (left, top))
        left += TILE + GAP
    left += 3 * GAP
    for picture in row.drawn:
        paper.paste(picture.resize((TILE, TILE), Image.Resampling.NEAREST), (left, top))
        left += TILE + GAP
