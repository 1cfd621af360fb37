"""From what was typed or pressed to a request: options over flags over settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot import wishes
from bot.sections import DrawingSettings, SelectionSettings
from bot.settings import Settings
from bot.wishes import Asked, edited, kept_mask, request
from stylus_engine.errors import BadRequest, EmptyPrompt, OutOfRange
from stylus_engine.model import LIMITS, Adapter, Choice, Mask, Plan, Task

SETTINGS = Settings(
    drawing=DrawingSettings(count=3, steps=9, guidance=4.0, negative="text", sampler="euler"),
    selection=SelectionSettings(strength=0.9, styles=1, commercial_only=True),
)


def asked(prompt: str = "a fox", **fields: object) -> Asked:
    return Asked(prompt=prompt, **fields)  # pyright: ignore[reportArgumentType] - a table of plain values


def test_the_settings_fill_what_was_not_said():
    made = request(asked(), SETTINGS, "pg")
    assert (made.count, made.steps, made.guidance, made.sampler) == (3, 9, 4.0, "euler")
    assert (made.negative, made.strength, made.preset) == ("text", 0.9, "stylus")
    assert (made.policy.most_rating, made.policy.styles, made.policy.commercial_only) == (
        "pg",
        1,
        True,
    )


def test_what_nobody_set_is_left_to_the_checkpoint():
    made = request(asked(), Settings(drawing=DrawingSettings(most_steps=60)), "pg")
    assert (made.unsaid, made.steps) == (("steps", "guidance", "sampler"), 60)
    assert request(asked(), SETTINGS, "pg").unsaid == ()
    lcm = Settings(drawing=DrawingSettings(sampler="lcm"))
    assert (request(asked(), lcm, "pg").unsaid, request(asked(), lcm, "pg").steps) == (
        ("steps", "guidance"),
        50,
    )


def test_a_flag_wins_over_the_settings_and_an_option_over_a_flag():
    typed = "a fox --seed 5 --count 2 --ar 3:2 --no hats"
    flagged = request(asked(typed), SETTINGS, "g")
    assert (flagged.prompt, flagged.seed, flagged.count) == ("a fox", 5, 2)
    assert (flagged.aspect, flagged.negative) == ("3:2", "hats")
    optioned = request(asked(typed, seed=0, count=4, aspect="1:1", negative=""), SETTINGS, "g")
    assert (optioned.seed, optioned.count, optioned.aspect, optioned.negative) == (0, 4, "1:1", "")


@pytest.mark.parametrize("typed", ["--guidance 3.5", "—cfg 3,5", "--cfg=3.50,"])
def test_guidance_that_a_person_says_is_firm(typed: str):
    """Neither the checkpoint's kind nor a few-step adapter has a say then."""
    flagged = request(asked(f"a fox {typed}"), Settings(), "g")
    assert (flagged.prompt, flagged.guidance, flagged.firm) == ("a fox", 3.5, ("guidance",))
    assert flagged.unsaid == ("steps", "sampler")
    optioned = request(asked(f"a fox {typed}", guidance=0.0), SETTINGS, "g")
    assert (optioned.prompt, optioned.guidance, optioned.firm) == ("a fox", 0.0, ("guidance",))
    silent = request(asked(), SETTINGS, "g")
    assert (silent.guidance, silent.firm) == (4.0, ())


@pytest.mark.parametrize(("typed", "said"), [("a fox", 31.0), ("a fox --cfg 31", None)])
def test_guidance_beyond_the_limit_is_one_sentence(typed: str, said: float | None):
    with pytest.raises(OutOfRange, match=r"^Guidance must lie between 0 and 30; 31 was"):
        request(asked(typed, guidance=said), Settings(), "g")


def test_guidance_is_kept_by_an_edit_and_changed_by_its_flag():
    source = request(asked(guidance=9.0), Settings(), "g")
    kept = edited(asked("a hen"), source, Settings(), "g")
    assert (kept.guidance, kept.firm, kept.unsaid) == (9.0, ("guidance",), ("steps", "sampler"))
    new = edited(asked("a hen --cfg 2"), request(asked(), Settings(), "g"), Settings(), "g")
    assert (new.prompt, new.guidance) == ("a hen", 2.0)
    assert (new.firm, new.unsaid) == (("guidance",), ("steps", "sampler"))


def test_seeds_are_random_when_nobody_names_one():
    assert len({request(asked(), SETTINGS, "g").seed for _ in range(8)}) > 1


@pytest.mark.parametrize(("word", "strength"), [("low", 0.54), ("normal", 0.9), ("high", 1.26)])
def test_the_dial(word: str, strength: float):
    made = request(asked(strength=word), SETTINGS, "g")
    assert made.strength == pytest.approx(strength)
    assert wishes.strength_of(made, SETTINGS) == word


