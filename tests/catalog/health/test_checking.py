"""One adapter under check: rounds, verdicts, what is nobody's fault; and a whole shelf."""

import dataclasses

import msgspec
import numpy as np
import pytest

from stylus_engine.catalog.health import plan
from stylus_engine.catalog.health.checking import Practice, Summary, check, check_all
from stylus_engine.errors import AdapterFileMissing, AdapterUnsupported, DrawFailed
from stylus_engine.model import Failed
from tests.catalog.health.draws import SHA, Easel, burns
from tests.catalog.health.test_plan import CHECKPOINT, card

BUDGET = plan.Budget(steps=2, most_steps=999)


def practice(easel, **fields):
    return dataclasses.replace(Practice(CHECKPOINT, easel, easel, BUDGET), **fields)


def weights(easel):
    return list(dict.fromkeys(sum(w.weight for w in shot.recipe.adapters) for shot in easel.drawn))


@pytest.mark.asyncio
async def test_a_sound_adapter_costs_two_rounds_and_keeps_its_authors_weight():
    easel = Easel(lambda pixels, weight: pixels + 40 * weight * np.array([1, 0, -1]))
    found = await check(card(weight=0.9), easel.draw, practice(easel))
    assert weights(easel) == [0.0, 0.9]
    assert (found.scale, found.broken, found.caveats) == (0.9, "", ())
    assert found.strength > 0.1
    assert found.direction > 0.8, "the same colour everywhere is one direction"
    assert found.consistency > 0.8
    assert (found.sha256, found.checkpoint) == (SHA, CHECKPOINT.id)


@pytest.mark.asyncio
async def test_its_previews_call_it_and_are_drawn_at_the_scale():
    easel = Easel(burns(0.6))
    found = await check(card(weight=0.8), easel.draw, practice(easel))
    assert found.scale == pytest.approx(0.56)
    shots = {
        easel.keep(shot, easel.kept[n]).id: shot for shot in easel.drawn for n in [""] if n
    } or {picture.id: shot for shot in easel.drawn for picture in [easel.keep(shot, np.zeros(1))]}
    assert len(found.pictures) == 4
    for address in found.pictures:
        recipe = shots[address].recipe
        assert [w.weight for w in recipe.adapters] == [0.56]
        assert recipe.prompt != plan.NEUTRAL


@pytest.mark.asyncio
async def test_one_that_burns_is_turned_down_until_it_does_not():
    easel = Easel(burns(0.5))
    found = await check(card(weight=1.0), easel.draw, practice(easel))
    assert weights(easel) == [0.0, 1.0, 0.7, 0.4]
    assert (found.scale, found.broken) == (0.4, "")
    assert found.caveats == (
        "at 1 it burns colours and contrast",
        "at 0.7 it burns colours and contrast",
    )


@pytest.mark.asyncio
async def test_one_that_burns_at_every_weight_of_its_range_is_broken():
    easel = Easel(burns(0.1))
    found = await check(card(weight=1.0, weight_low=0.5), easel.draw, practice(easel))
    assert weights(easel) == [0.0, 1.0, 0.7, 0.5]
    assert found.broken == "it burns colours and contrast"
    assert found.saturation >= 0.5


@pytest.mark.asyncio
async def test_a_weak_one_is_tried_at_the_top_of_its_range():
    easel = Easel(lambda pixels, weight: 256 - pixels if weight > 1 else pixels)
    found = await check(card(weight=0.8, weight_high=1.5), easel.draw, practice(easel))
    assert weights(easel) == [0.0, 0.8, 1.5]
    assert (found.scale, found.broken) == (1.5, "")


@pytest.mark.asyncio
async def test_one_that_changes_nothing_is_told_so_and_not_quarantined():
    easel = Easel()
    found = await check(card(), easel.draw, practice(easel))
    assert found.strength == 0
    assert (found.broken, found.caveats) == ("", ("it changes next to nothing",))


