"""Our schedules against diffusers' own schedulers, driven as the plain pipeline drives them."""

# diffusers exports its classes lazily, which a type checker takes for private.
# pyright: reportPrivateImportUsage=false

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
)

from stylus_engine.errors import OutOfRange, UnknownName
from stylus_engine.model import SAMPLERS, Request
from stylus_engine.sampling.schedules import KINDS, schedule

SD = {
    "_class_name": "PNDMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
}
CONFIGS = {
    "sd": SD,
    "sd_v": SD | {"prediction_type": "v_prediction"},
    "trailing": SD | {"timestep_spacing": "trailing"},
}
PLAIN = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),  # as the pipeline's constructor repairs it
    "lcm": (LCMScheduler, {}),
    "tcd": (TCDScheduler, {}),
    "ddim_trailing": (DDIMScheduler, {"clip_sample": False, "timestep_spacing": "trailing"}),
    "euler_trailing": (EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "euler_a_trailing": (EulerAncestralDiscreteScheduler, {"timestep_spacing": "trailing"}),
}


def model(latents, timestep):
    """Stands for a network: smooth, and different at every timestep."""
    return torch.sin(latents + float(timestep) / 300) * 0.9


def plain(sampler, config, steps):
    """The denoising loop of `StableDiffusionPipeline.__call__`, without guidance."""
    kind, options = PLAIN[sampler]
    scheduler = kind.from_config(config, **options)
    scheduler.set_timesteps(steps)
    return walked(scheduler)


def walked(scheduler):
    """From noise to the end, as diffusers' pipelines drive a scheduler that has its timesteps."""
    generator = torch.Generator().manual_seed(11)
    latents = torch.randn(1, 4, 8, 8, generator=generator) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        predicted = model(scheduler.scale_model_input(latents, timestep), timestep)
        latents = scheduler.step(predicted, timestep, latents, generator=generator).prev_sample
    return latents


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("steps", [1, 2, 7, 20])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_bit_is_the_plain_pipelines(sampler, steps, config):
    ours = schedule(sampler, config, steps)
    generator = torch.Generator().manual_seed(11)
    latents = ours.start(torch.randn(1, 4, 8, 8, generator=generator))
    while not ours.done:
        predicted = model(ours.scaled(latents), ours.timestep)
        latents, expected = ours.step(predicted, latents, generator)
        assert expected.shape == latents.shape
    assert torch.equal(latents, plain(sampler, config, steps))


@pytest.mark.parametrize("named", ["use_beta_sigmas", "use_exponential_sigmas"])
def test_a_folder_that_names_another_spacing_does_not_break_karras(named):
    """diffusers refuses two, in the middle of a walk: `dpmpp_2m_karras` is what is drawn with by default."""
    ours, usual = (schedule("dpmpp_2m_karras", SD | more, 20) for more in ({named: True}, {}))
    assert torch.equal(ours.scheduler.sigmas, usual.scheduler.sigmas)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_expected_picture_is_near_the_picture(sampler):
    """`expected` is x0 and not another tensor of the scheduler's: at the end they meet."""
    ours = schedule(sampler, SD, 30)
    generator = torch.Generator().manual_seed(1)
    latents = expected = ours.start(torch.randn(1, 4, 8, 8, generator=generator))
    while not ours.done:
        predicted = model(ours.scaled(latents), ours.timestep)
        latents, expected = ours.step(predicted, latents, generator)
    assert (latents - expected).abs().max() <= 0.1


@pytest.mark.parametrize("predicts", ["epsilon", "sample", "v_prediction"])
def test_tcd_that_tells_no_picture_expects_the_one_that_ddim_tells(predicts):
    config = SD | {"prediction_type": predicts}
    kind, options = PLAIN["ddim"]
    ours, told = schedule("tcd", config, 4), kind.from_config(config, **options)
    told.set_timesteps(4)
    generator = torch.Generator().manual_seed(2)
    latents, timestep = torch.randn(1, 4, 8, 8, generator=generator), ours.timestep
    predicted = model(latents, timestep)
    _, expected = ours.step(predicted, latents, generator)
    torch.testing.assert_close(
        expected, told.step(predicted, timestep, latents).pred_original_sample
    )


def test_most_steps_that_a_request_may_ask_for():
    """Karras sigmas round two first timesteps to one here; a search for the index would run over the end."""
    ours = schedule("dpmpp_2m_karras", SD, 150)
    latents = ours.start(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)))
    while not ours.done:
        predicted = model(ours.scaled(latents), ours.timestep)
        latents, _ = ours.step(predicted, latents, torch.Generator())
    assert ours.at == 150
    assert torch.isfinite(latents).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_later_beginning_takes_the_last_steps_only(sampler):
    whole, later = schedule(sampler, SD, 10), schedule(sampler, SD, 10, begin=7)
    assert torch.equal(later.timesteps, whole.timesteps[7:])
    latents = torch.ones(1, 4, 8, 8)
    while not later.done:
        latents, _ = later.step(model(later.scaled(latents), 1), latents, torch.Generator())
    assert torch.isfinite(latents).all()


@pytest.mark.parametrize("sampler", ["lcm", "tcd"])
@pytest.mark.parametrize("steps", [51, 150])
def test_more_steps_than_were_distilled_are_refused(sampler, steps):
    with pytest.raises(OutOfRange, match=f"Steps of {sampler}"):
        schedule(sampler, SD, steps)
    with pytest.raises(OutOfRange, match=f"Steps of {sampler}"):
        Request(prompt="a cat", sampler=sampler, steps=steps)


def test_the_table_is_the_one_that_requests_know():
    assert tuple(KINDS) == SAMPLERS
    with pytest.raises(UnknownName, match="sampler"):
        schedule("plms", SD, 10)