def test_the_dial_stops_at_the_limit():
    loud = Settings(selection=SelectionSettings(strength=2.0))
    assert request(asked(strength="high"), loud, "g").strength == LIMITS.strength


def test_adapters_off_is_the_base_preset():
    assert request(asked(bare=True), SETTINGS, "g").preset == "base"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("--seed 5", EmptyPrompt),
        ("   ", EmptyPrompt),
        ("\u200b\u2800 \u3164", EmptyPrompt),
        ("\u202e --seed 5", EmptyPrompt),
        ("a\x00fox", BadRequest),
    ],
)
def test_what_cannot_be_drawn_is_refused(typed: str, error: type[Exception]):
    source = request(asked(), SETTINGS, "g")
    with pytest.raises(error):
        request(asked(typed), SETTINGS, "g")
    with pytest.raises(error):
        edited(asked(typed), source, SETTINGS, "g")


@pytest.mark.parametrize(
    ("typed", "said", "most", "count"),
    [
        ("a fox", None, 4, 2),
        ("a fox --count 3", None, 4, 3),
        ("a fox --count 3", 1, 4, 1),
        ("a fox", None, 1, 1),
    ],
)
def test_a_commands_own_count_gives_way_to_whatever_is_said(
    typed: str, said: int | None, most: int, count: int
):
    settings = Settings(drawing=DrawingSettings(count=1, most_count=most))
    assert request(asked(typed, count=said, usual=2), settings, "g").count == count


def test_this_installation_may_allow_fewer_pictures():
    few = Settings(drawing=DrawingSettings(count=1, most_count=2))
    assert request(asked("a fox --count 3"), few, "g").prompt == "a fox --count 3"
    with pytest.raises(OutOfRange):
        request(asked(count=3), few, "g")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("auto", ()),
        (" OFF ", ()),
        ("", ()),
        (",", ()),
        ("Ink & Wash", ("Ink & Wash",)),
        ("a:1:2, b:3:4 ,a:1:2", ("a:1:2", "b:3:4")),
    ],
)
def test_names_of_adapters(typed: str, names: tuple[str, ...]):
    assert wishes.named(typed) == names


def test_an_edit_keeps_what_the_window_does_not_show():
    source = replace(request(asked(seed=7, count=2), SETTINGS, "r"), steps=3)
    made = edited(asked("a hen —no hats", negative="", aspect="3:2"), source, SETTINGS, "pg13")
    assert (made.prompt, made.negative, made.aspect) == ("a hen", "hats", "3:2")
    assert (made.seed, made.count, made.steps) == (7, 2, 3)
    assert made.policy.most_rating == "pg13"
    cleared = edited(asked("a hen", negative=""), source, SETTINGS, "pg13")
    assert (cleared.negative, cleared.aspect) == ("", "")


def plan(*sizes: int) -> Plan:
    prompt = " ".join(f"t{task}" for task in range(len(sizes)))
    tasks = tuple(
        Task(
            concept=f"t{task}",
            start=prompt.index(f"t{task}"),
            choices=tuple(
                Choice(
                    adapter=Adapter(card_id=f"x:{task}:{n}", name="a", family_declared="sd1"),
                    weight=0.8,
                    reason="",
                )
                for n in range(size)
            ),
        )
        for task, size in enumerate(sizes)
    )
    return Plan(prompt=prompt, tasks=tasks, composer="test")


@pytest.mark.parametrize(
    ("numbers", "code"),
    [({0, 3}, "10.01"), (set(), "00.00"), ({0, 1, 2, 3}, "11.11"), ({2}, "00.10")],
)
def test_numbers_of_choices_are_a_mask(numbers: set[int], code: str):
    assert kept_mask(plan(2, 2), numbers) == code


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.data())
def test_a_mask_lights_exactly_the_chosen_ones(sizes: list[int], data: st.DataObject):
    of = plan(*sizes)
    numbers = data.draw(st.sets(st.integers(0, len(of.choices) - 1)))
    mask = Mask.parse(kept_mask(of, numbers))
    assert [len(group) for group in mask.bits] == sizes
    lit = [number for number, bit in enumerate(bit for group in mask.bits for bit in group) if bit]
    assert set(lit) == numbers


def test_another_shape_is_heard_where_the_picture_had_edges_of_its_own():
    """A variation, or a picture at twice its size, says its edges; the window shows a shape."""
    source = replace(request(asked(aspect="3:2"), SETTINGS, "g"), width=96, height=64)
    same = edited(asked("a hen", aspect="3:2"), source, SETTINGS, "g")
    assert (same.width, same.height, same.aspect) == (96, 64, "3:2")
    for other in (asked("a hen", aspect="16:9"), asked("a hen --ar 16:9", aspect="3:2")):
        made = edited(other, source, SETTINGS, "g")
        assert (made.width, made.height, made.aspect) == (0, 0, "16:9")
