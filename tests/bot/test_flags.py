"""Flags typed by habit: understood, told when not, and never eating the prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flags import Flags, aspect, read, unread
from stylus_engine.model import LIMITS

DASHES = ["--", "—", "–", "——", "-—", "−−", "―"]
WORDS = st.lists(
    st.text(st.characters(categories=["L"]), min_size=1, max_size=8), min_size=1, max_size=6
).map(" ".join)


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_of_a_phone_is_understood(dash: str):
    found = read(f"a fox {dash}ar 3:2 {dash}seed 7 {dash}count 2 {dash}cfg 6.5 {dash}no hats, text")
    assert found.prompt == "a fox"
    assert found.guidance == 6.5
    assert (found.aspect, found.seed, found.count) == ("3:2", 7, 2)
    assert found.negative == "hats, text"
    assert unread(found.prompt) == ()


@pytest.mark.parametrize(
    ("typed", "negative"),
    [
        ("a fox --no “big hat” in snow", "big hat"),
        ("a fox --no 'big hat' in snow", "big hat"),
        ("a fox --no «big hat» in snow", "big hat"),
        ('a fox --no="big hat" in snow', "big hat"),
    ],
)
def test_quotes_say_where_a_negative_ends(typed: str, negative: str):
    assert read(typed) == Flags(
        prompt="a fox in snow", negative=negative, understood=read(typed).understood
    )


@pytest.mark.parametrize(
    ("typed", "prompt"),
    [
        ("--ar 3:2 a fox", "a fox"),
        ("a fox --ar 3:2 in the snow", "a fox in the snow"),
        ("a fox --ar=3:2", "a fox"),
        ("a fox --AR 3x2", "a fox"),
        ("a fox --ar ３：２", "a fox"),
        ("a fox --aspect 3/2,", "a fox"),
        ("a fox\u3000--ar\u30003:2", "a fox"),
        ("a fox\u00a0--ar\u00a03:2", "a fox"),
        ("a fox --ar 3:2 --ar 3:2", "a fox"),
    ],
)
def test_an_aspect_in_its_disguises(typed: str, prompt: str):
    found = read(typed)
    assert (found.prompt, found.aspect) == (prompt, "3:2")


@pytest.mark.parametrize(
    "typed",
    [
        "a fox --v 6",
        "a fox --stylize 250 in snow",
        "a fox --ar",
        "a fox --ar wide",
        "a fox --ar 9:1",
        "a fox --ar 0:1",
        "a fox --seed -4",
        f"a fox --seed {LIMITS.seed + 1}",
        "a fox --count 9",
        "a fox --count 0",
        "a fox --no",
        "a fox --cfg -1",
        "a fox --cfg high",
        "a fox --guidance 1e2",
    ],
)
def test_what_is_not_understood_stays_and_is_told(typed: str):
    found = read(typed)
    assert found.prompt == typed
    (left,) = unread(found.prompt)
    assert left in typed
    assert found.understood == ()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a fox --stylize 100 --v 6 --ar 9:1", ("--stylize 100", "--v 6", "--ar 9:1")),
        ("a fox —v 6, in snow --tile of stone", ("—v 6", "--tile")),
        ("--seed=high a fox --ar 3:2 --q .5", ("--seed high", "--q")),
        ("a fox --no", ("--no",)),
        ("a fox --ar 3:2 --no hats", ()),
        ("a well-known fox — in snow", ()),
        ("a knight –brave and bold —tired", ("—tired",)),
    ],
)
def test_what_nobody_understood_is_named_as_it_was_typed(typed: str, told: tuple[str, ...]):
    assert unread(read(typed).prompt) == told


@pytest.mark.parametrize(
    ("typed", "prompt", "negative", "told"),
    [
        ("a fox, snow\nNegative prompt: hats, (text:1.2)", "a fox, snow", "hats, (text:1.2)", ()),
        ("a fox negative prompt : hats --seed 5", "a fox", "hats", ()),
        (
            "a fox Negative prompt: hats Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1",
            "a fox Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1", "hats", ("Steps 20",),
        ),
        ("a sign that says negative prompt", "a sign that says negative prompt", None, ()),
        ("steps: a staircase", "steps: a staircase", None, ()),
    ],
)  # fmt: skip
def test_what_other_programs_write_beneath_a_picture_is_read(typed, prompt, negative, told):
    found = read(typed)
    assert (found.prompt, found.negative) == (prompt, negative)
    assert unread(found.prompt) == told


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a fox <lora:Storybook_Fox:0.8>, (red:1.3)", ("<lora:Storybook_Fox:0.8>", "(red:1.3)")),
        ("a fox <LYCO:x> --v 6", ("--v 6", "<LYCO:x>")),
        ("a ((red)) fox (at 10:30), [night] <3", ()),
    ],
)
def test_adapters_and_weights_in_a_prompt_are_told_not_to_be_understood(typed, told):
    assert read(typed).prompt == typed
    assert unread(typed) == told


@given(st.lists(st.sampled_from(["fox", "--ar", "—no", "3:2", "hat", "--seed", "5", "--x", "—y"])))
def test_every_flag_is_understood_or_named(words: list[str]):
    found = read(" ".join(words))
    names = [each.split()[0] for each in (*found.understood, *unread(found.prompt))]
    assert sorted(names) == sorted(word for word in words if word[0] in "-—")


@pytest.mark.parametrize(
    "typed",
    [
        "a well-known fox - no hats",
        "a fox — no hats",
        "a fox—seed of doom",
        "rock-n-roll",
        "a -no fox",
        "the end --",
        "",
        "  two  spaces ",
    ],
)
def test_a_prompt_without_flags_comes_back_as_it_is(typed: str):
    assert read(typed) == Flags(prompt=typed)


def test_the_last_word_counts_and_negatives_add_up():
    found = read("fox --seed 1 --no hats --seed 2 --no text")
    assert (found.prompt, found.seed, found.negative) == ("fox", 2, "hats, text")
    assert found.understood == ("--seed 1", "--no hats", "--seed 2", "--no text")


@given(WORDS, st.integers(0, LIMITS.seed), st.integers(1, 4), st.sampled_from(DASHES), WORDS)
def test_what_was_written_is_read(prompt: str, seed: int, count: int, dash: str, negative: str):
    found = read(f"{prompt} {dash}seed {seed} {dash}count {count} {dash}no {negative}")
    assert found.prompt == prompt
    assert (found.seed, found.count, found.negative) == (seed, count, negative)


@given(st.text())
def test_no_text_breaks_it_and_no_word_is_invented(text: str):
    found = read(text)
    assert set("".join(found.prompt.split())) <= set("".join(text.split()))
    assert len(found.prompt) <= len(text)
    assert found.count is None or 1 <= found.count <= 4


@given(st.lists(st.sampled_from(["fox", "--ar", "—no", "3:2", "“", "hat”", "--seed", "5", "--x"])))
def test_words_are_either_kept_or_understood(words: list[str]):
    """Nothing a person typed disappears without being told."""
    found = read(" ".join(words))
    told = f"{found.prompt} {' '.join(found.understood)}".replace("“", " ").replace("”", " ")
    typed = " ".join(words).replace("“", " ").replace("”", " ")
    assert sorted(told.split()) == sorted(typed.split())


@given(st.integers(0, 99), st.integers(0, 99))
def test_aspects_are_no_longer_than_three_to_one(wide: int, high: int):
    good = wide > 0 and high > 0 and max(wide, high) <= 3 * min(wide, high)
    assert aspect(f"{wide}:{high}") == (f"{wide}:{high}" if good else None)
