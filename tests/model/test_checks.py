"""Each noun checks itself when it is made; what it refuses it names in one sentence."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.errors import (
    BadRequest,
    BadText,
    EmptyPrompt,
    OutOfRange,
    PromptTooLong,
    UnknownName,
)
from stylus_engine.model import LIMITS, Adapter, Choice, Plan, Request, Start, Task
from stylus_engine.model.adapter import MOST_WEIGHT
from tests.model import nouns


def request(**fields: Any) -> Request:
    """A request for a fox, but for these fields."""
    return msgspec.structs.replace(Request(prompt="a fox"), **fields)


NAN = float("nan")
INFINITE = float("inf")


@pytest.mark.parametrize("prompt", ["", " ", "\n\t ", "\u3000"])
def test_an_empty_prompt_is_refused(prompt: str):
    with pytest.raises(EmptyPrompt):
        Request(prompt=prompt)


@pytest.mark.parametrize("field", ["prompt", "negative"])
def test_ten_thousand_characters_are_too_many(field: str):
    with pytest.raises(PromptTooLong, match=r"has 10000 characters; 2000 is the most"):
        request(**{field: "x" * 10_000})


def test_the_longest_prompt_is_taken():
    assert len(Request(prompt="x" * LIMITS.prompt).prompt) == LIMITS.prompt


CONTROL = ["\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b", "\ud800"]


@pytest.mark.parametrize("field", ["prompt", "negative"])
@pytest.mark.parametrize("control", CONTROL, ids=ascii)
def test_control_characters_are_refused_and_named(field: str, control: str):
    with pytest.raises(BadText) as refused:
        request(**{field: f"a {control} fox"})
    assert f"U+{ord(control[0]):04X}" in str(refused.value)
    assert control[0] not in str(refused.value)


TYPED = [
    "שועל אדום בשלג",
    "ثعلب أحمر في الثلج",
    "\u200fمرحبا\u200e fox \u2067rtl\u2069",
    "🦊🌨️ 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "狐 in 雪",
    "e\u0301 and é",
    "two\nlines,\ta tab",
    "nbsp\u00a0and zero\u200bwidth",
]


@pytest.mark.parametrize("prompt", TYPED, ids=ascii)
def test_what_people_type_is_kept_as_it_is(prompt: str):
    assert Request(prompt=prompt).prompt == prompt


RANGES = [
    ("width", 0, LIMITS.edge),
    ("height", 0, LIMITS.edge),
    ("steps", 1, LIMITS.steps),
    ("guidance", 0.0, LIMITS.guidance),
    ("count", 1, LIMITS.count),
    ("seed", 0, LIMITS.seed),
    ("strength", 0.0, LIMITS.strength),
]


@pytest.mark.parametrize(("field", "low", "high"), RANGES)
def test_a_request_takes_its_whole_range_and_no_more(field: str, low: float, high: float):
    for value in (low, high):
        assert getattr(request(**{field: value}), field) == value
    for value in (low - 1, high + 1, NAN, INFINITE, -INFINITE):
        with pytest.raises(OutOfRange) as refused:
            request(**{field: value})
        assert str(refused.value).startswith(("Adapter strength", field.capitalize()))


SHOT_RANGES = [
    ("width", 8, LIMITS.edge),
    ("height", 8, LIMITS.edge),
    ("steps", 1, LIMITS.steps),
    ("guidance", 0.0, LIMITS.guidance),
    ("seed", 0, LIMITS.seed),
]


@pytest.mark.parametrize(("field", "low", "high"), SHOT_RANGES)
def test_a_shot_takes_its_whole_range_and_no_more(field: str, low: float, high: float):
    for value in (low, high):
        assert getattr(msgspec.structs.replace(nouns.SHOT, **{field: value}), field) == value
    for value in (low - 1, high + 1, NAN):
        with pytest.raises(OutOfRange):
            msgspec.structs.replace(nouns.SHOT, **{field: value})


@pytest.mark.parametrize(
    "strengths", [(NAN,), (1.0, -0.01), (LIMITS.strength + 0.01,), (1.0,) * (LIMITS.count + 1)]
)
def test_strengths_of_single_pictures_have_the_bounds_of_all(strengths: tuple[float, ...]):
    with pytest.raises(OutOfRange):
        Request(prompt="x", strengths=strengths)
    assert Request(prompt="x", strengths=(0.0, LIMITS.strength)).strengths


@pytest.mark.parametrize("strength", [-0.01, 1.01, NAN])
def test_a_start_redoes_between_nothing_and_all(strength: float):
    with pytest.raises(OutOfRange):
        Start(picture="x", strength=strength)


@pytest.mark.parametrize(("field", "kind"), [("sampler", "sampler"), ("preset", "preset")])
def test_an_unknown_name_is_answered_with_the_known_ones(field: str, kind: str):
    with pytest.raises(UnknownName) as refused:
        request(**{field: "heun\u202e" + "n" * 500})
    said = str(refused.value)
    assert f"no {kind} called" in said
    assert "Known: " in said
    assert len(said) < 300


WEIGHTS = [
    {"weight": 1.5},
    {"weight": -0.1},
    {"weight": NAN},
    {"weight_low": 0.9, "weight_high": 0.8},
    {"weight_high": MOST_WEIGHT + 1},
    {"weight_low": -MOST_WEIGHT - 1},
    {"weight_low": NAN},
]


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_a_card_keeps_its_weights_in_order(weights: dict[str, Any]):
    with pytest.raises(OutOfRange):
        Adapter(card_id="c", name="n", family_declared="sd1", **weights)


@pytest.mark.parametrize("weight", [0.19, 1.21, NAN])
def test_a_choice_stays_in_its_adapters_range(weight: float):
    with pytest.raises(OutOfRange, match="The weight of Ink & Wash"):
        Choice(adapter=nouns.INK, weight=weight, reason="")


def test_a_family_is_what_the_file_shows_before_what_the_card_says():
    assert nouns.INK.family == "sd1-96"
    assert msgspec.structs.replace(nouns.INK, family_detected=None).family == "sd1"


def test_a_card_without_a_file_is_not_drawable():
    assert nouns.INK.drawable
    assert nouns.NIGHT.drawable
    assert not msgspec.structs.replace(nouns.INK, path=None).drawable


def task(concept: str, start: int, *cards: Adapter) -> Task:
    choices = tuple(Choice(adapter=card, weight=0.8, reason="") for card in cards)
    return Task(concept=concept, start=start, choices=choices)


@pytest.mark.parametrize(("concept", "start"), [("fox", 0), ("Fox", 2), ("foxes", 2), ("fox", -3)])
def test_a_concept_is_where_it_says_it_is(concept: str, start: int):
    with pytest.raises(ValueError, match="is not at"):
        Plan(prompt="a fox", tasks=(task(concept, start, nouns.INK),), composer="test")


def test_an_adapter_is_chosen_once():
    for tasks in [
        (task("fox", 2, nouns.INK, nouns.INK),),
        (task("a", 0, nouns.INK), task("fox", 2, nouns.INK)),
    ]:
        with pytest.raises(ValueError, match="chosen twice"):
            Plan(prompt="a fox", tasks=tasks, composer="test")


def test_the_order_of_choices_is_task_after_task():
    assert [choice.adapter for choice in nouns.PLAN.choices] == [nouns.INK, nouns.NIGHT]


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused_in_one_sentence(prompt: str):
    try:
        assert Request(prompt=prompt).prompt == prompt
    except BadRequest as refused:
        said = str(refused)
        assert said.endswith(".")
        assert said.isprintable()


@pytest.mark.parametrize("aspect", ["4:1", "1:4"])
def test_an_aspect_has_a_limit(aspect: str) -> None:
    with pytest.raises(OutOfRange, match="Aspect"):
        Request(prompt="x", aspect=aspect)


@pytest.mark.parametrize("aspect", ["3", "3:", ":2", "3:0", "a:b", "3:2:1", "-3:2", "3.5:2", "٣:٢"])
def test_an_aspect_looks_like_three_to_two(aspect: str) -> None:
    with pytest.raises(BadText):
        Request(prompt="x", aspect=aspect)
