"""The figures against pictures whose movement is known in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.health.features import cells, opponent, picture_features
from stylus_engine.catalog.health.figures import ALIKE, BURNT, rung

PROMPTS, SEEDS, EDGE = 3, 2, 16


def plain(number, edge=EDGE):
    """A soft picture of its own: two waves of colour, nowhere near the ends of the range."""
    dice = np.random.default_rng(number)
    y, x = np.mgrid[0:edge, 0:edge] / edge
    phases = dice.uniform(0, 2 * np.pi, (3, 2))
    waves = [np.sin(2 * np.pi * x + a) + np.cos(2 * np.pi * y + b) for a, b in phases]
    return (128 + 20 * np.stack(waves, axis=-1)).round().astype(np.uint8)


def pictures(change=lambda pixels, prompt, seed: pixels):
    return np.array([
        [change(plain(10 * prompt + seed), prompt, seed) for seed in range(SEEDS)]
        for prompt in range(PROMPTS)
    ])  # fmt: skip


def angled(angles):
    """Features that are nothing but the angle written in a picture's first pixel, in degrees."""

    def features(pixels):
        degrees = pixels[:, 0, 0, 0].astype(np.float64)
        return np.stack((np.cos(np.radians(degrees)), np.sin(np.radians(degrees))), axis=1).astype(
            np.float32
        )

    def at(pixels, prompt, seed):
        marked = pixels.copy()
        marked[0, 0, 0] = angles[prompt][seed]
        return marked

    return features, pictures(at)


def chord(degrees):
    """The distance of two unit vectors with this angle between them."""
    return 2 * np.sin(np.radians(degrees) / 2)


def test_strength_is_the_movement_beside_that_of_another_seed():
    features, without = angled([[0, 40]] * PROMPTS)
    _, drawn = angled([[20, 60]] * PROMPTS)
    found = rung(1.0, drawn, without, features)
    assert found.strength == pytest.approx(chord(20) / (chord(20) + chord(40)), abs=1e-6)
    _, as_far = angled([[40, 80]] * PROMPTS)
    assert rung(1.0, as_far, without, features).strength == pytest.approx(0.5, abs=1e-6)


def test_nothing_that_moves_has_no_strength_no_direction_and_no_fault():
    found = rung(1.0, pictures(), pictures(), picture_features)
    assert (found.strength, found.direction, found.consistency, found.saturation) == (0, 0, 0, 0)
    assert found.variety == pytest.approx(1)
    assert found.fault == ""


def test_direction_is_over_prompts_and_consistency_over_seeds():
    """From 150° to 210° and to 30°: those two movements stand at right angles."""
    features, without = angled([[150, 150]] * PROMPTS)
    _, by_prompt = angled([[210, 210], [30, 30], [210, 210]])
    found = rung(1.0, by_prompt, without, features)
    assert found.consistency == pytest.approx(1, abs=1e-6)
    assert found.direction == pytest.approx(1 / 3, abs=1e-6)  # of 3 pairs of prompts one agrees
    _, by_seed = angled([[210, 30]] * PROMPTS)
    found = rung(1.0, by_seed, without, features)
    assert found.consistency == pytest.approx(0, abs=1e-6)
    assert found.direction == pytest.approx(1 / 2, abs=1e-6)  # the same seed agrees, the other not


def test_opposite_movements_have_nothing_in_common_and_no_negative_figures():
    features, without = angled([[100, 100]] * PROMPTS)
    _, drawn = angled([[101, 99]] * PROMPTS)
    found = rung(1.0, drawn, without, features)
    assert found.consistency == 0
    assert 0 <= found.direction < 1e-3  # of four pairs two agree, two are opposite


@pytest.mark.parametrize("gain", [1.5, 2.0, 4.0])
def test_more_contrast_and_colour_is_counted_as_what_it_is(gain):
    """Without clipping contrast and chroma grow by `gain`: 1 - 1 / gain² of it is burnt."""

    def soft(pixels, prompt, seed):
        return (128 + (pixels.astype(float) - 128) / 4).round().astype(np.uint8)

    def hard(pixels, prompt, seed):
        return (
            (128 + (soft(pixels, prompt, seed).astype(float) - 128) * gain).round().astype(np.uint8)
        )

    found = rung(1.0, pictures(hard), pictures(soft), picture_features)
    assert found.saturation == pytest.approx(1 - 1 / gain**2, abs=0.01)
    assert (found.fault != "") == (1 - 1 / gain**2 >= BURNT)
    back = rung(1.0, pictures(soft), pictures(hard), picture_features)
    assert back.saturation == pytest.approx(0, abs=0.01), "what became less is not burnt"