@pytest.mark.asyncio
async def test_numbers_without_end_are_broken_pictures_and_less_may_be_sound():
    easel = Easel(burns(9), lambda weight: "DrawNotFinite" if weight > 0.6 else "")
    found = await check(card(weight=0.8), easel.draw, practice(easel))
    assert (found.scale, found.broken) == (0.56, "")
    assert found.caveats == ("at 0.8 its numbers go to infinity",)
    always = Easel(burns(9), lambda weight: "DrawNotFinite" if weight else "")
    found = await check(card(weight=0.8), always.draw, practice(always))
    assert found.broken == "its numbers go to infinity"


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["AdapterNotApplied", "AdapterNotFinite", "AdapterUnsupported"])
async def test_a_file_that_cannot_be_applied_is_broken_with_its_sentence(kind):
    easel = Easel(fails=lambda weight: kind if weight else "")
    found = await check(card(), easel.draw, practice(easel))
    assert found.broken == f"It says {kind}."
    assert weights(easel) == [0.0], "no other weight mends a file"
    assert found.pictures == ()
    assert found.sha256 == SHA


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "kind", ["AdapterFileMissing", "AdapterChanged", "DrawFailed", "DiskFull", "Cancelled"]
)
async def test_what_is_nobodys_fault_is_no_verdict(kind):
    easel = Easel(fails=lambda weight: kind if weight else "")
    with pytest.raises(DrawFailed, match="the check ended early"):
        await check(card(), easel.draw, practice(easel))


@pytest.mark.asyncio
async def test_a_checkpoint_that_draws_infinity_by_itself_condemns_no_adapter():
    easel = Easel(fails=lambda weight: "DrawNotFinite")
    with pytest.raises(DrawFailed, match="the check ended early"):
        await check(card(), easel.draw, practice(easel))


@pytest.mark.asyncio
async def test_the_budget_ends_the_ladder():
    easel = Easel(burns(0.5))
    two_rounds = plan.Budget(steps=2, most_steps=3 * 2 * 2 * 2 + 1)
    found = await check(card(weight=1.0), easel.draw, practice(easel, budget=two_rounds))
    assert weights(easel) == [0.0, 1.0]
    assert found.broken == "it burns colours and contrast"


@pytest.mark.asyncio
async def test_other_features_may_be_handed_in():
    seen = []

    def features(pixels):
        seen.append(pixels.shape)
        return np.ones((len(pixels), 2), np.float32) / np.sqrt(2)

    easel = Easel(burns(9))
    found = await check(card(), easel.draw, practice(easel, features=features))
    assert seen
    assert set(seen) == {(6, 16, 16, 3)}
    assert found.strength == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("flag", ["real_person", "minor"])
async def test_who_shows_a_person_or_a_minor_is_not_drawn_with_by_name_either(flag):
    easel = Easel()
    with pytest.raises(AdapterUnsupported):
        await check(card(**{flag: True}), easel.draw, practice(easel))
    assert easel.drawn == []


class Shelf:
    def __init__(self):
        self.learned = {}

    def learn(self, card_id, *, checked=None):
        self.learned[card_id] = checked


@pytest.mark.asyncio
async def test_a_whole_shelf_goes_on_over_what_cannot_be_checked():
    class Cupboard(Easel):
        def fetch(self, adapter):
            if adapter.card_id == "t:2:1":
                raise AdapterFileMissing(name=adapter.name, path="/a")
            return super().fetch(adapter)

        def end(self, shot):
            lit = [w.adapter.card_id for w in shot.recipe.adapters]
            if lit == ["t:3:1"]:
                return Failed(job=shot.job, shot=shot.id, kind="AdapterNotFinite", sentence="NaN.")
            return super().end(shot)

    easel, shelf, told = Cupboard(burns(9)), Shelf(), []
    cards = [card(1), card(2), card(3)]
    found = await check_all(cards, shelf, easel.draw, practice(easel), told.append)
    assert found == Summary(good=1, broken=1, put_off=1)
    assert [(t.number, t.of, bool(t.checked)) for t in told] == [
        (1, 3, True),
        (2, 3, False),
        (3, 3, True),
    ]
    assert "is missing" in told[1].why
    assert shelf.learned["t:1:1"].broken == ""
    assert shelf.learned["t:3:1"].broken == "NaN."
    assert "t:2:1" not in shelf.learned
    assert msgspec.json.decode(msgspec.json.encode(found), type=Summary) == found
