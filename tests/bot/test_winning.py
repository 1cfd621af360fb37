"""Wilson's interval against figures from elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.winning import rate

COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("wins", "losses", "low", "high"),
    [
        # R: binom::binom.wilson(x, n), and prop.test(x, n, correct = FALSE)$conf.int
        (5, 5, 0.2366, 0.7634),
        (8, 2, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 0, 0.7225, 1.0),
    ],
)
def test_known_figures(wins: int, losses: int, low: float, high: float):
    found = rate(wins, losses)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
def test_it_holds_the_share_and_turns_with_it(wins: int, losses: int):
    """It is where the score test of a share just does not reject: both ends solve its equation."""
    found, turned = rate(wins, losses), rate(losses, wins)
    if found is None:
        assert wins + losses == 0
        return
    assert turned is not None
    assert 0 <= found.low <= found.rate + 1e-12
    assert found.rate - 1e-12 <= found.high <= 1
    assert found.low == pytest.approx(1 - turned.high, abs=1e-9)
    n = wins + losses
    for end in (found.low, found.high):
        if 1e-9 < end < 1 - 1e-9:
            z = (found.rate - end) / (end * (1 - end) / n) ** 0.5
            assert abs(z) == pytest.approx(1.959964, rel=1e-4)
