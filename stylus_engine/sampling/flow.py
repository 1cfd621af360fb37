"""Flow matching: the schedule of FLUX.1 and its kin, a straight way from noise to picture.

At noise σ the latents are (1 − σ) · picture + σ · noise, and the denoiser predicts
noise − picture, their velocity.  The larger the picture, the longer it stays noisy
(arXiv 2403.03206, 5.3.2): the shift goes by the number of tokens.  Source of every
number: diffusers' pipelines, which the oracle runs.
"""

# diffusers' schedulers have no common typed base and take timesteps as they please.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Generator, Tensor, float64, linspace

from stylus_engine.errors import UnknownName
from stylus_engine.sampling.schedules import Schedule

KIND = "FlowMatchEulerDiscreteScheduler"
SAMPLERS = ("euler",)
Spaced: TypeAlias = Literal["even", "trained"]
USUAL = {  # of the scheduler's config, where it is silent
    "base_image_seq_len": 256,
    "max_image_seq_len": 4096,
    "base_shift": 0.5,
}
SHIFTS: Mapping[Spaced, float] = {"even": 1.15, "trained": 1.16}  # so too, and not the same


@dataclass(slots=True)
class Flow(Schedule):
    """One slot's way from noise to picture, by Euler's steps along the velocity."""

    def start(self, noise: Tensor) -> Tensor:
        """Unit noise is where it begins."""
        return noise

    def noised(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Clean latents under as much noise as there is before the step to come."""
        sigma = self._sigma
        return sigma * noise + (1.0 - sigma) * latents

    def scaled(self, latents: Tensor) -> Tensor:
        """The denoiser reads them as they are."""
        return latents

    def step(
        self, predicted: Tensor, latents: Tensor, generator: Generator
    ) -> tuple[Tensor, Tensor]:
        """One step: the latents after it, and the picture at the end of the straight line (x0)."""
        expected = latents - self._sigma * predicted
        out = self.scheduler.step(predicted, self.timestep, latents, generator=generator)
        self.at += 1
        return out.prev_sample, expected

    @property
    def _sigma(self) -> Tensor:
        """0-dim, on the CPU: arithmetic with it makes no device wait."""
        sigmas = self.scheduler.sigmas
        return sigmas[len(sigmas) - 1 - len(self.timesteps) + self.at]


def flows(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's scheduler is one of flow matching."""
    return config.get("_class_name") == KIND


def flow(
    config: Mapping[str, Any], steps: int, tokens: int, spaced: Spaced = "even", begin: int = 0
) -> Flow:
    """The schedule of one slot; `tokens` of the picture, `begin` skips the first steps.

    `even`: σ falls by equal parts before the shift, as in FLUX.1; `trained`: over the
    scheduler's own timesteps, which end at the last one trained, as in SD 3.
    """
    scheduler: Any = FlowMatchEulerDiscreteScheduler.from_config(dict(config))
    sigmas = linspace(1.0, 1 / steps, steps, dtype=float64).tolist() if spaced == "even" else None
    mu = shift(config, tokens, SHIFTS[spaced]) if config.get("use_dynamic_shifting") else None
    scheduler.set_timesteps(steps, sigmas=sigmas, mu=mu, device="cpu")
    scheduler.set_begin_index(begin)
    return Flow(scheduler=scheduler, timesteps=scheduler.timesteps[begin:])


def shift(config: Mapping[str, Any], tokens: int, most: float) -> float:
    """μ: linear in the number of tokens, through two points that the config names."""
    few, many, low = (float(config.get(key, USUAL[key])) for key in USUAL)
    high = float(config.get("max_shift", most))
    return low + (high - low) / (many - few) * (tokens - few)


def check_flow(sampler: str) -> None:
    """Raise `UnknownName` for a sampler that flow matching has no form of."""
    if sampler not in SAMPLERS:
        known = f"This checkpoint is drawn with {' or '.join(SAMPLERS)}."
        raise UnknownName(kind="sampler", name=sampler[:80], known=known)
