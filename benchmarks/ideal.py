"""The bound of `benchmarks.poisson`: the same people where adapters cost nothing and only the bare denoiser takes time.

Seconds of a forward are measured for some numbers of pictures of each size, and those
between lie on a line.  Who steps is chosen by the policy itself.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from benchmarks.crowd import Job, Served
from benchmarks.table import Spread
from stylus_engine.planning.turns import Room
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.families.parts import Told
from stylus_engine.sampling.loop import Choose, Guest
from stylus_engine.sampling.starts import first_step

PICTURES = (1, 2, 4, 8)  # of one forward, guided: two rows each
Taken = Mapping[int, Mapping[int, Spread]]  # edge in pixels -> pictures -> seconds of their forward


@torch.inference_mode()
def taken(parts: Parts, edges: Sequence[int], rounds: int) -> Taken:
    """Measured in turns; the first round chooses kernels and is not counted."""
    found = {edge: {pictures: list[float]() for pictures in PICTURES} for edge in edges}
    for number in range(rounds + 1):
        for edge, of in found.items():
            for pictures, seconds in of.items():
                spent = _forward(parts, edge, 2 * pictures)
                seconds.extend([spent] if number else [])
    return {
        edge: {pictures: Spread.of(seconds) for pictures, seconds in of.items()}
        for edge, of in found.items()
    }


def _forward(parts: Parts, edge: int, rows: int) -> float:
    family = family_of(parts.checkpoint)
    shape = family.latent_shape(parts, edge, edge)
    told = Told(torch.zeros(rows, 77, parts.unet.config["cross_attention_dim"]))
    latents, timesteps = torch.zeros(rows, *shape[1:]), torch.full((rows,), 500.0)
    began = time.perf_counter()
    family.denoise(parts, latents, timesteps, told)
    return time.perf_counter() - began


@dataclass
class Replay:
    """A loop without a model: `seconds` of a step come from `Taken`; `usual` is the edge that `due` counts in."""

    choose: Choose
    room: Room
    times: Taken
    usual: int
    _left: dict[Guest, int] = field(default_factory=dict[Guest, int])
    _job: dict[Guest, Job] = field(default_factory=dict[Guest, Job])
    _came: int = 0
    _turn: int = 0

    def serve(self, wanted: Sequence[Job]) -> tuple[float, dict[Job, Served]]:
        """Seconds until everybody is served, and what became of each."""
        now, coming, served = 0.0, list(wanted), dict[Job, Served]()
        while coming or self._left:
            now = now if self._left else max(now, coming[0].at)
            while coming and coming[0].at <= now:
                self._admit(coming.pop(0))
            now += self._step()
            served |= {job: Served(0.0, now - job.at) for job in self._ended()}
        return now, served

    def _admit(self, job: Job) -> None:
        for shot in job.shots:
            self._came += 1
            steps = shot.steps - first_step(shot)
            work = steps * (shot.width / self.usual) ** 2
            due = (self._turn + work, self._came)
            guest = Guest(shot, due, (shot.height, shot.width))
            self._left[guest], self._job[guest] = steps, job

    def _step(self) -> float:
        stepping = self.choose(list(self._left), self.room)
        for guest in stepping:
            self._left[guest] -= 1
        self._turn += 1
        return sum(self._seconds(stepping))

    def _seconds(self, stepping: Sequence[Guest]) -> Iterator[float]:
        for edge, of in self.times.items():
            number = sum(guest.shot.width == edge for guest in stepping)
            if number:
                known = [of[pictures].median for pictures in PICTURES]
                yield float(np.interp(number, PICTURES, known))

    def _ended(self) -> set[Job]:
        gone = [guest for guest, left in self._left.items() if not left]
        for guest in gone:
            del self._left[guest]
        jobs = {self._job[guest] for guest in gone}
        return jobs - {self._job[guest] for guest in self._left}
