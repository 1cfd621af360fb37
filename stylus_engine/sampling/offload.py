"""For cards that do not hold a checkpoint: models wait in the computer's memory until they are used.

`models`: one model at a time is on the device, so nothing moves between the steps of one
picture.  `blocks`: the denoiser, the largest, comes a block at a time besides.  Weights
are moved and never changed, so pictures are the same to the bit; adapters' factors stay
on the device.  Moved by accelerate's and diffusers' own hooks.  Not done: diffusers'
`enable_model_cpu_offload`, which knows one order of use, where here texts, steps and
pictures of many jobs alternate; streams, which hide the way behind the work: without a
card they cannot be tested.
"""

# accelerate is not typed; diffusers exports lazily, what a type checker takes for private.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from accelerate.hooks import (  # pyright: ignore[reportMissingTypeStubs] - it is not typed
    CpuOffload,
    add_hook_to_module,
)
from diffusers.hooks import apply_group_offloading
from torch import nn

from stylus_engine.sampling.devices import give_memory_back
from stylus_engine.sampling.families.parts import Parts

HERE = torch.device("cpu")  # where models wait


def placed(parts: Parts, offload: str) -> Parts:
    """The same parts, their modules (on the CPU yet) on their device, or on their way there when they are used."""
    if offload == "none":
        for module in models(parts):
            nn.Module.to(module, parts.device)  # diffusers' own `to` warns, of nothing here
        return parts
    streamed = parts.unet if offload == "blocks" else None
    return replace(parts, wings=OffStage(tuple(models(parts)), parts.device, streamed))


def models(parts: Parts) -> Iterator[Any]:
    """Text encoders, denoiser, VAE."""
    encoders = (parts.text_encoder, parts.text_encoder_2, parts.text_encoder_3)
    yield from (module for module in (*encoders, parts.unet, parts.vae) if module is not None)


class OffStage:
    """Whoever enters the device finds it empty; `streamed` comes and goes block by block."""

    def __init__(
        self, modules: tuple[Any, ...], device: torch.device, streamed: nn.Module | None
    ) -> None:
        whole = [module for module in modules if module is not streamed]
        self._modules = modules
        self._doors = {module: Door(device, self.make_way) for module in whole}
        self._on: nn.Module | None = None
        for module, door in self._doors.items():
            add_hook_to_module(module, door)
        if streamed is not None:
            streamed.register_forward_pre_hook(lambda module, _: self.make_way(module))
            apply_group_offloading(streamed, device, HERE, "block_level", num_blocks_per_group=1)

    def enter(self, module: nn.Module) -> None:
        """As if `module` were called: for who calls its parts."""
        self._doors[module].pre_forward(module)

    def make_way(self, module: nn.Module) -> None:
        """Whoever is on the device leaves it, unless it is `module`."""
        if self._on is not None and self._on is not module:
            self._doors[self._on].init_hook(self._on)
        self._on = module if module in self._doors else None

    def rest(self) -> None:
        """Everybody off the device, also what a step left there that broke."""
        self._on = None
        for module in self._modules:
            nn.Module.to(module, HERE)  # diffusers' own refuses what comes by blocks
        give_memory_back()


class Door(CpuOffload):
    """accelerate's hook, which brings its module; before it `make_way` is called."""

    def __init__(self, device: torch.device, make_way: Callable[[nn.Module], None]) -> None:
        super().__init__(device)
        self._make_way = make_way

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as accelerate has it
        """Called by accelerate before `forward`, by diffusers before a VAE's `decode` and `encode`."""
        self._make_way(module)
        return super().pre_forward(module, *args, **kwargs)
