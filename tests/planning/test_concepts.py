"""Spans of prompts: examples for people, laws for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.model import Span
from stylus_engine.planning.concepts import (
    LONGEST_NAME,
    MOST_JOINED,
    MOST_SPANS,
    around,
    chunks,
    concepts,
    joined,
    led,
    left_out,
    sayings,
    span_of,
    titles,
)
from stylus_engine.planning.lexicon import key, keys, phrase

TEXTS = st.text(max_size=300) | st.lists(
    st.sampled_from(["a", "red", "dragon,", "no", "without", "and", "or", "🐉", "pencil", "sketch", "of", "at", "don't", "تنين", "竜", "-", "’", "é"]),
    max_size=40,
).map(" ".join)  # fmt: skip


def said(prompt):
    return [span.text for span in concepts(prompt)]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("a pencil sketch of a dragon at sunset",
         ["pencil sketch", "pencil", "sketch", "dragon", "sunset"]),
        ("a red cat in the forest", ["cat", "forest"]),
        ("a cat after dark, in the dark wood", ["cat", "dark", "wood"]),
        ("two blue robots, dark purple castle", ["robots", "castle"]),
        ("dragon. Dragon! DRAGON", ["dragon"]),
        ("my dragon is pink, it is on the beach", ["dragon", "beach"]),
        ("a cross-stitch of the dragon’s egg", ["cross-stitch", "dragon’s egg", "dragon’s", "egg"]),
        ("a winged <lora:pencil sketch:0.8> dragon", ["winged", "dragon"]),
        ("a page of <LYCO:x> snow<hypernet:a_b:1>flakes", ["page", "snow", "flakes"]),
        ("a fox Steps: 20, Sampler: Euler a, Model: neon dragon\nin snow", ["fox", "snow"]),
        ("Steps: 30, CFG scale: 7, a dragon, style: ink", ["dragon", "ink"]),
        ('Steps: 20, Lora hashes: "sea lion: 0a, owl: 1b", Version: v1\u2028snow', ["snow"]),
        ("a fox steps: 20,", ["fox"]),
        ("the steps: a staircase, (red dragon:1.3) <3 fish", ["steps", "staircase", "dragon", "fish"]),
        ("an old oak barn door", ["old oak barn door", "old oak", "oak barn", "oak", "barn door", "barn", "door"]),
        ("a worn sea oak barn door", ["worn sea", "worn", "sea oak barn door", "sea oak", "sea", "oak barn", "oak", "barn door", "barn", "door"]),
        ("ink & wash", ["ink", "wash"]),
        ("plan b, k dragon", ["plan", "dragon"]),
        ("a cat - dark forest -- owl", ["cat", "forest", "owl"]),
        ("masterpiece, best quality, detailed", []),
        ("🐉🔥 12 ... !?", []),
        ("", []),
        ("the of and", []),
        ("תנין, חתול", ["תנין", "חתול"]),
        ("ドラゴンの絵", ["ドラゴンの絵"]),
        ("हिन्दी ड्रैगन", ["हिन्दी ड्रैगन", "हिन्दी", "ड्रैगन"]),
    ],
)  # fmt: skip
def test_spans(prompt, spans):
    assert said(prompt) == spans


@pytest.mark.parametrize(
    ("prompt", "asked", "hidden"),
    [
        ("a forest without snow at sunset", ["forest", "sunset"], ["snow"]),
        ("no dragons or robots, a cat", ["cat"], ["dragons", "robots"]),
        ("no dragons and a red cat", ["cat"], ["dragons"]),
        ("a cat without a dragon and a robot at night", ["cat", "night"], ["dragon", "robot"]),
        ("a castle instead of a house", ["castle"], ["house"]),
        ("a city that doesn’t have a castle", ["city"], ["castle"]),
        ("a snail, not a dragon but a robot", ["snail", "robot"], ["dragon"]),
        ("not in the forest, a teapot", ["teapot"], ["forest"]),
        ("free of clouds", [], ["clouds"]),
        ("no dragon, robot or octopus", [], ["dragon", "robot", "octopus"]),
        ("no dragon, robot, or octopus, a cat", ["cat"], ["dragon", "robot", "octopus"]),
        ("without a dragon, a robot or an octopus", [], ["dragon", "robot", "octopus"]),
        ("no dragon, a robot or an octopus", ["robot", "octopus"], ["dragon"]),
        ("no dragon, robot and octopus", ["robot", "octopus"], ["dragon"]),
        ("no dragon. robot or octopus", ["robot", "octopus"], ["dragon"]),
        ("neither a dragon nor a robot, but a cat", ["cat"], ["dragon", "robot"]),
        ("a city, anything but neon", ["city"], ["anything", "neon"]),
        ("a house with no “dragon” on it", ["house"], ["dragon"]),
        ('no "dragon" or "robot", a cat', ["cat"], ["dragon", "robot"]),
        ("no **dragon**, a cat", ["cat"], ["dragon"]),
        ("no, a dragon", ["dragon"], []),
        ("no snow\na dragon", ["dragon"], ["snow"]),
        ("no snow - dragon", ["dragon"], ["snow"]),
        ("dragon, no snow", ["dragon"], ["snow"]),
        ("a castle without\nsnow", ["castle"], ["snow"]),
        ("a dragon-free castle", ["castle"], ["dragon-free"]),
        ("a non-dragon", [], ["non-dragon"]),
        (
            "a carefree freestyle nonfigurative dragon",
            ["carefree freestyle nonfigurative dragon"],
            [],
        ),
        ("a castle, avoid dragons", ["castle"], ["dragons"]),
        ("no more dragons, a cat", ["cat"], ["dragons"]),
        ("no more than two dragons", ["dragons"], []),
        ("nothing but dragons", ["dragons"], []),
        ("a free dragon", ["dragon"], []),
        ("no", [], []),
        ("a north wind", ["north wind"], []),
    ],
)
def test_negation(prompt, asked, hidden):
    assert [span_of(prompt, chunk).text for chunk in chunks(prompt)] == asked
    assert [span_of(prompt, chunk).text for chunk in left_out(prompt)] == hidden
    assert not set(said(prompt)) & set(hidden)


@given(TEXTS)
def test_laws(prompt):
    spans = concepts(prompt)
    assert len(spans) <= MOST_SPANS
    assert all(prompt[s.start : s.start + len(s.text)] == s.text for s in spans)
    assert all(s.text.strip() == s.text != "" for s in spans)
    assert all(any(c.isalnum() for c in s.text) for s in spans)
    assert len({" ".join(s.text.casefold().split()) for s in spans}) == len(spans)
    assert [s.start for s in spans] == sorted(s.start for s in spans)
    assert spans == concepts(prompt)
    hidden = {span_of(prompt, chunk).start for chunk in left_out(prompt)}
    assert not hidden & {s.start for s in spans}


def test_the_longest_prompt_is_bounded_and_quick():
    assert len(concepts(" ".join(f"word{n}, thing{n}" for n in range(150))[:2000])) == MOST_SPANS
    assert concepts("x" * 2000)
    assert concepts("no " * 600) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cross-Stitch", "cross stitch"), ("watercolors", "watercolour"), ("Butterflies", "butterfly"),
        ("octopuses", "octopus"), ("sketches", "sketch"), ("Stained  Glass", "stained-glass"),
        ("dragon’s", "dragons"), ("ＮＥＯＮ", "neon"),
    ],
)  # fmt: skip
def test_words_that_are_the_same(one, other):
    assert phrase(one) == phrase(other)


def test_words_that_are_not_the_same():
    assert key("glass") == "glass"
    assert len({phrase(w) for w in ("rocket", "rock", "dragon", "drag", "night", "knight")}) == 6
    assert "crossstitch" in keys("Grandma's Cross-Stitch LoRA")


@given(st.text(max_size=200))
def test_keys_never_hold_spaces(text):
    assert all(found and found == "".join(found.split()) for found in keys(text))


@pytest.mark.parametrize(
    ("prompt", "word", "longer"),
    [
        ("a sea lion, on a rock", "lion", ["sea lion"]),
        ("a lost train of thought", "train", ["lost train of thought", "lost train", "train of thought"]),
        ("a bear in a cave in the forest", "cave", ["bear in a cave", "cave in the forest"]),
        ("lion", "lion", []),
        ("a 🐉 of snow", "🐉", []),
        ("a stained glass window", "glass", ["stained glass window", "stained glass", "glass window"]),
    ],
)  # fmt: skip
def test_what_is_around_a_word(prompt, word, longer):
    span = Span(text=word, start=prompt.find(word))
    assert sorted(one.text for one in around(prompt, span)) == sorted(longer)


def test_a_colour_a_count_and_a_no_belong_to_what_they_lead():
    for prompt, word in (("golden hour", "hour"), ("two towers", "towers"), ("no face", "face")):
        span = Span(text=word, start=prompt.find(word))
        assert [one.text for one in sayings(prompt, span)] == [prompt]
        assert not list(around(prompt, span))


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("at sunset", ["sunset"]),
        ("Ghost in the Shell", ["Ghost in the Shell"]),
        ("Golden Hour", ["Golden Hour"]),
        ("No Face", ["No Face"]),
        ("Night Sky Blue", ["Night Sky Blue"]),
        ("Koala by request", ["Koala"]),
        ("by Ada", ["Ada"]),
        ("Ink & Wash", ["Ink & Wash"]),
        ("Dragons, v2", ["Dragons", "v2"]),
        ("the Robot 2", ["Robot"]),
        ("Dragon by Ada, castle in the", ["Dragon", "castle"]),
        ("Red", []),
    ],
)
def test_what_a_name_calls_its_adapter(name, called):
    assert [span.text for span in titles(name)] == called
    assert all(name[s.start : s.start + len(s.text)] == s.text for s in titles(name))


@pytest.mark.parametrize(
    ("prompt", "things"),
    [
        ("a house of a king at night", ["house of a king"]),
        ("a page from a sketchbook", ["page from a sketchbook"]),
        ("a cat with a red hat", ["cat with a red hat"]),
        ("a house of a king with a crown",
         ["house of a king", "king with a crown", "house of a king with a crown"]),
        ("a dragon in a cave", []),
        ("a cat, with a hat", []),
        ("a cat without a hat", []),
        ("a cat for no dragon, owl", []),
        ("a house of — a king", []),
        ("a cat with all of the old hats", ["cat with all", "all of the old hats", "cat with all of the old hats"]),
        ("a cat with one of the red hats", []),
    ],
)  # fmt: skip
def test_neighbours_that_may_be_one_thing(prompt, things):
    assert [span.text for span in joined(prompt)] == things
    assert all(prompt[s.start : s.start + len(s.text)] == s.text for s in joined(prompt))


def test_neighbours_are_bounded():
    many = ", ".join(f"hat{n} of king{n}" for n in range(MOST_JOINED + 1))
    assert [span.text for span in joined(many)] == many.split(", ")[:MOST_JOINED]


@given(TEXTS)
def test_what_is_around_holds_the_span_and_is_verbatim(prompt):
    for span in concepts(prompt)[:4]:
        for longer in around(prompt, span):
            end = longer.start + len(longer.text)
            assert prompt[longer.start : end] == longer.text != span.text
            assert longer.start <= span.start
            assert span.start + len(span.text) <= end
            assert not set(longer.text) & set(",.;:!?")
    assert LONGEST_NAME == 5


@pytest.mark.parametrize(
    ("prompt", "wholes"),
    [
        ("a black hole over two dark cities", ["black hole", "dark cities"]),
        ("red-winged dragon, a black and ripe plum", ["red-winged dragon", "red-winged", "dragon", "ripe plum", "ripe", "plum"]),
        ("12 Blue  Whales", ["Blue  Whales"]),
        ("black, a hole", ["hole"]),
    ],
)  # fmt: skip
def test_what_leads_a_span(prompt, wholes):
    found = list(led(prompt, concepts(prompt)))
    assert [span.text for span in found] == wholes
    assert all(prompt[span.start :].startswith(span.text) for span in found)
