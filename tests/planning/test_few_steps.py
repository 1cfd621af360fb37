"""Few-step adapters: told from all others by what their cards say, and what they set."""

import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.errors import OutOfRange
from stylus_engine.model import (
    SAMPLERS,
    Adapter,
    Checkpoint,
    Mask,
    Plan,
    Policy,
    Request,
    most_steps,
)
from stylus_engine.planning.few_steps import AUTO, asked, few_step, few_step_of
from stylus_engine.planning.pace import pace
from stylus_engine.planning.presets import presets
from stylus_engine.planning.recipes import recipe
from stylus_engine.planning.weights import Budgets
from stylus_engine.retrieval.rows import usable

HF = "https://huggingface.co/"


def card(name: str, family: str = "sdxl", **fields: Any) -> Adapter:
    known = {"url": "https://example.invalid/x.safetensors", **fields}
    return Adapter(card_id=f"test:{name}", name=name, family_declared=family, **known)


SDXL = Checkpoint(id="c", name="xl", path="/xl", family="sdxl", size=1024, multiple=8)
LCM, LIGHTNING = card("LCM LoRA SDXL"), card("SDXL-Lightning 4step LoRA")

# Names as their publishers gave them, and what those draw with (model cards, diffusers' documentation).
PUBLISHED = [
    ("LCM LoRA SDXL", {}, ("LCM", 4, "lcm", 1.0)),
    ("lcm-lora-sdv1-5", {"family": "sd1"}, ("LCM", 4, "lcm", 1.0)),
    ("sdxl_lightning_8step_lora", {}, ("Lightning", 8, "euler_trailing", 1.0)),
    ("sdxl_lightning_2step_lora", {}, ("Lightning", 2, "euler_trailing", 1.0)),
    ("SDXL-Lightning", {}, ("Lightning", 4, "euler_trailing", 1.0)),
    ("Hyper-SDXL-2steps-lora", {}, ("Hyper-SD", 2, "ddim_trailing", 1.0)),
    ("Hyper-SDXL-1step-lora", {}, ("Hyper-SD", 1, "tcd", 1.0)),
    ("Hyper-SD15-8steps-CFG-lora", {"family": "sd1"}, ("Hyper-SD", 8, "ddim_trailing", 5.0)),
    ("Hyper-SDXL-12steps-CFG-lora", {}, ("Hyper-SD", 12, "ddim_trailing", 5.0)),
    ("Hyper-FLUX.1-dev-8steps-lora", {"family": "flux1"}, ("Hyper-SD", 8, "", 3.5)),
    ("FLUX.1-Turbo-Alpha", {"family": "flux1"}, ("Turbo", 8, "", 3.5)),
    ("TCD SDXL LoRA, 4 steps", {}, ("TCD", 4, "tcd", 1.0)),
    ("DMD2 SDXL 4 step", {}, ("DMD2", 4, "lcm", 1.0)),
    ("Turbo accelerator", {"description": "Draw in 8 steps at guidance 1."}, ("Turbo", 8, "euler_a_trailing", 1.0)),
    ("Weights", {"category": "speed", "url": f"{HF}a/b/resolve/main/Hyper-SDXL-4steps-lora.safetensors?download=true"},
     ("Hyper-SD", 4, "ddim_trailing", 1.0)),
    ("Weights", {"category": "speed", "tags": ("lcm",)}, ("LCM", 4, "lcm", 1.0)),
    ("Weights", {"category": "speed", "description": "An LCM adapter; use 4-8 steps."}, ("LCM", 4, "lcm", 1.0)),
    ("Nobody knows", {"category": "speed"}, ("few-step", 8, "euler_trailing", 1.0)),
    ("LCM in 300 steps", {}, ("LCM", 4, "lcm", 1.0)),
    ("LCM 99 steps", {}, ("LCM", 50, "lcm", 1.0)),
    ("LCM 0 steps", {}, ("LCM", 4, "lcm", 1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "wanted"), PUBLISHED, ids=lambda x: str(x)[:30])
def test_what_each_kind_sets(name, fields, wanted):
    few = few_step(card(name, **fields))
    assert few is not None
    assert (few.kind, few.steps, few.sampler, few.guidance) == wanted


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("HYPER Castle v9 FINAL", {}),
        ("Lightning Mage", {"tags": ("character",)}),
        ("Turbo Snail", {"description": "Trained for 3000 steps."}),
        ("Ink Style", {"base": "SDXL Turbo"}),
        ("Porsche 911 Turbo", {"tags": ("car",)}),
        ("In a storm, with lightning above", {}),
    ],
)
def test_heroes_cars_and_weather_are_none(name, fields):
    assert few_step(card(name, **fields)) is None


