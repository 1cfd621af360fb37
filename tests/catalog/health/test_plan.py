"""Who is next, and with which pictures."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.health import plan
from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Adapter, Checkpoint
from stylus_engine.model.noun import Noun

CHECKPOINT = Checkpoint(id="c" * 64, name="c", path="/c", family="sd1", size=512, multiple=64)
A, B = "a" * 64, "b" * 64


class Known(Noun, frozen=True, kw_only=True):
    card: Adapter | None
    checked: Checked | None = None


def card(number=1, **fields):
    known = {"name": f"Ember {number}", "family_declared": "sd1", "path": "/a", "file_sha256": A}
    return Adapter(card_id=f"t:{number}:1", **(known | fields))  # pyright: ignore[reportArgumentType] - the noun checks itself


def checked(**fields):
    half = Checked(
        sha256=A,
        checkpoint="c",
        strength=0.5,
        direction=0.5,
        consistency=0.5,
        saturation=0.1,
        scale=1,
    )
    return msgspec.structs.replace(half, **fields)


def due(*shelf, **more):
    cards = plan.due(shelf, "sd1", more.pop("limit", 99), more.pop("local", lambda c: True), **more)
    return [each.card_id for each in cards]


def test_the_cheapest_comes_first():
    mib = 1 << 20
    shelf = [
        card(1, path=None, url="https://x/1", file_bytes=1),
        card(2, file_bytes=900 * mib, popularity=10**6),
        card(3, file_bytes=20 * mib, popularity=5),
        card(4, file_bytes=17 * mib, popularity=7),
        card(5, file_bytes=4 * mib),
        card(6),
    ]
    found = due(*(Known(card=each) for each in shelf), local=lambda c: c.path is not None)
    assert found == ["t:5:1", "t:4:1", "t:3:1", "t:2:1", "t:6:1", "t:1:1"]
    two = due(*(Known(card=each) for each in shelf), limit=2)
    assert two == ["t:1:1", "t:5:1"], "with all of them local"


def test_one_that_was_never_checked_goes_before_one_whose_file_is_another_now():
    again = Known(card=card(1, file_bytes=1, popularity=9, file_sha256=B), checked=checked())
    assert due(again, Known(card=card(2))) == ["t:2:1", "t:1:1"]


def test_a_changed_file_is_checked_again_and_an_unchanged_one_is_not():
    assert due(Known(card=card(), checked=checked(sha256=A))) == []
    assert due(Known(card=card(), checked=checked(sha256=B))) == ["t:1:1"]
    quarantined = card(health="quarantined", quarantine="it burns colours and contrast")
    broken = checked(broken="it burns colours and contrast")
    assert due(Known(card=quarantined, checked=broken)) == []
    changed = msgspec.structs.replace(quarantined, file_sha256=B)
    assert due(Known(card=changed, checked=broken)) == ["t:1:1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"health": "quarantined"},
        {"real_person": True},
        {"minor": True},
        {"path": None},
        {"family_declared": "sdxl"},
        {"family_detected": "sdxl"},
        {"kind": "embedding"},
        {"rating": "r"},
    ],
    ids=str,
)
def test_who_is_not_drawn_with_unasked(fields):
    assert due(Known(card=card(**fields)), Known(card=None), Known(card=card(2))) == ["t:2:1"]


def test_by_hand_a_grown_up_rating_is_no_reason_against_it():
    assert due(Known(card=card(rating="x")), most_rating="x") == ["t:1:1"]


@given(st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2)))
def test_every_weight_of_the_ladder_lies_in_the_cards_range(weights):
    low, own, high = sorted(weights)
    adapter = card(weight_low=low, weight=own, weight_high=high)
    ladder = plan.ladder(adapter)
    assert 1 <= len(ladder) <= 3
    assert len(set(ladder)) == len(ladder)
    assert all(low - 1e-4 <= weight <= high + 1e-4 for weight in ladder)
    top = plan.stronger(adapter)
    assert top is None or (top == high and top > ladder[0])


def test_the_ladder_begins_with_the_authors_own_weight():
    assert plan.ladder(card(weight=1.0, weight_high=1.2)) == (1.0, 0.7, 0.4)
    assert plan.ladder(card(weight=1.0, weight_low=0.5, weight_high=1.2)) == (1.0, 0.7, 0.5)
    assert plan.stronger(card(weight=1.0, weight_high=1.2)) == 1.2
    assert plan.stronger(card(weight=1.0, weight_high=1.0)) is None


def test_with_and_without_are_the_same_words_seeds_and_sizes():
    adapter = card(triggers=("emberfly", "glow", "third"), category="style")
    budget = plan.Budget(seeds=3, steps=5)
    lit = plan.shots(adapter, 0.8, CHECKPOINT, budget, "job")
    bare = plan.shots(adapter, 0.0, CHECKPOINT, budget, "job")
    assert [(s.recipe.prompt, s.seed, s.width) for s in lit] == [
        (s.recipe.prompt, s.seed, s.width) for s in bare
    ]
    assert all(not s.recipe.adapters for s in bare)
    assert {(w.adapter.card_id, w.weight) for s in lit for w in s.recipe.adapters} == {
        ("t:1:1", 0.8)
    }
    assert len({s.id for s in (*lit, *bare)}) == 18
    assert len({s.seed for s in lit}) == 3
    calls = [s.recipe.prompt for s in lit if s.recipe.prompt != plan.NEUTRAL]
    assert len(calls) == 6
    assert all("emberfly, glow" in prompt and "third" not in prompt for prompt in calls)


@pytest.mark.parametrize(
    ("checkpoint", "wanted"),
    [
        ({"family": "sd1-96"}, (8, 5.0, "dpmpp_2m_karras")),
        ({"family": "sd1"}, (8, 7.5, "dpmpp_2m_karras")),
        ({"family": "sdxl"}, (8, 5.0, "dpmpp_2m_karras")),
        (
            {"family": "sdxl", "path": "/m/sdxl_lightning_4step.safetensors"},
            (4, 1.0, "euler_trailing"),
        ),
        ({"family": "sd3"}, (8, 4.5, "euler")),
        ({"family": "flux1"}, (8, 3.5, "euler")),
        ({"family": "flux1", "guided": False}, (4, 1.0, "euler")),
        ({"family": "z-image"}, (8, 6.0, "euler")),
        ({"family": "z-image", "path": "/m/Z-Image-Turbo"}, (8, 1.0, "euler")),
    ],
    ids=str,
)
def test_each_family_is_judged_at_its_own_guidance(checkpoint, wanted):
    asked = msgspec.structs.replace(CHECKPOINT, **checkpoint)
    shots = plan.shots(card(), 0.8, asked, plan.Budget(), "job")
    assert {(shot.steps, shot.guidance, shot.sampler) for shot in shots} == {wanted}


def test_words_of_a_card_that_has_no_trigger():
    subject = card(concepts=("tin robot",), tags=("toy",), category="subject")
    assert plan.prompts(subject)[0] == "tin robot on a beach"
    assert plan.wordings(card(tags=("toy",)))[0] == "toy"
    assert plan.wordings(card())[0] == "Ember 1"
    assert len(plan.wordings(card(triggers=("x" * 500,)))[0]) == plan.MOST_WORDS


def test_pictures_are_as_large_as_the_checkpoint_draws_and_the_budget_allows():
    def edges(**fields):
        checkpoint = msgspec.structs.replace(CHECKPOINT, **fields)
        return {s.width for s in plan.shots(card(), 0.8, checkpoint, plan.Budget(), "j")}

    assert edges(size=512) == {512}
    assert edges(size=1024) == {768}
    assert edges(size=64, multiple=8) == {64}
