"""The refiner without a model, held against cards as communities write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniature import cards as miniature_cards
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.nouns import Example, Probed
from stylus_engine.catalog.refiner import describe
from stylus_engine.catalog.refiner.sorting import CATEGORIES
from tests.catalog.refiner.cards import known, prompted


def test_a_card_that_describes_itself_keeps_its_words():
    told = "A small winged dragon with horns. It keeps its round eyes at every size."
    assert describe(known(description=told)).adds == told


def test_what_is_not_about_the_picture_is_left_out():
    told = (
        "<p>Stained glass windows with dark lead lines.</p><p>Trained on 40 pictures, 12 epochs.</p>"
        "<p>Works best at 0.7.</p><p>Support me on <a href='https://ko-fi.com/x'>Ko-fi</a>!</p>"
    )
    assert describe(known(description=told)).adds == "Stained glass windows with dark lead lines."


def test_a_card_without_words_is_told_by_its_name_and_tags():
    said = describe(
        known("Stone_Golem v2 [WIP]", "Works best at 0.8.", tags=("golem", "character"))
    )
    assert said.adds == "Adds stone golem."
    assert said.concepts == ("stone golem", "golem")
    assert said.category == "subject"


def test_codes_are_no_concepts():
    said = describe(known("Mira", "", triggers=("ohwx", "m1r4_v2", "silver hair, green coat"), tags=("character",)))  # fmt: skip
    assert said.concepts == ("silver hair", "green coat", "mira")


def test_words_of_most_prompts_are_concepts_and_boilerplate_is_none():
    examples = prompted(
        "masterpiece, best quality, (rusty armour:1.3), mira in a forest, <lora:x:0.8>",
        "best quality, 1girl, rusty armour, sitting on a bench",
        "rusty armour, highres, masterpiece, city street BREAK",
        "absurdres, rusty armour, at night",
    )
    said = describe(known("xq7", "", examples=examples))
    assert said.concepts[:1] == ("rusty armour",)
    assert not {"masterpiece", "best quality", "forest", "1girl"} & set(said.concepts)


def test_the_same_prompt_ten_times_is_one_prompt():
    assert (
        describe(known("xq7", "", examples=prompted(*["rusty armour, sword"] * 10))).concepts == ()
    )


def test_the_words_of_the_training_stand_in_for_missing_ones():
    probed = Probed(kind="lora", layout="kohya", tags=("snow_fox", "1girl"), triggers=("snow fox",))
    said = describe(known("x9", "", probed=probed))
    assert said.concepts[0] == "snow fox"


@pytest.mark.parametrize(
    ("name", "fields", "category"),
    [
        ("Old Woodcut", {"tags": ("style",)}, "style"),
        ("Watercolor Wash", {}, "style"),
        ("Abandoned Subway", {}, "place"),
        ("Golden Sunset", {}, "light"),
        ("Detail Tweaker", {}, "detail"),
        ("Red Dragon", {}, "subject"),
        ("Anything", {"category": "light"}, "light"),
        ("LCM LoRA SDXL", {}, "speed"),
        ("SDXL-Lightning 4step LoRA", {}, "speed"),
        ("Hyper-SD 8 steps", {}, "speed"),
        ("Hyper-SDXL", {}, "speed"),
        ("FLUX.1-Turbo-Alpha", {}, "speed"),
        ("DMD2 SDXL 4 step", {}, "speed"),
        ("Turbo accelerator", {"description": "Draw in 8 steps at guidance 1."}, "speed"),
        ("Fast lightning", {"base": "SDXL Lightning"}, "speed"),
        ("HYPER Castle v9 FINAL", {}, "subject"),
        ("Lightning Mage", {"tags": ("character",)}, "subject"),
        ("Turbo Snail", {"tags": ("animal",)}, "subject"),
        ("Ink Style", {"base": "SDXL Turbo"}, "style"),
        ("???", {}, "other"),
    ],
)
def test_categories(name: str, fields: dict, category: str):
    fields = {"description": ""} | fields
    assert describe(known(name, **fields)).category == category


def test_categories_of_the_miniatures_cards_without_their_own(tmp_path):
    """What the source knows is hidden; tags that say the category are taken away too."""
    miniature_cards.write(tmp_path / "cards.jsonl")
    cards = [c for c in CardFile(tmp_path / "cards.jsonl").cards() if c.category != "other"]
    right = 0
    for card in cards:
        tags = tuple(tag for tag in card.tags if tag not in CATEGORIES)
        told = known(card.name, card.description, tags=tags, triggers=card.triggers)
        right += describe(told).category == card.category
    assert right / len(cards) >= 0.85


def weights(*values: float | None) -> tuple[Example, ...]:
    return tuple(Example(prompt=f"p{i}", weight=value) for i, value in enumerate(values))


def triple(told) -> tuple[float | None, float | None, float | None]:
    return told.weight, told.weight_low, told.weight_high


def test_the_weight_is_the_median_of_the_examples_and_the_range_their_quartiles():
    # Quartiles by hand, inclusive: of .4 .5 .6 .7 .8 .9 1.0 they are .55, .7, .85.
    told = describe(known(examples=weights(0.7, 0.4, 1.0, 0.5, 0.9, 0.6, 0.8, None)))
    assert triple(told) == (0.7, 0.55, 0.85)


def test_absurd_weights_of_examples_do_not_count():
    told = describe(known(examples=weights(99.0, -3.0, 0.0, float("nan"), float("inf"), 0.6)))
    assert triple(told) == (0.6, 0.0, 1.0)
    assert triple(describe(known(description="", examples=weights(99.0, 0.0)))) == (
        None,
        None,
        None,
    )


def test_equal_weights_leave_some_room():
    assert triple(describe(known(examples=weights(*[0.8] * 5)))) == (0.8, 0.7, 0.9)
    assert triple(describe(known(examples=weights(*[2.0] * 5)))) == (2.0, 1.9, 2.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Works best at 0.8.", (0.8, 0.0, 1.0)),
        ("Recommended weight: 0.6-0.9", (0.75, 0.6, 0.9)),
        ("Use it with a strength of 0,5 to 0,7.", (0.6, 0.5, 0.7)),
        ("weight 1.4", (1.4, 0.0, 1.4)),
        ("Trained on 49 pictures, rank 32.", (None, None, None)),
        ("weight 99", (None, None, None)),
        ("weight: 9.5", (None, None, None)),
        ("Use 30 steps and CFG 7.", (None, None, None)),
        ("Use 2 images", (None, None, None)),
        ("weight 0.0", (None, None, None)),
        ("works best at 100 % of its weight", (None, None, None)),
        ("use v1.2 with care", (None, None, None)),
        ("version 1.5 of it", (None, None, None)),
    ],
)
def test_a_weight_in_the_text_counts_where_no_example_tells(text: str, found: tuple):
    assert triple(describe(known(description=text))) == found


def test_a_slider_keeps_its_range_and_says_what_it_is():
    told = describe(known("Age Slider", "", examples=weights(-2, 1, 2, 1.5), weight_low=-4.0))
    assert triple(told) == (None, None, None)
    assert told.caveats == ("A slider: a negative weight does the opposite.",)


def test_when_not_to_use_it_is_no_part_of_what_it_adds():
    text = (
        "Knitted wool dolls with button eyes. Does not work with photographs. Avoid night scenes."
    )
    told = describe(known(description=text))
    assert told.adds == "Knitted wool dolls with button eyes."
    assert told.not_for == "Does not work with photographs. Avoid night scenes."


def test_a_refiners_own_words_are_not_its_source():
    """Describing twice says the same: `known.card` holds what was described before, `said` does not."""
    from msgspec.structs import replace

    first = known()
    again = replace(first, card=replace(first.said, description="By a refiner."))
    assert describe(again) == describe(first)


@given(
    name=st.text(max_size=80),
    description=st.text(max_size=400),
    words=st.lists(st.text(max_size=60), max_size=6),
    prompts=st.lists(st.text(max_size=120), max_size=6),
    weight=st.one_of(st.none(), st.floats()),
)
def test_no_card_can_break_it(name, description, words, prompts, weight):
    told = describe(
        known(name, description, triggers=tuple(words), tags=tuple(words), examples=prompted(*prompts, weight=weight))
    )  # fmt: skip
    texts = (told.adds, told.not_for, *told.concepts, *told.caveats)
    assert all(unicodedata.category(c)[0] != "C" for text in texts for c in text)
    assert len(told.adds) <= 400
    assert len(told.concepts) <= 8
    assert all(len(concept) <= 40 and len(concept.split()) <= 4 for concept in told.concepts)
    assert told.category in CATEGORIES
    if told.weight is not None:
        assert 0 <= (told.weight_low or 0) <= told.weight <= (told.weight_high or 2) <= 2