# Names as files have them: a family, the base it is for, its steps, glued or not, in any case.
FAMILIES = {
    "LCM": "LCM", "Lightning": "Lightning", "Hyper": "Hyper-SD", "HyperSD": "Hyper-SD",
    "Hyper-SD": "Hyper-SD", "TCD": "TCD", "PCM": "PCM", "DMD2": "DMD2", "Turbo": "Turbo",
}  # fmt: skip
BASES = ["", "SDXL", "XL", "SD15", "SDv1", "Pony", "Flux1"]
BEFORE = ["", "x", "My Mix", "dreamshaper", "v2"]
BEHIND = ["", "LoRA", "lora", "fp16", "v2", "unet"]
FORMS = ["{}step", "{}steps", "{}Step", "{}Steps", "{}STEPS", "{}-step", "{}_steps"]
CASES = [str, str.lower, str.upper]


@given(
    st.sampled_from(sorted(FAMILIES)),
    st.sampled_from(BASES),
    st.sampled_from(["", "_", "-", " ", "."]),
    st.sampled_from(FORMS),
    st.sampled_from([1, 2, 4, 6, 8, 12, 16]),
    st.tuples(st.sampled_from(BEFORE), st.sampled_from(BEHIND)),
    st.sampled_from(CASES),
)
@example("Lightning", "", "", "{}Step", 4, ("x", ""), str)
@example("DMD2", "", "", "{}step", 4, ("", ""), str.lower)
@example("Hyper", "SD15", "", "{}steps", 8, ("", "LoRA"), str.upper)
def test_a_family_and_its_steps_are_read_however_they_are_glued(
    family, base, glue, form, steps, around, case
):
    before, behind = around
    if base[-1:].isdigit() and not glue:
        base = "SDXL"  # of `SD158steps` nobody can say where the base ends
    words = [before and f"{before}_", family, base, form.format(steps), behind]
    name = case(glue.join(word for word in words if word))
    few = few_step(card(name))
    assert few is not None, name
    assert (few.kind, few.steps) == (FAMILIES[family], steps), name


SHORT = [
    ("TurboXL4s", "Turbo", 4),
    ("turbo_xl_4s", "Turbo", 4),
    ("Hyper-SD15-8s", "Hyper-SD", 8),
    ("LCM_xl4sLoRA", "LCM", 4),
    ("sdxlLightning2s_lora", "Lightning", 2),
    ("x_DMD2_sdxl_4s_fp16", "DMD2", 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "steps"), SHORT)
def test_an_s_behind_a_family_a_base_and_a_few_is_steps(name, kind, steps):
    few = few_step(card(name))
    assert few is not None
    assert (few.kind, few.steps) == (kind, steps)


def test_the_file_of_a_card_is_read_as_its_name_is():
    few = few_step(
        card("Weights", category="speed", path="/loras/x_HyperSDXL12StepsCFG.safetensors")
    )
    assert few is not None
    assert (few.kind, few.steps, few.guidance) == ("Hyper-SD", 12, 5.0)


NEVER = [
    "lightning bolt style", "turbo racer car", "thunder and lightning", "hyper realistic",
    "turbo 80s car", "Porsche 911 Turbo 4S", "turbo racer car v4", "hyper detail step1000",
    "lightning bolt SD15", "Alchemist Pcmag 4 S",
]  # fmt: skip


@given(
    st.sampled_from(NEVER),
    st.sampled_from([" ", "_", "-", ""]),
    st.sampled_from([str, str.lower, str.upper, str.title]),
)
def test_weather_cars_and_detail_are_none_however_they_are_glued(name, glue, case):
    glued = glue.join(case(name).split())
    for family in ("sd1", "sdxl", "flux1"):
        assert few_step(card(glued, family, base="SDXL 1.0")) is None, glued


@pytest.mark.parametrize("piece", ["sd1", "lightning", "4step", "xl4s", "dmd2", "aB", "1"])
def test_a_long_name_of_one_piece_again_and_again_is_read_in_no_time(piece):
    assert few_step(card(piece * 300 + "q")) is None


def test_of_words_that_are_run_together_the_description_says_no_steps():
    assert few_step(card("LightningMage", description="Use 25-30 steps.")) is None
    assert few_step(card("HyperRealistic", tags=("few steps",))) is None


def test_weights_stay_within_the_cards_own_range():
    assert few_step_of(LCM).weight == 1.0
    assert few_step_of(replace(LCM, weight=0.5, weight_high=0.6)).weight == 0.6
    assert few_step_of(card("Hyper-FLUX.1-dev-8steps-lora", "flux1")).weight == 0.125


def test_none_is_ever_a_candidate_whatever_its_card_calls_itself():
    assert usable(card("Red Dragon"))
    for name, fields, _ in PUBLISHED:
        assert not usable(card(name, **fields)), name


