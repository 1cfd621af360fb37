"""What a model answers, taken apart: good answers in any wrapping, and a thousand bad ones."""

import json
import random
import unicodedata
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylus_engine.catalog.layers import merged
from stylus_engine.catalog.refiner.reading import read
from stylus_engine.catalog.refiner.schema import INSTRUCTIONS
from stylus_engine.catalog.refiner.sorting import CATEGORIES
from stylus_engine.errors import RefinerFailed
from tests.catalog.refiner.cards import GOOD, answer, known


def of(text: str, **fields):
    return read(text, "a-model", known(**fields))


def numbers(told) -> tuple[float | None, float | None, float | None]:
    return told.weight, told.weight_low, told.weight_high


def test_a_good_answer_is_taken_as_it_is():
    told = of(answer())
    assert told.by == "a-model"
    assert told.adds == GOOD["adds"]
    assert told.category == "subject"
    assert told.concepts == ("storybook dragon", "winged dragon")
    assert told.not_for == "Photographs."
    assert numbers(told) == (0.8, 0.6, 1.1)
    assert told.caveats == ("Changes the background a little.",)


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n{}\n```",
        "```\n{}\n```",
        "<think>It has {{wings}}.</think>\n{}",
        "It has wings, hm.\n</think>{}",
        '<think>{"adds": "A draft of it.", "category": "style", "concepts": ["kite"]}</think>{}',
        "Here you are: {} Anything else?",
        "\ufeff  {}  ",
        "{}\n{}",
        "{{not json}} {}",
    ],
)
def test_wrapping_is_taken_off(wrapped: str):
    assert of(wrapped.replace("{}", answer())) == of(answer())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON object"),
        ("I cannot do that.", "no JSON object"),
        ("[]", "no JSON object"),
        (answer()[:-9], "no JSON object"),
        ("{" * 60_000, "no JSON object"),
        ('{"a":' * 30_000, "no JSON object"),
        ("{}", "missing required field `adds`"),
        (answer(adds=7), r"Expected `str`, got `int` - at `\$.adds`"),
        (answer(adds=""), "adds says nothing"),
        (answer(adds="☃ <b></b>"), "adds says nothing"),
        (answer(adds=INSTRUCTIONS.splitlines()[2]), "repeats the instructions"),
        (answer(category="hero"), "category must be one of subject, style"),
        (answer(category=None), "Expected `str`"),
        (answer(concepts=[]), "concepts holds no phrase"),
        (answer(concepts="dragon"), "Expected `array`"),
        (answer(concepts=["a long sentence about what this adapter would do"]), "no phrase"),
        (answer(concepts=["masterpiece", "best quality"]), "no phrase"),
        (answer(weight="0.8"), "Expected `float"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, why: str):
    with pytest.raises(RefinerFailed, match=why):
        of(text)


@pytest.mark.parametrize(
    ("low", "weight", "high", "kept"),
    [
        (0.5, 0.8, 1.2, (0.8, 0.5, 1.2)),
        (0.0, 1.9, 2.0, (1.9, 0.0, 2.0)),
        (None, 0.7, None, (0.7, None, None)),
        (None, 1.7, None, (None, None, None)),  # outside the card's own range
        (0.5, 1.7, 1.2, (None, 0.5, 1.2)),  # outside its own range: dropped, not moved
        (0.5, 99, 99, (None, None, None)),
        (-1.0, 0.8, 1.0, (0.8, None, None)),
        (1.0, 0.8, 0.5, (0.8, None, None)),
        (0.9, None, 1.2, (None, None, None)),  # the card's own 0.8 would lie outside
        (0.5, 0.0, 1.0, (None, 0.5, 1.0)),
        (0.0, 0.0, 1.0, (None, 0.0, 1.0)),  # a weight of nothing is none
    ],
)
def test_weights_out_of_range_are_dropped(low, weight, high, kept):
    told = of(answer(weight=weight, weight_low=low, weight_high=high))
    assert numbers(told) == kept


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_numbers_that_are_none(word: str):
    text = answer().replace("0.8", word)
    with suppress(RefinerFailed):
        assert of(text).weight is None


