"""The figures against other people's: scipy's bootstrap, matrix root and covariance, closed forms."""

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.linalg import sqrtm
from scipy.stats import bootstrap

from stylus_engine.evaluation import report, spread, statistics, tables
from stylus_engine.evaluation.distances import distances
from stylus_engine.evaluation.journal import Shown
from stylus_engine.evaluation.marks import Mark, saturation
from stylus_engine.evaluation.questions import Ask

RNG = np.random.default_rng(3)


def test_the_interval_is_scipys():
    values = RNG.exponential(size=80)
    ours = statistics.mean(values.tolist())
    theirs = bootstrap((values,), np.mean, method="percentile", rng=7).confidence_interval
    assert ours is not None
    assert ours.mean == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_a_paired_difference_is_much_surer_than_two_means():
    """The reason for paired seeds: what prompts have in common falls away."""
    base = RNG.normal(0, 1, 100)
    ours = base + 0.1 + RNG.normal(0, 0.05, 100)
    away = statistics.mean((ours - base).tolist())
    assert away is not None
    assert 0 < away.low < 0.1 < away.high < 0.2


def test_a_ratio_draws_the_same_prompts_for_both_sides():
    base = RNG.uniform(0.1, 1, 60)
    twice = statistics.ratio((2 * base).tolist(), base.tolist())
    assert twice is not None
    assert (twice.mean, twice.low, twice.high) == pytest.approx((2, 2, 2))
    assert statistics.ratio([1.0], [0.0]) is None
    assert statistics.mean([]) is None


def test_a_ratio_to_what_may_be_nothing_or_less_is_none():
    assert statistics.ratio([1.0, 1.0], [0.5, -0.4]) is None
    assert statistics.ratio([1.0, 1.0], [0.0, 0.0]) is None


def test_too_few_prompts_are_never_sure():
    """How often chance alone lies surely on one side of 0: no more than intervals of 95 % may."""
    for n in (1, 2, 3, 5, 6, 12):
        chance = [statistics.mean(RNG.normal(size=n).tolist()) for _ in range(200)]
        wrong = sum(any(report.sides(one)) for one in chance if one is not None)
        assert wrong <= (0 if n < 6 else 40)
    assert not any(report.sides(statistics.Estimate(1.0, 1.0, 1.0, 1)))
    assert report.sides(statistics.Estimate(1.0, 0.5, 1.5, 6)) == (True, False)


def test_a_difference_of_shares_is_told_in_points():
    away = statistics.Estimate(0.111, 0.05, 0.2, 9)
    assert report.gained("truth", away) == "+11.1 points"
    assert report.gained("dFID", replace(away, mean=-0.004)) == "-0.004"
    assert report.gained("truth", replace(away, mean=-1e-5)) == "0.0 points"
    assert report.span("truth", away, signed=True) == "+5.0 … +20.0"
    assert report.span("truth", replace(away, n=5)) == "n = 5"


def test_dfid_is_the_trace_of_the_covariance():
    features = RNG.normal(size=(5, 7))
    assert spread.dfid(features) == pytest.approx(np.trace(np.cov(features.T)))


def test_vendi_counts_pictures_that_differ():
    assert spread.vendi(np.eye(4)) == pytest.approx(4)
    assert spread.vendi(np.ones((4, 3))) == pytest.approx(1)
    assert spread.vendi(np.repeat(np.eye(2), 3, axis=0)) == pytest.approx(2)


def test_fid_is_the_closed_form_and_kid_the_unbiased_kernel():
    a, b = RNG.normal(size=(200, 6)), RNG.normal(0.4, 1.3, size=(150, 6))
    found = distances(a, b)
    assert found is not None
    away, ca, cb = a.mean(0) - b.mean(0), np.cov(a.T), np.cov(b.T)
    closed = away @ away + np.trace(ca + cb - 2 * np.real(sqrtm(ca @ cb)))
    assert found.fid == pytest.approx(closed, rel=1e-6)
    assert found.kid == pytest.approx(kernel_distance(a, b), rel=0.35)  # mean over subsets
    alike = distances(a, RNG.normal(size=(200, 6)))
    assert alike is not None
    assert abs(alike.kid) < 0.2 * found.kid
    assert distances(a[:10], b) is None


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Binkowski's estimator written down: no pair with itself."""

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def own(x: np.ndarray) -> float:
        k = kernel(x, x)
        return (k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return own(a) + own(b) - 2 * kernel(a, b).mean()


def test_grey_is_not_saturated_and_pure_red_is():
    grey, red = np.full((4, 4, 3), 90, np.uint8), np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert saturation(grey) == 0
    assert saturation(red) == 1


def test_diversity_of_what_is_right_leaves_guesses_out():
    features = RNG.normal(size=(4, 7))
    ask = Ask(id="a", prompt="a cat", truth={"subject": "cat"})
    grid = [
        Mark(Shown(ask="a", arm="base @5", index=n, seed=n), ask, 0.0, feature, {"subject": n != 2})
        for n, feature in enumerate(features)
    ]
    assert tables.dfid_of_right(grid) == pytest.approx(spread.dfid(features[[0, 1, 3]]))
    assert tables.dfid_of_right(grid[2:]) is None
