"""The queue of checks: one at a time, stopped at any moment, nothing drawn twice."""

import dataclasses

import msgspec
import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.health.checking import Practice
from stylus_engine.catalog.health.waiting import WaitingRoom
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.errors import AdapterFileMissing
from stylus_engine.model import Failed
from tests.catalog.health.draws import Easel, burns
from tests.catalog.health.test_checking import BUDGET
from tests.catalog.health.test_plan import CHECKPOINT, card


def catalogue(folder, *cards):
    found = Catalogue(folder / "catalog.db")
    take(found, *cards)
    return found


def take(shelf, *cards, stamp="1"):
    items = tuple(Item(card=each, stamp=stamp) for each in cards)
    shelf.take("test", Page(items=items), "2026-01-01T00:00:00Z")


def room(shelf, easel, **fields):
    practice = Practice(CHECKPOINT, easel, easel, BUDGET)
    made = WaitingRoom(
        lambda: shelf.walk(lacking="checked"), shelf, practice, lambda c: c.path is not None
    )
    return dataclasses.replace(made, **fields)


async def drawn(easel, shots):
    return [easel.end(shot) for shot in shots]


async def all_done(waiting, easel):
    """Draw whatever is asked for until nobody waits; the shots in order."""
    ended, asked = [], []
    while shots := await waiting.shots(ended):
        asked.append(shots)
        ended = await drawn(easel, shots)
    return asked


@pytest.mark.asyncio
async def test_who_is_checked_is_learned_and_not_called_again(tmp_path):
    easel = Easel(burns(0.5), sha="a" * 64)
    shelf = catalogue(tmp_path, card(1, weight=0.4), card(2, weight=1.0, weight_low=0.5))
    await all_done(room(shelf, easel), easel)
    good, broken = shelf.get("t:1:1"), shelf.get("t:2:1")
    assert (good.health, good.weight) == ("good", 0.4)
    assert len(good.previews) == 4
    assert (broken.health, broken.quarantine) == ("quarantined", "it burns colours and contrast")
    before = len(easel.drawn)
    assert await room(shelf, easel).shots(()) == ()
    assert len(easel.drawn) == before


@pytest.mark.asyncio
async def test_a_burnt_one_is_turned_down_in_the_card_that_plans_use(tmp_path):
    easel = Easel(burns(0.6), sha="a" * 64)
    shelf = catalogue(tmp_path, card(weight=0.8))
    await all_done(room(shelf, easel), easel)
    assert shelf.get("t:1:1").weight == pytest.approx(0.56)


@pytest.mark.asyncio
async def test_a_file_that_changed_is_checked_again(tmp_path):
    easel = Easel(burns(9), sha="a" * 64)
    shelf = catalogue(tmp_path, card())
    await all_done(room(shelf, easel), easel)
    easel.drawn.clear()
    take(shelf, card(description="Other words."), stamp="2")
    assert await all_done(room(shelf, easel), easel) == [], "the same bytes"
    easel.sha = "b" * 64
    take(shelf, card(file_sha256="b" * 64), stamp="3")
    await all_done(room(shelf, easel), easel)
    assert easel.drawn
    found = shelf.known("t:1:1").checked
    assert found is not None
    assert found.sha256 == "b" * 64


@pytest.mark.asyncio
async def test_stopped_in_the_middle_it_goes_on_with_what_is_missing(tmp_path):
    easel = Easel(burns(9), sha="a" * 64)
    waiting = room(catalogue(tmp_path, card()), easel)
    first = await waiting.shots(())
    three = await drawn(easel, first[:3])
    again = await waiting.shots(three)
    assert [shot.id for shot in again] == [shot.id for shot in first[3:]]
    assert await waiting.shots(()) == again, "asked twice, told twice"
    assert await waiting.shots(await drawn(easel, again)) == ()


@pytest.mark.asyncio
async def test_what_fails_for_no_fault_of_its_own_is_put_off_and_the_next_is_called(tmp_path):
    easel = Easel(burns(9), sha="a" * 64)
    shelf = catalogue(tmp_path, card(1), card(2))
    waiting = room(shelf, easel)
    first = await waiting.shots(())
    died = [Failed(job=s.job, shot=s.id, kind="NoWorker", sentence="It died.") for s in first]
    second = await waiting.shots(died)
    assert {shot.recipe.adapters[0].adapter.card_id for shot in second if shot.recipe.adapters} == {
        "t:2:1"
    }
    await all_done(waiting, easel)
    assert shelf.known("t:1:1").checked is None
    assert shelf.get("t:2:1").health == "good"


@pytest.mark.asyncio
async def test_words_about_another_check_are_not_listened_to(tmp_path):
    easel = Easel(burns(9), sha="a" * 64)
    waiting = room(catalogue(tmp_path, card()), easel)
    first = await waiting.shots(())
    strange = [msgspec.structs.replace(e, job="check-other") for e in await drawn(easel, first)]
    assert await waiting.shots(strange) == first


@pytest.mark.asyncio
async def test_nothing_is_fetched_for_it_and_a_lost_file_ends_nothing(tmp_path):
    class Cupboard(Easel):
        def fetch(self, adapter):
            raise AdapterFileMissing(name=adapter.name, path="/a")

    shelf = catalogue(tmp_path, card(1), card(2, path=None, url="https://x.org/a"))
    waiting = room(shelf, Cupboard())
    assert await waiting.shots(()) == ()
    assert shelf.known("t:1:1").checked is None
