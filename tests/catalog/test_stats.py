"""Figures of a catalogue: counted against a count by hand, the law against the law that made the data."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.plotting import plot
from stylus_engine.catalog.stats import (
    POINTS,
    SHORTEST_TAIL,
    Share,
    curve,
    descending,
    half_of,
    law_from,
    power_law,
    shares,
    sizes,
    stats,
)
from stylus_engine.errors import StoreFailed
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Licence


def card(number: int, **facts: object) -> Adapter:
    known = {"card_id": f"t:{number}:1", "name": f"Card {number}", "family_declared": "sd1"}
    return Adapter(**(known | facts))  # pyright: ignore[reportArgumentType] - the noun checks itself


SHELF = (
    card(1, category="style", popularity=60, file_bytes=100, url="https://x.example/1"),
    card(2, category="style", popularity=30, file_bytes=300, base="pony", described_by="rules"),
    card(3, category="subject", popularity=10, rating="r", licence=Licence(name="CC0-1.0")),
    card(4, category="place", health="quarantined", family_detected="sdxl", previews=("p.png",)),
)


def test_every_question_is_counted_once_a_card():
    told = stats(SHELF)
    assert (told.cards, told.drawable, told.previews) == (4, 1, 1)
    assert told.categories == (Share("style", 2), Share("place", 1), Share("subject", 1))
    assert told.families == (Share("sd1", 2), Share("pony", 1), Share("sdxl", 1))
    assert told.licences == (Share("unknown", 3), Share("CC0-1.0", 1))
    assert told.describers == (Share("card", 3), Share("rules", 1))
    assert told.health == (Share("unknown", 3), Share("quarantined", 1))
    assert (told.downloads, told.half, told.curve) == (100, 1, ((1, 60), (2, 30), (3, 10)))
    assert told.law is None
    assert (told.sizes.known, told.sizes.total, told.sizes.median) == (2, 400, 200)


def test_an_empty_catalogue_has_figures_too(tmp_path: Path):
    told = stats(())
    assert (told.cards, told.downloads, told.half, told.curve, told.law) == (0, 0, 0, (), None)
    plot(told, tmp_path / "empty.png")


@given(st.lists(st.integers(0, 10**6), max_size=300))
def test_half_of_the_downloads_is_where_it_is(counts: list[int]):
    popular = descending(counts)
    half = half_of(popular)
    if sum(counts):
        assert sum(popular[:half]) >= sum(counts) / 2 > sum(popular[: half - 1])
    points = curve(popular)
    assert len(points) <= POINTS
    assert all(popular[rank - 1] == count for rank, count in points)


@pytest.mark.parametrize("exponent", [1.8, 2.2, 2.9])
def test_the_fitted_exponent_is_the_one_that_made_the_data(exponent: float):
    """Drawn as Clauset, Shalizi and Newman do (appendix D): the inverse of the law itself."""
    dice = np.random.default_rng(7)
    tail = 50 * (1 - dice.random(20_000)) ** (-1 / (exponent - 1))
    body = dice.integers(1, 50, 15_000)
    law = power_law(descending([*np.round(tail).astype(int), *body]))
    assert law is not None
    assert abs(law.exponent - exponent) < 4 * law.error + 0.02
    assert 40 <= law.least <= 120
    assert law.distance < 0.02
    assert law.error == pytest.approx((law.exponent - 1) / law.tail**0.5)


def test_a_law_below_its_tail_fits_worse():
    dice = np.random.default_rng(1)
    tail = np.round(100 * (1 - dice.random(5000)) ** -1.0)
    popular = descending([*tail.astype(int), *dice.integers(1, 100, 5000)])
    whole, best = law_from(popular, 1), power_law(popular)
    assert whole is not None
    assert best is not None
    assert whole.distance > 5 * best.distance


@pytest.mark.parametrize("counts", [[], [5], [7] * 1000, [0] * 50, list(range(SHORTEST_TAIL - 1))])
def test_what_has_no_tail_has_no_law(counts: list[int]):
    assert power_law(descending(counts)) is None


def test_sizes_are_thinned_for_drawing():
    told = sizes([n * 1000 for n in range(1, 5001)])
    assert len(told.each) == POINTS
    assert (told.each[0], told.each[-1], told.largest) == (1000, 5_000_000, 5_000_000)
    assert shares([]) == ()


def test_the_plot_is_a_png_of_its_size_and_names_are_no_formulas(tmp_path: Path):
    cards = [
        card(n, popularity=int(9e5 / n), file_bytes=n * 10**6, licence=Licence(name="$x_{$" * 9))
        for n in range(1, 200)
    ]
    path = tmp_path / "stats.png"
    plot(stats(cards), path, "Names: $ and _")
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == (1650, 990)
    with pytest.raises(StoreFailed):
        plot(stats(cards[:3]), tmp_path / "no" / "folder.png")
