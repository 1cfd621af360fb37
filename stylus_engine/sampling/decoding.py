"""Latents become pixels, whatever it takes: never a black picture, never more memory than there is.

A latent or a pixel that is no number is an error of that one picture.  A VAE that
overflows in half precision decodes or compresses once more in fp32, and stays there.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from stylus_engine.errors import DrawNotFinite, MemoryRanOut
from stylus_engine.sampling.devices import give_memory_back, room
from stylus_engine.sampling.families.parts import Family, Parts
from stylus_engine.sampling.faults import memory
from stylus_engine.sampling.frugal import Frugal

Result = TypeVar("Result")
TRIES = 3  # each with a quarter of the memory of the one before
ASTRAY = "the numbers went to infinity on the way"


class Coder:
    """Decodes and compresses for `parts`, with no more memory than their `room`."""

    def __init__(self, parts: Parts, family: Family) -> None:
        self._parts = parts
        self._family = family
        self._most = parts.room or room(parts.device)

    @property
    def parts(self) -> Parts:
        """The parts with a VAE that keeps to the memory."""
        return self._frugal(self._most)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (1, C, h, w) -> finite fp32 pixels (1, 3, H, W). Raises `MemoryRanOut`, `DrawNotFinite`."""
        if not torch.isfinite(latents).all():
            raise DrawNotFinite(why=ASTRAY)
        pixels = self._undisturbed(latents)
        if not torch.isfinite(pixels).all():
            pixels = self._wider(latents)
        return pixels

    def compress(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """fp32 pixels (1, 3, H, W) from -1 to 1 -> finite fp32 latents. Raises `MemoryRanOut`, `DrawNotFinite`."""
        dice = generator.get_state()
        latents = self._family.compress(self.parts, pixels, generator)
        if torch.isfinite(latents).all():
            return latents
        _widen(self._parts.vae)
        generator.set_state(dice)  # drawn once more, and not twice
        latents = self._family.compress(self.parts, pixels, generator)
        if not torch.isfinite(latents).all():
            raise DrawNotFinite(why=ASTRAY)
        return latents

    def _undisturbed(self, latents: Tensor) -> Tensor:
        """Once more where the VAE was widened for another picture while this one paused half way."""
        before = self._parts.vae.dtype
        try:
            return self._fitting(latents)
        except RuntimeError:  # of torch: half numbers in a layer of whole ones
            if self._parts.vae.dtype == before:
                raise
        return self._fitting(latents)

    def _wider(self, latents: Tensor) -> Tensor:
        """Once more in fp32, if it was not; not in bf16, whose steps of colour can be seen."""
        if self._parts.vae.dtype == torch.float32:
            raise DrawNotFinite(why=ASTRAY)
        _widen(self._parts.vae)
        pixels = self._fitting(latents)
        if not torch.isfinite(pixels).all():
            raise DrawNotFinite(why=ASTRAY)
        return pixels

    def _fitting(self, latents: Tensor) -> Tensor:
        """With less and less memory, until it is enough."""
        most = self._most
        for _ in range(TRIES - 1):
            made = unless_full(lambda: self._family.decode(self._frugal(most), latents))  # noqa: B023 - called here and now
            if made is not None:
                return made
            give_memory_back()
            most //= 4
        with memory():
            return self._family.decode(self._frugal(most), latents)

    def _frugal(self, most: int) -> Parts:
        frugal = Frugal(self._parts.vae, most, self._parts.wings)
        return replace(self._parts, vae=cast("Any", frugal))


def _widen(vae: nn.Module) -> None:
    nn.Module.to(vae, torch.float32)  # diffusers' own `to` warns, of nothing here


def unless_full(make: Callable[[], Result]) -> Result | None:
    """What `make` returns; None when the memory ran out, and nothing of the attempt is held."""
    try:
        with memory():
            return make()
    except MemoryRanOut:
        return None
