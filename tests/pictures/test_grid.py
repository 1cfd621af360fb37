"""The contact sheet."""

import numpy as np
import pytest

from stylus_engine.pictures.grid import GAP, MARGIN, PAPER, columns, grid

FOUR = [np.full((64, 64, 3), shade, np.uint8) for shade in (40, 90, 140, 190)]


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (3, 2), (4, 2), (6, 3), (9, 3)])
def test_sheets_are_nearly_square(count, across):
    assert columns(count) == across


def test_four_small_pictures_are_enlarged_without_inventing_colours():
    sheet = grid(FOUR)
    assert sheet.shape == (2 * MARGIN + GAP + 512, 2 * MARGIN + GAP + 512, 3)
    assert set(np.unique(sheet)) == {40, 90, 140, 190, *PAPER}
    corner = MARGIN + 256 + GAP
    assert [sheet[y, x, 0] for y in (MARGIN, corner) for x in (MARGIN, corner)] == [
        40,
        90,
        140,
        190,
    ]


def test_pixels_stay_whole_squares():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    shown = grid([noise])[MARGIN : MARGIN + 256, MARGIN : MARGIN + 256]
    assert np.array_equal(shown, noise.repeat(4, axis=0).repeat(4, axis=1))


def test_captions_stand_below_and_never_reach_a_neighbour():
    words = ["1 · " + "x" * 300, "2 · " + "Ink & Wash 0.8 + " * 20, "3 · 龙 \n\x1b[31m é", ""]
    sheet = grid(FOUR, words)
    gap = sheet[:, MARGIN + 256 : MARGIN + 256 + GAP - 2]  # a letter may lean out by a pixel
    assert (gap == PAPER).all()
    assert (sheet[MARGIN + 256 + 6 :, :, 0] > 195).any()  # ink


def test_large_pictures_keep_their_size_and_sizes_may_differ():
    large = np.zeros((300, 500, 3), np.uint8)
    assert grid([large]).shape == (300 + 2 * MARGIN, 500 + 2 * MARGIN, 3)
    assert grid([large, FOUR[0]]).shape == (300 + 2 * MARGIN, 1000 + GAP + 2 * MARGIN, 3)


def test_no_pictures_are_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="empty"):
        grid([])