def test_texts_are_capped_and_plain():
    told = of(
        answer(
            adds="A <b>red</b>\u202e dragon " + "very " * 400,
            concepts=["Red Dragon", "red dragons", "x" * 50, "a:b:c", "<lora:x:1>", *map(str, range(99))],
            not_for="See https://evil.example/x now",
            caveats=["One.", "One.", "", *(f"Caveat {i}." for i in range(99))],
        )
    )  # fmt: skip
    assert told.adds.startswith("A red dragon very")
    assert len(told.adds) <= 400
    assert told.concepts == ("red dragon",)
    assert told.not_for == "See now"
    assert told.caveats == ("One.", "Caveat 0.", "Caveat 1.", "Caveat 2.")


def test_what_a_name_says_goes_before_what_a_model_says():
    told = of(answer(), name="LCM LoRA SDXL")
    assert (told.category, told.caveats[0]) == ("speed", "Made for few steps and little guidance.")
    told = of(answer(), name="Age Slider", weight_low=-4.0)
    assert numbers(told) == (None, None, None)


# --- a thousand answers --------------------------------------------------------------

SALT = [
    "{", "}", "[", "]", '"', "\\", ",", ":", "null", "true", "-1", "1e400", "NaN", "\u0000", "\ud800",
    "\u202e", "\U000e0041", "<think>", "</think>", "```", "<|im_end|>", "🐉", "{}", '{"adds":', "\\ud800",
]  # fmt: skip
VALUES = [
    None, True, 0, -1, 99, 10**400, 1e308, -0.0, 0.5, "", "x", "0.8", "\u202e" * 50, "w" * 5000, [], [[]],
    {}, {"a": {}}, ["a"] * 500, [None], [1], ["dragon", 7], "style", "STYLE ", "subject", "civitai:1:2",
]  # fmt: skip


@cache
def mangled(seed: int) -> str:
    """An answer with fields exchanged, lost, added, and bytes put in or taken out."""
    chance = random.Random(seed)
    fields: dict[str, object] = dict(GOOD)
    for name in chance.sample(sorted(fields), chance.randrange(4)):
        fields[name] = chance.choice(VALUES)
    if chance.random() < 0.2:
        del fields[chance.choice(sorted(fields))]
    if chance.random() < 0.2:
        fields["card_id"] = "civitai:1:2"
    text = json.dumps(fields, ensure_ascii=chance.random() < 0.5)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 3))):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(SALT) + text[at + chance.randrange(3) :]
    return text[: chance.randrange(len(text))] if chance.random() < 0.1 else text


def sound(told, card) -> None:
    """Whatever was answered: what is stored is short, plain and in range."""
    texts = (told.by, told.adds, told.not_for, *told.concepts, *told.caveats)
    assert all(unicodedata.category(c)[0] != "C" for text in texts for c in text)
    assert len(told.adds) <= 400
    assert len(told.not_for) <= 200
    assert 1 <= len(told.concepts) <= 8
    assert all(len(text) <= 120 for text in told.caveats)
    assert len(told.caveats) <= 6
    assert told.category in CATEGORIES
    low = card.weight_low if told.weight_low is None else told.weight_low
    high = card.weight_high if told.weight_high is None else told.weight_high
    weight = card.weight if told.weight is None else told.weight
    assert low <= weight <= high <= 2
    after = merged(card, None, told)
    assert (after.card_id, after.triggers, after.name) == (card.card_id, card.triggers, card.name)
    assert (after.weight, after.weight_low, after.weight_high) == (weight, low, high)


@pytest.mark.parametrize("block", range(4))
def test_a_thousand_mangled_answers(block: int):
    kept = 0
    for seed in range(block * 400, block * 400 + 400):
        with suppress(RefinerFailed):
            sound(of(mangled(seed)), known().said)
            kept += 1
    assert 40 < kept < 360, "the generator makes both sorts"


@settings(max_examples=150)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(sorted(GOOD)), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_at_all(value: object):
    with suppress(RefinerFailed):
        sound(of(json.dumps(value)), known().said)
