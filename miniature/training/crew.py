"""Data parallel training on the cores of one machine: one process a core, gradients averaged each step.

One process with two threads waits at a barrier in every operation and loses a fifth of the time (0.54 s a step
against 0.45 s), more on a busy machine; two processes meet once a step.
"""

# torch leaves some of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from torch import multiprocessing, nn

# glibc gives big blocks back to the kernel after every operation; keeping them in huge pages saves 8 % of a step.
ALLOCATOR = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": "2000000000",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "MALLOC_TOP_PAD_": "200000000",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """One worker's place in the crew."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this worker writes logs and files."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """How many of `batch` rows this worker computes."""
        return max(1, batch // self.size)

    def rng(self, step: int, salt: int = 0) -> torch.Generator:
        """The generator of this worker at this step; a resumed training draws what an unbroken one draws."""
        return torch.Generator().manual_seed((step * self.size + self.rank) * 16 + salt)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over the crew."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))


ALONE = Seat(0, 1)
Work = Callable[..., None]


def run(work: Work, *arguments: object, size: int = 0) -> None:
    """Calls `work(seat, *arguments)` in `size` processes (0: one a core) of one thread each and waits for them."""
    size = size or os.cpu_count() or 1
    with _allocator(), TemporaryDirectory() as folder:
        multiprocessing.spawn(_seated, (size, Path(folder) / "meet", work, arguments), nprocs=size)


def each(work: Work, jobs: Iterable[tuple[object, ...]]) -> None:
    """Calls `work(*job)` for every job, as many at a time as there are cores, each in a process of one thread."""
    with (
        _allocator(),
        multiprocessing.get_context("spawn").Pool(
            os.cpu_count(), torch.set_num_threads, (1,)
        ) as pool,
    ):
        pool.starmap(work, jobs, chunksize=1)


@contextmanager
def _allocator() -> Generator[None]:
    """The allocator reads its settings when a process starts, so they are put where children find them."""
    before = dict(os.environ)
    os.environ.update(ALLOCATOR)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _seated(rank: int, size: int, meeting: Path, work: Work, arguments: tuple[object, ...]) -> None:
    torch.set_num_threads(1)
    if size > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    try:
        work(Seat(rank, size), *arguments)
    finally:
        if size > 1:
            dist.destroy_process_group()
