"""Where a slot begins, and what holds it there: noise, a picture, a picture with a mask.

Source of every number: diffusers' text-to-image, image-to-image and inpainting
pipelines, which the oracle runs.  The shot's generator is asked in their order: the
picture's latents, the noise, the masked picture's latents.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from stylus_engine.model import Shot
from stylus_engine.ports import Ground, Pixels
from stylus_engine.sampling.decoding import Coder
from stylus_engine.sampling.families import Family, Parts
from stylus_engine.sampling.schedules import Schedule

INPAINTING = (
    9  # channels that the denoiser of an inpainting checkpoint reads: latents, mask, picture
)


@dataclass(frozen=True, slots=True)
class Held:
    """What is put back after each step, outside of `mask` (1, 1, h, w): 1 = drawn anew.

    `image` and `noise` fp32 (1, C, h, w).  Inside an inpainting checkpoint nothing is
    put back: its denoiser sees the picture itself.
    """

    image: Tensor
    noise: Tensor
    mask: Tensor

    def over(self, latents: Tensor, schedule: Schedule) -> Tensor:
        """The latents with the rest of the picture as it would stand at the step to come."""
        kept = self.image if schedule.done else schedule.noised(self.image, self.noise)
        return (1 - self.mask) * kept + self.mask * latents


class Beginning(NamedTuple):
    """`beside`: (1, 5, h, w) that an inpainting denoiser reads beside the latents."""

    latents: Tensor
    held: Held | None = None
    beside: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Starter:
    """Begins one shot: its schedule and generator are about to be the slot's. `coder` compresses pictures."""

    parts: Parts
    family: Family
    coder: Coder
    shot: Shot
    schedule: Schedule
    generator: Generator

    def begin(self, ground: Ground | None) -> Beginning:
        """From noise, or from `ground`, which has the shot's own size, or else its latents are stretched."""
        if ground is None:
            return Beginning(self.schedule.start(self._noise()))
        if inpaints(self.parts):
            return self._seeing(ground)
        return self._painted(ground)

    def _painted(self, ground: Ground) -> Beginning:
        image = self._compressed(ground.pixels)
        noise = self._noise()
        latents = self._noised(image, noise, anew=ground.mask is not None and self._whole)
        if ground.mask is None:
            return Beginning(latents)
        self._noise()  # the masked picture's, which only an inpainting checkpoint would look at
        return Beginning(latents, Held(image, noise, self._mask(ground)))

    def _seeing(self, ground: Ground) -> Beginning:
        """The denoiser of an inpainting checkpoint sees the mask, and the picture without it."""
        image = None if self._whole else self._compressed(ground.pixels)
        noise = self._noise()
        latents = self._noised(image, noise, anew=self._whole)
        rest = self._compressed(ground.pixels, without=full(ground))
        return Beginning(latents, None, torch.cat([self._mask(ground), rest], dim=1))

    def _noised(self, image: Tensor | None, noise: Tensor, *, anew: bool) -> Tensor:
        """At full strength a masked part begins from nothing but noise."""
        if image is None or anew:
            return self.schedule.start(noise)
        return self.schedule.noised(image, noise)

    @property
    def _whole(self) -> bool:
        return self.shot.start is not None and self.shot.start.strength == 1.0

    def _noise(self) -> Tensor:
        shape = self.family.latent_shape(self.parts, self.shot.width, self.shot.height)
        noise = torch.randn(shape, generator=self.generator, dtype=torch.float32)
        return noise.to(self.parts.device)

    def _compressed(self, pixels: Pixels, without: Tensor | None = None) -> Tensor:
        image = torch.tensor(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
        if without is not None:
            image = image * (1 - without)  # grey, which is 0 here
        return self._stretched(self.coder.compress(image, self.generator))

    def _stretched(self, image: Tensor) -> Tensor:
        """As the "latent" upscaler of the paper's second pass: bilinear, in fp32."""
        shape = self.family.latent_shape(self.parts, self.shot.width, self.shot.height)
        if image.shape[-2:] == shape[-2:]:
            return image
        return F.interpolate(image.float(), size=shape[-2:], mode="bilinear")

    def _mask(self, ground: Ground) -> Tensor:
        shape = self.family.latent_shape(self.parts, self.shot.width, self.shot.height)
        return F.interpolate(full(ground), size=shape[-2:]).to(self.parts.device)


def full(ground: Ground) -> Tensor:
    """The mask at the picture's own size, fp32 (1, 1, H, W); without one all is drawn anew."""
    if ground.mask is None:
        return torch.ones(1, 1, *ground.pixels.shape[:2])
    return torch.tensor(ground.mask).float()[None, None]


def inpaints(parts: Parts) -> bool:
    """Whether this is an inpainting checkpoint: its denoiser reads five channels more."""
    return parts.unet.config["in_channels"] == INPAINTING


def first_step(shot: Shot, *, flowing: bool = False) -> int:
    """How many steps are left out; one at least is taken.

    diffusers rounds the steps that are taken down, and for flow matching those that are left out.
    """
    if shot.start is None:
        return 0
    if flowing:
        return min(int(shot.steps - shot.steps * shot.start.strength), shot.steps - 1)
    return shot.steps - max(1, min(int(shot.steps * shot.start.strength), shot.steps))


def pasted(drawn: Pixels, ground: Ground | None, soft: int) -> Pixels:
    """What was not to be drawn anew stays bit for bit; the VAE alone would change every pixel.

    Inside, the first `soft` pixels (half of a latent) go over from the old to the new: no seam.
    """
    if ground is None or ground.mask is None:
        return drawn
    new = _inside(full(ground), soft)[..., None]
    mixed = new * torch.tensor(drawn) + (1 - new) * torch.tensor(ground.pixels)
    whole: Pixels = mixed.round().to(torch.uint8).numpy()
    return whole


def _inside(marked: Tensor, soft: int) -> Tensor:
    """0 outside the mask (1, 1, H, W), 1 from `soft` pixels inside its border on, fp32 (H, W)."""
    near = F.avg_pool2d(F.pad(marked, (soft,) * 4, mode="replicate"), 2 * soft + 1, stride=1)
    return (marked * (2 * near - 1).clamp(0, 1))[0, 0]
