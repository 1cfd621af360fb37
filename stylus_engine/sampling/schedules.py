"""Samplers: a name becomes a diffusers scheduler, one instance per slot.

A scheduler is state (step index, multistep history): two slots never share one.
Everything here is fp32 on the CPU or 0-dim, so that no step waits for a device.
"""

# diffusers' schedulers have no common typed base and take timesteps as they please.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
)
from torch import Generator, Tensor

from stylus_engine.errors import UnknownName
from stylus_engine.model import most_steps
from stylus_engine.model.noun import within

# Few-step adapters were distilled from the last timestep down, where «leading» spacing, which most
# folders' configs name, never is: with it their first step starts from the wrong noise.
TRAILING: Mapping[str, Any] = MappingProxyType({"timestep_spacing": "trailing"})

# diffusers takes one spacing of sigmas alone; a folder's config may name another for its own sampler.
KARRAS: Mapping[str, Any] = MappingProxyType(
    {
        "use_karras_sigmas": True,
        "use_beta_sigmas": False,
        "use_exponential_sigmas": False,
        "use_flow_sigmas": False,
    }
)

# `clip_sample` is for pixels; DDIMScheduler's default would clip latents whenever the
# folder's config was written by a scheduler that does not know the word.
KINDS: Mapping[str, tuple[Any, Mapping[str, Any]]] = MappingProxyType(
    {
        "euler": (EulerDiscreteScheduler, {}),
        "euler_a": (EulerAncestralDiscreteScheduler, {}),
        "dpmpp_2m_karras": (
            DPMSolverMultistepScheduler,
            {"algorithm_type": "dpmsolver++", **KARRAS},
        ),
        "ddim": (DDIMScheduler, {"clip_sample": False}),
        "lcm": (LCMScheduler, {"clip_sample": False}),
        "tcd": (TCDScheduler, {"clip_sample": False}),
        "ddim_trailing": (DDIMScheduler, {"clip_sample": False, **TRAILING}),
        "euler_trailing": (EulerDiscreteScheduler, TRAILING),
        "euler_a_trailing": (EulerAncestralDiscreteScheduler, TRAILING),
    }
)


@dataclass(slots=True)
class Schedule:
    """One slot's way from noise to picture. `at` counts the steps taken."""

    scheduler: Any
    timesteps: Tensor
    at: int = 0

    @property
    def timestep(self) -> Tensor:
        """The 0-dim timestep of the step to come."""
        return self.timesteps[self.at]

    @property
    def done(self) -> bool:
        """Whether every step was taken."""
        return self.at == len(self.timesteps)

    def start(self, noise: Tensor) -> Tensor:
        """Unit noise scaled to where the schedule begins."""
        return noise * self.scheduler.init_noise_sigma

    def noised(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Clean latents under as much noise as there is before the step to come."""
        return self.scheduler.add_noise(latents, noise, self.timestep[None])

    def scaled(self, latents: Tensor) -> Tensor:
        """The latents as the denoiser wants them at this timestep."""
        return self.scheduler.scale_model_input(latents, self.timestep)

    def step(
        self, predicted: Tensor, latents: Tensor, generator: Generator
    ) -> tuple[Tensor, Tensor]:
        """One step: the latents after it, and the picture the model expects at the end (x0)."""
        out = self.scheduler.step(predicted, self.timestep, latents, generator=generator)
        self.at += 1
        return out.prev_sample, self._expected(out, predicted, latents)

    def _expected(self, out: Mapping[str, Tensor], predicted: Tensor, latents: Tensor) -> Tensor:
        """x0 as the step just taken saw it: each kind of scheduler tells it in its own way, TCD not at all."""
        if "pred_original_sample" in out:
            return out["pred_original_sample"]
        if "denoised" in out:
            return out["denoised"]
        if isinstance(self.scheduler, TCDScheduler):
            return self._clean(predicted, latents, self.timesteps[self.at - 1])
        return self.scheduler.model_outputs[-1]  # DPM-Solver++ predicts x0 itself

    def _clean(self, predicted: Tensor, latents: Tensor, timestep: Tensor) -> Tensor:
        kept = self.scheduler.alphas_cumprod[timestep]
        signal, noise = kept.sqrt(), (1 - kept).sqrt()
        if self.scheduler.config.prediction_type == "sample":
            return predicted
        if self.scheduler.config.prediction_type == "v_prediction":
            return signal * latents - noise * predicted
        return (latents - noise * predicted) / signal


def schedule(sampler: str, config: Mapping[str, Any], steps: int, begin: int = 0) -> Schedule:
    """Build the schedule of one slot; `begin` skips the first steps (a start from a picture).

    `set_begin_index` spares the search for the first timestep, which on CUDA would be
    a sync every step, and which stumbles where Karras rounds two timesteps to one.
    Raises `UnknownName`, `OutOfRange`.
    """
    check_sampler(sampler, steps)
    kind, options = KINDS[sampler]
    scheduler = kind.from_config(dict(config), **options)
    scheduler.set_timesteps(steps, device="cpu")
    if hasattr(scheduler, "set_begin_index"):  # DDIM alone is stateless
        scheduler.set_begin_index(begin)
    return Schedule(scheduler=scheduler, timesteps=scheduler.timesteps[begin:])


def check_sampler(sampler: str, steps: int = 1) -> None:
    """Raise `UnknownName` for a sampler that is not in the table, `OutOfRange` for more steps than it has."""
    if sampler not in KINDS:
        raise UnknownName(kind="sampler", name=sampler[:80], known=f"Known: {', '.join(KINDS)}.")
    within(f"Steps of {sampler}", steps, 1, most_steps(sampler))