pieces = st.sampled_from(["lcm", "LCM", "Lightning", "hyper-sd", "turbo", "tcd", "4 steps", "99999999steps",
    "٤ steps", "0 steps", "-", "_", "\u202e", "\x00", "{", "%s", "../../", "\\", "?", "²steps"])  # fmt: skip
hostile = st.lists(pieces | st.text(max_size=20), max_size=12).map("".join)


@given(
    hostile,
    hostile,
    hostile,
    st.lists(hostile, max_size=4),
    st.sampled_from(["sd1", "sdxl", "flux1", "", "x"]),
)
@example("1step lcm", "", "", [], "sdxl")  # fmt: skip
def test_no_text_breaks_it_or_asks_for_what_cannot_be_drawn(name, told, url, tags, family):
    few = few_step_of(card(name, family, description=told, url=url, tags=tuple(tags)))
    assert few.sampler in {*SAMPLERS, ""}
    assert 1 <= few.steps <= (most_steps(few.sampler) if few.sampler else 99)
    assert few.guidance in {1.0, 3.5, 5.0}
    assert 0.0 <= few.weight <= 1.0


@given(st.text(string.ascii_letters + " -_.", max_size=60).filter(lambda text: "steps" not in text))
def test_a_long_description_alone_makes_none(text):
    assert few_step(card("Dragon", description=text + " lcm lightning hyper-sd 4 steps")) is None


# --- which one draws ---------------------------------------------------------------


def test_a_pinned_one_goes_before_the_one_that_is_set_up():
    dragon = card("Red Dragon")
    found = asked([dragon, LIGHTNING], LCM, "sdxl", Policy())
    assert found.fast is not None
    assert found.fast.adapter.card_id == LIGHTNING.card_id
    assert found.fast.adapter.category == "speed"
    assert found.pinned == (dragon.card_id,)
    assert not found.dropped


def test_of_two_that_are_pinned_the_first_sets_the_steps_and_the_other_is_told():
    found = asked([LCM, LIGHTNING], None, "sdxl", Policy())
    assert found.fast is not None
    assert found.fast.few.kind == "LCM"
    assert [one.what for one in found.dropped] == [LIGHTNING.card_id]


@pytest.mark.parametrize(
    ("changes", "policy", "why"),
    [
        ({"family_declared": "sd1"}, Policy(), "it is made for sd1; this checkpoint is sdxl"),
        ({"family_detected": "flux1"}, Policy(), "made for flux1"),
        ({"real_person": True}, Policy(), "real person"),
        ({"minor": True}, Policy(), "a minor"),
        ({"health": "quarantined", "quarantine": "It burns."}, Policy(), "It burns."),
        ({"rating": "x"}, Policy(), "rating"),
        ({}, Policy(commercial_only=True), "licence"),
        ({"url": None}, Policy(), "no file"),
    ],
)
@pytest.mark.parametrize("pinned", [True, False])
def test_what_may_not_be_drawn_with_is_told_and_left(changes, policy, why, pinned):
    odd = replace(LCM, **changes)
    found = asked([odd] if pinned else [], None if pinned else odd, "sdxl", policy)
    assert found.fast is None
    assert why in found.dropped[0].why


def test_banned_is_banned():
    assert asked([], LCM, "sdxl", Policy(), [LCM.card_id]).fast is None


# --- steps, guidance, sampler; the recipe ------------------------------------------


def request(**fields: Any) -> Request:
    return Request(prompt="a cat", **fields)


FAST = asked([LCM], None, "sdxl", Policy()).fast


def test_it_sets_all_that_the_person_did_not_say():
    assert pace(request(), None, SDXL) == (20, 5.0, "dpmpp_2m_karras")
    assert pace(request(), FAST, SDXL) == (4, 1.0, "lcm")
    assert pace(request(steps=6, firm=("steps",)), FAST, SDXL) == (6, 1.0, "lcm")
    assert pace(request(guidance=1.5, firm=("guidance",)), FAST, SDXL) == (4, 1.5, "lcm")
    assert pace(request(sampler="euler", firm=("sampler",)), FAST, SDXL) == (4, 1.0, "euler")


def test_more_steps_than_its_sampler_has_are_refused():
    with pytest.raises(OutOfRange, match="Steps of lcm"):
        pace(request(steps=60, firm=("steps",)), FAST, SDXL)


def test_it_is_in_every_recipe_outside_of_masks_and_budgets():
    assert FAST is not None
    triggered = replace(FAST, adapter=replace(FAST.adapter, triggers=("lcm",)))
    plan = Plan(prompt="a cat", composer="test", fast=triggered)
    made = recipe(
        request(strength=0.1), plan, Mask(), presets(Budgets(total=0.1))["stylus"], lambda *_: True
    )
    assert [(one.adapter.card_id, one.weight, one.concept) for one in made.adapters] == [
        (LCM.card_id, 1.0, "")
    ]
    assert made.prompt == "a cat"
    assert AUTO not in made.prompt
