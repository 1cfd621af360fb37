"""How much memory a step takes: measured once on a small one, so that a large one is refused before it is tried.

A process that asks a CPU's allocator for too much is ended by the system, and nobody
is told anything; a card only says no.  So the live bytes of one forward are counted,
operation by operation, and grow with the latents that it looks at.
"""

import weakref
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from stylus_engine.errors import MemoryRanOut

T = TypeVar("T")
MEMINFO = Path("/proc/meminfo")
MOST, TAKEN, SHARES = (Path(f"/sys/fs/cgroup/memory.{what}") for what in ("max", "current", "stat"))
COPY = torch.ops.aten._to_copy.default  # noqa: SLF001 - what `to` is called by then
KERNELS = 2  # times a forward's bytes: a CPU's convolutions take about as much again for themselves


class Gauge:
    """Bytes for each latent of a forward, and how many latents there is memory for.

    `asked`: what people allow, in bytes; 0 = half of what is free at the moment.
    """

    def __init__(self, device: torch.device, asked: int = 0) -> None:
        self.per_latent = 0.0
        self.asked = asked
        self._device = device

    def measured(self, forward: Callable[[], T], area: int) -> T:
        """Run `forward` over `area` latents (of all its rows) and remember what it took."""
        with _Live() as live:
            result = forward()
        self.per_latent = live.peak / area
        return result

    def check(self, area: int, size: str) -> None:
        """Raise `MemoryRanOut` for a row of `area` latents that cannot fit; before a measurement nothing."""
        most = self.most_bytes
        if most and self.per_latent * area > most:
            needed = f"{size} takes about {_gib(self.per_latent * area)} a step"
            raise MemoryRanOut(why=f"{needed}, {_gib(most)} may be used")

    @property
    def most_bytes(self) -> int:
        """What a forward may take now; 0 = nobody knows."""
        return self.asked or ceil(free(self._device) / KERNELS)

    @property
    def most_area(self) -> int:
        """How many latents a forward may hold where people said how much it may take; 0 = as many as come."""
        if not (self.asked and self.per_latent):
            return 0
        return max(1, int(self.asked / self.per_latent))


def counted(forward: Callable[[], object]) -> int:
    """The most bytes that were alive at once within `forward`, beside what it was given."""
    with _Live() as live:
        forward()
    return live.peak


class _Live(TorchDispatchMode):
    """Counts the bytes of all storages made within and not yet gone."""

    def __init__(self) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType] - torch does not say
        self.now = 0
        self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        given = {id(leaf.untyped_storage()) for leaf in tree_leaves(args) if _is_tensor(leaf)}
        made = func(*args, **(kwargs or {}))
        if _brought(func, args, made):
            return made
        for leaf in tree_leaves(made):
            if _is_tensor(leaf):
                self._add(leaf.untyped_storage(), given)
        return made

    def _add(self, storage: torch.UntypedStorage, given: set[int]) -> None:
        name = id(storage)
        if name in self._seen or name in given:
            return
        self._seen.add(name)
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, name, storage.nbytes())

    def _gone(self, name: int, size: int) -> None:
        self._seen.discard(name)
        self.now -= size


def times(device: torch.device) -> int:
    """How many times the bytes of a forward it needs, as far as is known before one was run."""
    return KERNELS if device.type == "cpu" else 1


def free(device: torch.device) -> int:
    """Bytes that may still be taken; 0 = this system does not say."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    return min(filter(None, (_of_the_system(), _of_the_group())), default=0)


def _of_the_system() -> int:
    return int(_word(MEMINFO, "MemAvailable:")) << 10


def _of_the_group() -> int:
    """A container may have less than the machine it runs on. What it read of files is given back when asked for."""
    try:
        most, taken = (int(path.read_text(encoding="ascii")) for path in (MOST, TAKEN))
        return max(1, most - taken + int(_word(SHARES, "inactive_file")))
    except (OSError, ValueError):  # no group, or one without a bound: "max"
        return 0


def _word(file: Path, name: str) -> str:
    """What a table of the system's says of `name`; "0" where it says nothing."""
    if file.exists():
        for line in file.read_text(encoding="ascii").splitlines():
            if line.split()[:1] == [name]:
                return line.split()[1]
    return "0"


def _brought(func: object, args: tuple[Any, ...], made: Any) -> bool:  # noqa: ANN401 - of any operation
    """Whether it came from another device: weights that wait elsewhere, which do not grow with the picture."""
    return func is COPY and args[0].device != made.device


def _is_tensor(leaf: object) -> bool:
    """Plain ones: a wrapper (a quantised weight) has no storage of its own."""
    return type(leaf) in (Tensor, nn.Parameter, FakeTensor)


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
