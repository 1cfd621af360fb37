"""What a checkpoint is drawn with where nobody says: by its family, and for few steps by its kind."""

import inspect

import diffusers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.errors import OutOfRange
from stylus_engine.model import SAMPLERS, Adapter, Checkpoint, Request, most_steps
from stylus_engine.model.few_step import Faster, FewStep
from stylus_engine.planning.pace import OTHER, USUAL, pace, usual

ALL = ("steps", "guidance", "sampler")


def checkpoint(family: str, name: str = "mine", path: str = "/models/it", *, guided: bool = True):
    return Checkpoint(
        id="c", name=name, path=path, family=family, size=1024, multiple=16, guided=guided
    )


def asked(**fields: object) -> Request:
    known = {"prompt": "a cat", "unsaid": ALL, "steps": 150} | fields
    return Request(**known)  # pyright: ignore[reportArgumentType] - a table of plain values


@pytest.mark.parametrize(
    ("family", "pipeline", "above"),
    [
        ("flux1", "FluxPipeline", 0),
        ("sd1", "StableDiffusionPipeline", 0),
        ("sd2", "StableDiffusionPipeline", 0),
        ("sdxl", "StableDiffusionXLPipeline", 0),
        ("z-image", "ZImagePipeline", 1),  # it counts guidance from 0
    ],
)
def test_the_guidance_is_that_of_the_plain_pipeline(family: str, pipeline: str, above: int):
    theirs = inspect.signature(getattr(diffusers, pipeline).__call__).parameters
    assert usual(checkpoint(family)).guidance == theirs["guidance_scale"].default + above
    if family in {"flux1", "z-image"}:
        assert usual(checkpoint(family)).steps == theirs["num_inference_steps"].default


@pytest.mark.parametrize(
    ("family", "path", "wanted"),
    [
        ("z-image", "/m/Z-Image-Turbo", (9, 1.0, "euler")),
        ("z-image", "/m/Z-Image", (50, 6.0, "euler")),
        ("sd3", "/m/stable-diffusion-3.5-large-turbo", (4, 1.0, "euler")),
        ("sd3", "/m/stable-diffusion-3.5-medium", (28, 4.5, "euler")),
        ("sdxl", "/m/sdxl-turbo", (4, 1.0, "euler_a_trailing")),
        ("sdxl", "/m/sdxl_lightning_8step.safetensors", (8, 1.0, "euler_trailing")),
        ("sdxl", "/m/realvisxlV50_v50LightningBakedvae.safetensors", (4, 1.0, "euler_trailing")),
        ("sdxl", "/m/dreamshaperXL_v21TurboDPMSDE.safetensors", (4, 1.0, "euler_a_trailing")),
        ("sdxl", "/m/juggernautXL_Lightning4Step.safetensors", (4, 1.0, "euler_trailing")),
        ("sdxl", "/m/realismEngineTurboXL8s.safetensors", (8, 1.0, "euler_a_trailing")),
        ("sdxl", "/m/HyperrealismXL.safetensors", (20, 5.0, "dpmpp_2m_karras")),
        ("sd1", "/m/dreamshaper_8LCM.safetensors", (4, 1.0, "lcm")),
        ("sd1", "/m/dreamshaper_8.safetensors", (20, 7.5, "dpmpp_2m_karras")),
        ("sd2", "/m/stable-diffusion-2-1", (20, 7.5, "dpmpp_2m_karras")),
        ("sd1-96", "/m/turbo", OTHER),
    ],
)
def test_what_was_made_for_few_steps_is_told_by_its_name(family, path, wanted):
    assert usual(checkpoint(family, path=path)) == wanted
    assert usual(checkpoint(family, name=path[3:], path="/m/x")) == wanted


def test_schnell_is_told_by_what_it_reads_and_not_by_its_name():
    assert usual(checkpoint("flux1", guided=False)) == (4, 1.0, "euler")
    assert usual(checkpoint("flux1", name="flux-schnell-merge")) == (28, 3.5, "euler")


def test_what_somebody_set_wins_dial_by_dial():
    flux = checkpoint("flux1")
    assert pace(asked(), None, flux) == (28, 3.5, "euler")
    assert pace(asked(unsaid=("guidance",), steps=12), None, flux) == (12, 3.5, "dpmpp_2m_karras")
    assert pace(asked(unsaid=("steps",), guidance=9.0), None, flux) == (28, 9.0, "dpmpp_2m_karras")
    assert pace(asked(unsaid=()), None, flux) == (150, 5.0, "dpmpp_2m_karras")


def test_the_most_steps_of_the_settings_hold_for_the_checkpoint_too():
    assert pace(asked(steps=10), None, checkpoint("z-image")).steps == 10


def test_a_few_step_adapter_wins_over_the_checkpoint_and_a_person_over_both():
    card = Adapter(card_id="t:x", name="Hyper FLUX", family_declared="flux1")
    few = FewStep(kind="Hyper-SD", steps=8, sampler="", guidance=3.5)
    fast, schnell = Faster(adapter=card, few=few), checkpoint("flux1", guided=False)
    assert pace(asked(), fast, schnell) == (8, 3.5, "euler")
    said = asked(guidance=2.0, firm=("guidance",), unsaid=("steps", "sampler"))
    assert pace(said, fast, schnell) == (8, 2.0, "euler")
    once = Faster(adapter=card, few=FewStep(kind="Turbo", steps=1, sampler="", guidance=1.0))
    assert pace(asked(), once, schnell).steps == 1


def test_more_steps_than_the_checkpoints_sampler_has_are_refused():
    lcm = checkpoint("sd1", name="lcm")
    with pytest.raises(OutOfRange, match="Steps of lcm"):
        pace(asked(steps=60, unsaid=("sampler",)), None, lcm)


@given(
    family=st.sampled_from((*USUAL, "sd1-96", "nobody's")),
    name=st.text(max_size=40) | st.sampled_from(("LCM 99 steps", "turbo 0 steps", "TCD 64step")),
    most=st.integers(1, 150),
)
def test_whatever_a_checkpoint_is_called_it_can_be_drawn(family: str, name: str, most: int):
    found = pace(asked(steps=most), None, checkpoint(family, name=name))
    assert found.sampler in SAMPLERS
    assert 1 <= found.steps <= min(most, most_steps(found.sampler))
    assert 1.0 <= found.guidance <= 7.5
