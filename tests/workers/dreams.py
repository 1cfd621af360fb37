"""The sleepy worker's sampler: it dreams pictures, naps for every step, and does mischief when told to."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stylus_engine.errors import (
    Cancelled,
    DeviceLost,
    DrawFailed,
    StylusError,
)
from stylus_engine.model import (
    Drawn,
    Event,
    Failed,
    Lit,
    Manifest,
    Shot,
    Started,
    Stepped,
)
from stylus_engine.pictures.store import PictureStore
from tests.workers.sandman import CHECKPOINT


@dataclass
class Mischief:
    """What the words of a prompt make this worker do; ONCE, TWICE: the first times for each job."""

    folder: Path
    fd: int

    def wants(self, word: str, prompt: str, job: str) -> bool:
        words = prompt.split()
        if word not in words:
            return False
        most = 1 if "ONCE" in words else 2 if "TWICE" in words else None
        if most is None:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        marks = [self.folder / f".{word}-{job}-{number}" for number in range(most)]
        mark = next((mark for mark in marks if not mark.exists()), None)
        if mark is not None:
            mark.touch()
        return mark is not None

    def at_work(self, prompt: str, job: str) -> None:
        if self.wants("NOISE", prompt, job):
            sys.stdout.write("\x00\xff a frame? " * 1000 + "\n")
            sys.stdout.flush()
        if self.wants("CRASH", prompt, job):
            os._exit(9)
        if self.wants("UNPLUG", prompt, job):
            raise DeviceLost(why="an illegal memory access")
        if self.wants("HANG", prompt, job):
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.wants("GARBAGE", prompt, job):
            os.write(self.fd, b"\xff\xff\xff\xff garbage")
        if self.wants("STALL", prompt, job):
            threading.Event().wait()


@dataclass
class Dreams:
    """Implements `Sampler`: up to `slots` shots take a step together, each step a nap."""

    store: PictureStore
    mischief: Mischief
    slots: int
    nap: float
    rest: Callable[[float], None] = time.sleep
    _line: list[Shot] = field(default_factory=list[Shot])
    _off: set[str] = field(default_factory=set[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, shot: Shot) -> None:
        with self._lock:
            self._off.discard(shot.id)  # of an earlier drawing that had just ended
            self._line.append(shot)

    def cancel(self, shot_id: str) -> None:
        self._off.add(shot_id)

    def events(self) -> Generator[Event, None, None]:
        seated: dict[str, int] = {}
        shots: dict[str, Shot] = {}
        while self._line or seated:
            with self._lock:
                room = self.slots - len(seated)
                came, self._line = self._line[:room], self._line[room:]
            for shot in came:
                shots[shot.id], seated[shot.id] = shot, 0
                yield Started(job=shot.job, shot=shot.id)
            self.rest(self.nap)
            for name in list(seated):
                seated[name] += 1
                ended = yield from self._step(shots[name], seated[name])
                if ended:
                    del seated[name]

    def _step(self, shot: Shot, step: int) -> Generator[Event, None, bool]:
        prompt = shot.recipe.prompt
        if shot.id in self._off:
            self._off.discard(shot.id)
            yield failed(shot, Cancelled(done=0))
            return True
        self.mischief.at_work(prompt, shot.job)
        yield Stepped(job=shot.job, shot=shot.id, step=step, of=shot.steps)
        if step < shot.steps:
            return False
        if "BARREN" in prompt or ("BREAK" in prompt and shot.index % 2):
            yield failed(shot, DrawFailed(why="a bad dream"))
        else:
            yield self._drawn(shot)
        return True

    def _drawn(self, shot: Shot) -> Drawn:
        lit = tuple(
            Lit(
                card_id=w.adapter.card_id,
                name=w.adapter.name,
                file_sha256="ab" * 32,
                weight=w.weight,
            )
            for w in shot.recipe.adapters
        )
        manifest = Manifest(
            shot=shot,
            checkpoint=CHECKPOINT.id,
            adapters=lit,
            mask=shot.recipe.mask.code,
            encoded=shot.recipe.prompt,
        )
        return Drawn(job=shot.job, shot=shot.id, picture=self.store.keep(dreamt(shot), manifest))


def dreamt(shot: Shot) -> np.ndarray:
    """Colours of the seed, stripes of the mask: two masks of one seed can be told apart."""
    dice = np.random.default_rng([shot.seed, *shot.recipe.mask.code.encode()])
    corners = dice.integers(0, 255, (4, 4, 3))
    pixels = np.kron(corners, np.ones((shot.height // 4, shot.width // 4, 1)))
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def burn(seconds: float) -> None:
    """As a step on a processor does: no nap, the whole core."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def failed(shot: Shot, error: StylusError) -> Failed:
    return Failed(job=shot.job, shot=shot.id, kind=type(error).__name__, sentence=str(error))
