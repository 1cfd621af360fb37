"""The drawn world: what it draws, that it draws the same again, and what it says about it."""

from itertools import pairwise, product
from random import Random

import numpy as np
import pytest

from miniature.world import (
    ALL_PLACES,
    ALL_STYLES,
    ALL_SUBJECTS,
    COLOURS,
    LIGHTS,
    Scene,
    caption,
    draw,
    plain_prompt,
)
from miniature.world.captions import LIGHT_WORDS, STYLE_NAMES, SYLLABLES, WHERE

CAT = Scene("cat", "red", "forest")


def difference(one: Scene, other: Scene) -> float:
    """Mean difference of two pictures, in 0..255."""
    a, b = (np.asarray(draw(scene), np.float32) for scene in (one, other))
    return float(np.abs(a - b).mean())


@pytest.mark.parametrize("part", ["subject", "colour", "place", "style", "light"])
def test_a_scene_names_the_word_it_does_not_know(part: str):
    words = {"subject": "cat", "colour": "red", "place": "forest"}
    with pytest.raises(ValueError, match=f"unknown {part} 'wug'"):
        Scene(**{**words, part: "wug"})  # pyright: ignore[reportArgumentType] - every part but the seed is a word


def test_a_scene_refuses_a_negative_seed():
    with pytest.raises(ValueError, match="negative"):
        Scene("cat", "red", "forest", seed=-1)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_every_subject_is_drawn_in_every_style(style: str):
    pairs = zip(ALL_SUBJECTS, range(len(ALL_SUBJECTS)), strict=True)
    for subject, i in pairs:
        place, light = ALL_PLACES[i % len(ALL_PLACES)], LIGHTS[i % len(LIGHTS)]
        scene = Scene(subject, COLOURS[i % len(COLOURS)], place, style, light, seed=i)
        picture = draw(scene, size=32)
        assert (picture.size, picture.mode) == ((32, 32), "RGB")
        assert np.asarray(picture).std() > 10


@pytest.mark.parametrize("style", ALL_STYLES)
def test_the_same_scene_gives_the_same_bytes(style: str):
    scene = Scene("dragon", "green", "city", style, "night", seed=5)
    assert draw(scene).tobytes() == draw(scene).tobytes()


def test_another_seed_gives_another_picture():
    pictures = {draw(Scene("cat", "red", "forest", seed=seed)).tobytes() for seed in range(6)}
    assert len(pictures) == 6


def test_every_two_styles_differ_plainly():
    pictures = {
        style: np.asarray(draw(Scene("cat", "red", "beach", style)), np.float32)
        for style in ALL_STYLES
    }
    for one, other in product(ALL_STYLES, repeat=2):
        if one != other:
            assert np.abs(pictures[one] - pictures[other]).mean() > 15, (one, other)


@pytest.mark.parametrize("light", LIGHTS[1:])
def test_a_light_changes_the_place_more_than_the_subject(light: str):
    by_day, lit = (
        np.asarray(draw(Scene("house", "red", "snow", light=k)), np.float32) for k in ("day", light)
    )
    changed = np.abs(by_day - lit).mean(axis=2)
    middle, edge = changed[26:42, 26:42].mean(), changed[:, :8].mean()
    assert edge > 2 * middle


def test_colour_changes_nothing_but_the_subject():
    red, blue = (
        np.asarray(draw(Scene("cat", colour, "forest", seed=3))) for colour in ("red", "blue")
    )
    assert (red[:4] == blue[:4]).all()
    assert (red[:, :2] == blue[:, :2]).all()
    assert difference(CAT, Scene("cat", "blue", "forest")) > 5


def test_the_size_is_the_callers():
    assert draw(CAT, size=128).size == (128, 128)


def test_the_plain_prompt_is_one_sentence():
    assert plain_prompt(CAT) == "a red cat in the forest"
    octopus = Scene("octopus", "orange", "underwater", "watercolour", "night")
    assert plain_prompt(octopus) == "an orange octopus underwater at night, watercolour"


def scenes(count: int) -> list[Scene]:
    rng = Random(1)
    words = (ALL_SUBJECTS, COLOURS, ALL_PLACES, ALL_STYLES, LIGHTS)
    return [Scene(*(rng.choice(part) for part in words), seed=i) for i in range(count)]


def test_a_caption_names_the_subject_always_and_the_rest_nearly_always():
    rng, count, left_out = Random(2), 3000, 0
    for scene in scenes(count):
        text = caption(scene, rng)
        assert scene.subject in text
        left_out += scene.colour not in text or not (
            scene.place in text or WHERE[scene.place] in text
        )
    assert 0.05 < left_out / count < 0.15


def test_a_caption_says_style_and_light_unless_plain_and_day():
    rng = Random(3)
    for scene in scenes(1000):
        text = caption(scene, rng)
        if scene.style != "plain":
            assert STYLE_NAMES[scene.style].split()[0] in text
        if scene.light != "day":
            assert LIGHT_WORDS[scene.light][1] in text


def test_captions_know_their_articles():
    rng = Random(4)
    for scene in scenes(2000):
        words = caption(scene, rng).replace(",", " ").replace(":", " ").split()
        for article, noun in pairwise(words):
            if noun in (*ALL_SUBJECTS, *COLOURS) and article in ("a", "an"):
                assert article == ("an" if noun[0] in "aeiou" else "a"), (article, noun)


def test_a_scene_has_many_captions_and_a_seed_has_one():
    said = {caption(CAT, Random(seed)) for seed in range(300)}
    assert len(said) > 40
    assert caption(CAT, Random(7)) == caption(CAT, Random(7))


def test_some_captions_hold_a_made_up_word():
    rng = Random(5)
    made_up = tuple(a + b for a in SYLLABLES for b in SYLLABLES)
    captions = [caption(CAT, rng) for _ in range(2000)]
    share = sum(any(word in text for word in made_up) for text in captions) / len(captions)
    assert share == pytest.approx(0.08, abs=0.02)
