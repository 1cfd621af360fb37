"""The edit window: what it offers, and what is made of the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.cards.modals import MOST_BOXES, Edited, candidates, edit, read
from bot.custom_ids import parse
from bot.texts import Texts
from tests.bot.cards.examples import EVERYTHING, JOB, PROMPT, ROOT
from tests.bot.cards.reading import pieces

SAY = Texts.load().of("en")
SHAPES = ("3:2", "2:3")
AS_IT_STOOD = [str(n) for n, one in enumerate(candidates(JOB)) if one.chosen]


def by_id(job=JOB, **more):
    window = edit(SAY, job, aspects=SHAPES, **more)
    return {piece["custom_id"]: piece for piece in pieces(window) if "custom_id" in piece}


def test_it_is_filled_in_with_what_was_asked():
    job = replace(JOB, request=replace(JOB.request, negative="blurry", aspect="5:4"))
    found = by_id(job, strength="high")
    assert found["prompt"]["value"] == PROMPT
    assert found["negative"]["value"] == "blurry"
    assert lit(found["aspect"]) == ["5:4"]
    assert lit(found["strength"]) == ["high"]
    assert lit(found["adapters"]) == AS_IT_STOOD == ["0", "1", "2", "3"]


def lit(piece) -> list[str]:
    return [option["value"] for option in piece["options"] if option.get("default")]


def test_its_id_says_which_job_was_edited():
    pressed = parse(edit(SAY, JOB, aspects=SHAPES).custom_id)
    assert pressed is not None
    assert (pressed.job, pressed.action) == (ROOT, "edited")


def test_many_adapters_become_a_select_and_none_no_field():
    assert by_id()["adapters"]["type"] == 22
    assert by_id(EVERYTHING)["adapters"]["type"] == 3
    assert "adapters" not in by_id(replace(JOB, plan=None))


@pytest.mark.parametrize("job", [JOB, EVERYTHING])
def test_each_adapter_is_offered_once_the_chosen_ones_first(job):
    offered = candidates(job)
    ids = [one.card_id for one in offered]
    assert len(ids) == len(set(ids))
    assert [one.chosen for one in offered] == sorted((one.chosen for one in offered), reverse=True)
    assert MOST_BOXES <= len(offered) <= 25


def test_boxes_as_they_stood_leave_the_choice_to_stylus():
    told = read(
        JOB, {"prompt": "a cat", "adapters": AS_IT_STOOD, "aspect": ["own"], "strength": "low"}
    )
    assert told == Edited(prompt="a cat", negative="", aspect="", strength="low")


def test_boxes_that_were_changed_pin_and_ban():
    told = read(JOB, {"prompt": "a cat", "adapters": ["0", "4"]})
    offered = candidates(JOB)
    assert told.pinned == (offered[0].card_id, offered[4].card_id)
    assert told.banned == tuple(one.card_id for one in offered[1:4])


@given(
    st.dictionaries(
        st.sampled_from(["prompt", "negative", "adapters", "aspect", "strength", "x"]),
        st.none() | st.text(max_size=9) | st.lists(st.text(max_size=4), max_size=4),
    )
)
def test_whatever_comes_back_is_read(values):
    told = read(JOB, values)
    known = {one.card_id for one in candidates(JOB)}
    assert {*told.pinned, *told.banned} <= known
    assert not set(told.pinned) & set(told.banned)
