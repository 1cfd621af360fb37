"""Scheduler configs of people's checkpoints: what is let in is drawn as diffusers draws it, the rest is refused."""

import re
from dataclasses import replace
from functools import partial
from inspect import signature
from itertools import product

import pytest
import torch

from stylus_engine.errors import Unsupported, public
from stylus_engine.model import SAMPLERS, Drawn
from stylus_engine.sampling.families.folders import UNREADABLE, scheduler_config
from stylus_engine.sampling.flow import KIND, flow
from stylus_engine.sampling.rehearsing import REFUSED, astray, why_not
from stylus_engine.sampling.schedules import KINDS, schedule
from tests.sampling.draws import Pool
from tests.sampling.judge import stage
from tests.sampling.small import shot, small_pool
from tests.sampling.test_schedules import SD, model, walked

BOTH = [True, False, "no"]
ODD = [None, "many", -1, 0, 1, 7, 1.5]
DOCUMENTED = {
    "prediction_type": ["epsilon", "sample", "v_prediction", "flow_prediction", "noise", None],
    "variance_type": ["fixed_small", "fixed_large", "learned", "learned_range", None, 3],
    "timestep_spacing": ["linspace", "leading", "trailing", "log", None],
    "beta_schedule": ["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", None],
    "rescale_betas_zero_snr": BOTH,
    "thresholding": BOTH,
    "sample_max_value": [1.0, 0.5, 0.0, -1.0, None, "1"],
    "dynamic_thresholding_ratio": [0.995, 2.0, None],
    "clip_sample": BOTH,
    "clip_sample_range": [1.0, 0.0, None, "1"],
    "algorithm_type": ["dpmsolver", "sde-dpmsolver", "sde-dpmsolver++", "deis", "ddim", None],
    "solver_type": ["midpoint", "heun", "logrho", "bh2", "other", None],
    "solver_order": [1, 2, 3],
    "lower_order_final": BOTH,
    "euler_at_final": BOTH,
    "final_sigmas_type": ["zero", "sigma_min", "one", None],
    "lambda_min_clipped": [-5.1, float("-inf"), float("nan"), None],
    "interpolation_type": ["linear", "log_linear", "cubic"],
    "timestep_type": ["discrete", "continuous", "other"],
    "use_karras_sigmas": BOTH,
    "use_exponential_sigmas": BOTH,
    "use_beta_sigmas": BOTH,
    "use_lu_lambdas": BOTH,
    "use_flow_sigmas": BOTH,
    "use_dynamic_shifting": BOTH,
    "num_train_timesteps": ODD,
    "original_inference_steps": ODD,
    "steps_offset": [*ODD, 10**30],
    "timestep_scaling": [0.0, None],
    "trained_betas": [[], [0.1], [0.01] * 1000, [2.0] * 1000, "all", None],
    "beta_start": [0.0, -1.0, float("nan"), None],
    "beta_end": [0.0, 2.0, float("inf"), "1"],
    "set_alpha_to_one": BOTH,
    "_class_name": [None, 5, "DDIMScheduler", "UNet2DConditionModel"],
}
PAIRS = [
    {"rescale_betas_zero_snr": True, "prediction_type": "v_prediction"},
    {"rescale_betas_zero_snr": True, "prediction_type": "sample"},
    {"thresholding": True, "sample_max_value": 0.0},
    {"thresholding": True, "prediction_type": "sample"},
    {"timestep_type": "continuous", "prediction_type": "v_prediction"},
    {"use_karras_sigmas": True, "use_beta_sigmas": True},
    {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 3.0},
    {"num_train_timesteps": 5, "timestep_spacing": "trailing"},
    {"lower_order_final": False, "solver_order": 3, "solver_type": "heun"},
]
FLOWING = {
    "shift": [3.0, 0.0, None, "x", float("nan")],
    "use_dynamic_shifting": BOTH,
    "base_shift": [None, 0.5, "x"],
    "base_image_seq_len": [4096, None, 0],
    "invert_sigmas": BOTH,
    "shift_terminal": [0.1, 1.0, "x"],
    "time_shift_type": ["exponential", "linear", "cubic"],
    "use_karras_sigmas": BOTH,
    "stochastic_sampling": BOTH,
    "num_train_timesteps": ODD,
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


def drawn(ours):
    generator = torch.Generator().manual_seed(11)
    latents = ours.start(torch.randn(1, 4, 8, 8, generator=generator))
    while not ours.done:
        latents, _ = ours.step(model(ours.scaled(latents), ours.timestep), latents, generator)
    return latents


def plainly(sampler, config, steps):
    """What diffusers makes of the same config; None where it makes nothing that could be looked at."""
    try:
        end = plain(sampler, config, steps)
    except REFUSED:
        return None
    return end if torch.isfinite(end).all() and end.shape == (1, 4, 8, 8) else None


def plain(sampler, config, steps):
    """The loop of diffusers' image-to-image pipelines, which say where they begin, from noise."""
    kind, options = KINDS[sampler]
    scheduler = kind.from_config(config, **options)
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    return walked(scheduler)


def spoken(sampler):
    """The configs that say something which the sampler's scheduler reads."""
    read = signature(KINDS[sampler][0]).parameters.keys() | {"_class_name"}
    changes = [{key: value} for key, values in DOCUMENTED.items() for value in values] + PAIRS
    return [SD | change for change in changes if read >= change.keys()]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of what diffusers divides by zero
@pytest.mark.parametrize("steps", [1, 2, 20])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_config_is_drawn_as_diffusers_draws_it_or_refused(sampler, steps):
    let_in, wrong = 0, []
    for config in spoken(sampler):
        truth = plainly(sampler, config, steps)
        fit = not why_not(lambda config=config: schedule(sampler, config, steps), 4)
        let_in += fit
        if fit and truth is not None:
            assert torch.equal(drawn(schedule(sampler, config, steps)), truth), config
        elif fit or truth is not None:
            wrong.append(("let in" if fit else "refused", config))
    assert not wrong
    assert 20 < let_in < len(spoken(sampler))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_flow_matching_arrives_or_is_refused():
    """Where it is let in, whatever is asked of it later is finite."""
    fates = set()
    for key, values in FLOWING.items():
        for value in values:
            config = {"_class_name": KIND, "shift": 3.0, "use_dynamic_shifting": True, key: value}
            for steps, spaced in product((1, 2, 20), ("even", "trained")):
                make = partial(flow, config, steps, 256, spaced)
                fit = not why_not(make, 4)
                fates.add(fit)
                if fit:
                    assert torch.isfinite(drawn(make())).all(), config
    assert fates == {True, False}


@pytest.mark.parametrize(
    ("said", "sampler", "steps", "why"),
    [
        ({"prediction_type": "sample"}, "euler_a", 4, "not implemented yet: sample"),
        ({"variance_type": "learned_range"}, "dpmpp_2m_karras", 4, "must match the size"),
        ({"num_train_timesteps": 10}, "ddim", 20, "cannot be larger than"),
    ],
)
def test_what_leads_to_no_picture_is_refused_before_it_waits(pool, said, sampler, steps, why):
    """And the sentence names the key, and what diffusers says of it, in one line."""
    parts = stage(pool).parts
    config = {**parts.scheduler_config, **said}
    ours = stage(pool, parts=replace(parts, scheduler_config=config)).drawer
    with pytest.raises(Unsupported, match=f"{steps} steps with {sampler}") as refused:
        ours.admit(shot(pool, "a", {}, sampler=sampler, steps=steps))
    assert re.search(rf"checkpoint \({next(iter(said))}; .*{why}.*\) is not", public(refused.value))
    assert ours.idle
    ours.admit(shot(pool, "b", {}, sampler="ddim", steps=2))
    assert isinstance(list(ours.events())[-1], Drawn)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"beta_end": 2.0}, "beta_end; the numbers go to infinity on the way"),
        ({"beta_schedule": "a\nb"}, "beta_schedule; a b is not implemented for <class"),
        ({"beta_schedule": "a", "beta_end": None}, "a is not implemented for <class"),
        (
            {"use_exponential_sigmas": True, "use_beta_sigmas": True},
            "use_exponential_sigmas or use_beta_sigmas; Only one of",
        ),
        ({}, ""),
    ],
)
def test_why_a_config_leads_to_no_picture_is_one_line(said, why):
    told = astray(lambda config: schedule("euler", config, 2), SD | said, 4)
    assert told.startswith(why)
    assert bool(told) == bool(why)


def test_a_picture_as_prediction_is_what_tcd_expects():
    ours = schedule("tcd", SD | {"prediction_type": "sample"}, 4)
    latents, predicted = torch.ones(1, 4, 2, 2), torch.full((1, 4, 2, 2), 0.25)
    assert torch.equal(ours.step(predicted, latents, torch.Generator())[1], predicted)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        "null",
        *(f'{{"num_train_timesteps": {n}}}' for n in ("0", "-1", "1e12", "true", '"x"', "null")),
        '{"num_train_timesteps": 1000000000000}',
        '{"solver_order": 1000000000}',
        '{"_class_name": "EDMDPMSolverMultistepScheduler", "sigma_max": 80.0}',
    ],
)
def test_a_config_that_no_scheduler_should_be_built_from_is_unreadable(tmp_path, text):
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(text)
    with pytest.raises(ValueError, match=r"scheduler_config\.json"):
        scheduler_config(tmp_path)
    assert ValueError in UNREADABLE