def test_pixels_at_the_end_of_their_range_are_counted():
    def grey(pixels, prompt, seed):
        return np.repeat(pixels[..., :1], 3, axis=-1)

    def clipped(pixels, prompt, seed):
        """A quarter of the picture white and a quarter black, the rest as it was."""
        burnt = grey(pixels, prompt, seed)
        burnt[:4], burnt[4:8] = 255, 0
        return burnt

    drawn, without = pictures(clipped), pictures(grey)
    spreads = [
        opponent(each.reshape(-1, EDGE, EDGE, 3))[..., 0].std((1, 2)) for each in (without, drawn)
    ]
    kept = np.minimum(1, spreads[0] / spreads[1]).mean()
    assert rung(1.0, drawn, without, picture_features).saturation == pytest.approx(
        1 - 0.5**2 * kept, abs=1e-4
    )


def noise(pixels, prompt, seed):
    return np.random.default_rng([prompt, seed]).integers(20, 230, pixels.shape).astype(np.uint8)


def flat(pixels, prompt, seed):
    return np.full_like(pixels, 40 * prompt + 20)


def always_the_same(pixels, prompt, seed):
    return plain(999)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (noise, "its pictures are noise"),
        (flat, "its pictures are of one flat colour"),
        (always_the_same, "with it every prompt gives the same picture"),
    ],
)
def test_broken_pictures_are_told_apart(change, sentence):
    assert rung(1.0, pictures(change), pictures(), picture_features).fault == sentence
    assert rung(1.0, pictures(change), pictures(change), picture_features).fault in {
        "",
        "with it every prompt gives the same picture",
    }, "what the checkpoint draws by itself is not the adapter's fault"


def test_one_broken_picture_is_no_broken_adapter():
    def once(pixels, prompt, seed):
        return flat(pixels, prompt, seed) if (prompt, seed) == (0, 0) else pixels

    assert rung(1.0, pictures(once), pictures(), picture_features).fault == ""


@given(st.floats(0.0, 1.0))
def test_variety_falls_to_nothing_as_all_pictures_become_one(share):
    def mixed(pixels, prompt, seed):
        return (plain(7) * share + pixels * (1 - share)).round().astype(np.uint8)

    found = rung(1.0, pictures(mixed), pictures(), picture_features)
    assert found.variety == pytest.approx(1 - share, abs=0.08)
    assert (found.variety < ALIKE) == bool(found.fault)


@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 2**32 - 1))
def test_features_are_unit_vectors_for_every_size(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    found = picture_features(pixels)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(picture_features(np.zeros_like(pixels))).all()


@given(st.integers(8, 30), st.integers(8, 30), st.integers(1, 8))
def test_cells_are_plain_means_over_their_pixels(height, width, count):
    planes = np.random.default_rng(5).random((2, height, width, 3)).astype(np.float32)
    rows, columns = (
        [(i * edge // count, (i + 1) * edge // count) for i in range(count)]
        for edge in (height, width)
    )
    slow = [
        [[planes[n, a:b, c:d, k].mean() for k in range(3)] for a, b in rows for c, d in columns]
        for n in range(2)
    ]
    assert cells(planes, count) == pytest.approx(np.array(slow).reshape(2, -1), abs=1e-5)


def test_greys_have_no_chroma_and_luma_is_rec_601():
    red = np.array([[[[255, 0, 0]]]], np.uint8)
    assert opponent(red)[0, 0, 0] == pytest.approx([0.299, 1, -0.5], abs=1e-6)
    grey = np.full((1, 4, 4, 3), 77, np.uint8)
    assert opponent(grey)[..., 1:] == pytest.approx(0)


@pytest.mark.parametrize("shape", [(1, 2), (2, 1)])
def test_without_two_prompts_and_two_seeds_there_is_nothing_to_compare(shape):
    few = np.zeros((*shape, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="no pairs"):
        rung(1.0, few, few, picture_features)
    with pytest.raises(ValueError, match="too small"):
        picture_features(np.zeros((1, 7, 8, 3), np.uint8))
