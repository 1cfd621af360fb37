"""On from a picture: what a variation keeps and what it changes, and where doubling ends."""

import pytest
from msgspec.structs import replace

from stylus_engine.errors import OutOfRange
from stylus_engine.model import LIMITS, Picture, Start
from stylus_engine.planning import starting
from tests.model.nouns import MANIFEST, REQUEST

PLAIN = replace(MANIFEST, shot=replace(MANIFEST.shot, start=None, seed=LIMITS.seed, width=96))
DRAWN = Picture(id="ab" * 32, path="p.png", width=96, height=64, manifest=PLAIN)
WISH = replace(REQUEST, width=0, height=0, aspect="3:2", start=None)


def test_variations_keep_everything_but_the_seed_and_the_start():
    made = starting.varied(PLAIN, DRAWN.id, starting.SUBTLE, 3)
    assert [each.shot.seed for each in made] == [0, 1, 2]  # after the last seed comes 0
    start = Start(picture=DRAWN.id, strength=0.35, width=96, height=64)
    assert [replace(each.shot, seed=LIMITS.seed, start=None) for each in made] == [PLAIN.shot] * 3
    assert {each.shot.start for each in made} == {start}
    request = starting.varying(WISH, DRAWN, starting.STRONG)
    assert (request.seed, request.width, request.height, request.count) == (0, 96, 64, WISH.count)
    assert request.start == replace(start, strength=0.7)
    assert request.strengths == (PLAIN.shot.recipe.strength,)


def test_twice_the_size_is_drawn_in_squares_of_the_first_one_however_often():
    once = starting.doubled(PLAIN, DRAWN.id, starting.FINER, whole=False)
    assert (once.shot.width, once.shot.height, once.shot.seed) == (192, 128, LIMITS.seed)
    assert once.shot.start is not None
    assert once.shot.start.tile == 96
    twice = starting.doubled(once, DRAWN.id, starting.FINER, whole=False)
    assert twice.shot.start is not None
    assert (twice.shot.width, twice.shot.start.tile) == (384, 96)
    assert starting.varied(once, DRAWN.id, 0.5, 1)[0].shot.start == replace(
        once.shot.start, strength=0.5, width=192, height=128
    )
    whole = starting.doubled(PLAIN, DRAWN.id, starting.HIRES, whole=True, enlarge="latents")
    assert whole.shot.start == Start(
        picture=DRAWN.id, strength=0.7, width=96, height=64, enlarge="latents"
    )


def test_a_wish_for_twice_the_size_is_one_picture_that_keeps_seed_and_strength():
    plain = replace(PLAIN, shot=replace(PLAIN.shot, seed=7))
    request = starting.doubling(WISH, replace(DRAWN, manifest=plain))
    assert (request.width, request.height, request.count, request.seed) == (192, 128, 1, 7)
    assert request.strengths == (PLAIN.shot.recipe.strength,)
    assert request.start == Start(picture=DRAWN.id, strength=0.25, width=96, height=64, tile=96)


def test_what_is_brought_is_redone_by_half_and_a_masked_part_wholly():
    assert (starting.usual(masked=False), starting.usual(masked=True)) == (0.6, 1.0)


def test_a_picture_that_would_be_too_large_is_refused():
    wide = replace(PLAIN, shot=replace(PLAIN.shot, width=LIMITS.edge))
    with pytest.raises(OutOfRange):
        starting.doubled(wide, DRAWN.id, 0.3, whole=True)
    with pytest.raises(OutOfRange):
        starting.doubling(WISH, replace(DRAWN, manifest=wide))
