"""Settings that trade nothing but rounding for speed: the order of channels in memory, the kernel of attention.

`torch.compile` is not among them: it wants another way of wearing adapters, `executors.compiled`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from stylus_engine.errors import BadSettings
from stylus_engine.sampling.families.parts import Parts

KERNELS = MappingProxyType(
    {
        "flash": SDPBackend.FLASH_ATTENTION,
        "efficient": SDPBackend.EFFICIENT_ATTENTION,
        "cudnn": SDPBackend.CUDNN_ATTENTION,
        "math": SDPBackend.MATH,
    }
)
HEAD = 64  # numbers of one head, as most denoisers have


def tuned(parts: Parts, *, channels_last: bool = False, attention: str = "auto") -> Parts:
    """The same parts, set up so; their `how` says it. Raises `BadSettings` for a kernel that is not here."""
    how = list(parts.how)
    if attention != "auto":
        _check(attention, parts)
        how.append(("attention", attention))
    if channels_last:
        modules: tuple[Any, ...] = (parts.unet, parts.vae)
        for module in modules:
            module.to(memory_format=torch.channels_last)
        how.append(("channels_last", "true"))
    return replace(parts, attention=attention, how=tuple(how))


@contextmanager
def attending(attention: str) -> Generator[None, None, None]:
    """Within, attention is computed by this kernel; one of another shape than it takes by plain arithmetic."""
    if attention == "auto":
        yield
        return
    with sdpa_kernel([KERNELS[attention], SDPBackend.MATH], set_priority=True):
        yield


def _check(attention: str, parts: Parts) -> None:
    one = torch.zeros(1, 1, 16, HEAD, device=parts.device, dtype=parts.dtype)
    try:
        with sdpa_kernel([KERNELS[attention]]):
            F.scaled_dot_product_attention(one, one, one)
    except RuntimeError as error:
        what = f"{attention} attention does not run on the device {parts.device.type}"
        why = f"{what} with {str(parts.dtype).removeprefix('torch.')}; take auto"
        raise BadSettings(where="sampling.attention", why=why) from error
