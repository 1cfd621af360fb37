"""A worker that knows no torch: it invents plans, sleeps for every step and keeps real pictures.

    python tests/workers/sleepy.py planner|drawer --fd N --pictures FOLDER [--step-seconds S] …

The frames, the desks, the engine's planning and the store are the real ones; adapters,
composer and sampler are invented here.  Every plan has three tasks of two adapters:
63 masks.  Words of the prompt make it misbehave, once for each job when ONCE is among
them, twice when TWICE is: CRASH, UNPLUG (the device is gone), HANG (stops answering),
STALL (beats, but no step), GARBAGE (says what is no frame), NOISE (prints), BREAK (every
second picture fails), BARREN (every picture fails), REFUSE (the planner refuses),
PLANCRASH, FETCH (a file comes first), CRAWL (it takes minutes), LOST (a file never comes; with ALL for every picture).
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, from anywhere

import numpy as np

from bot.desks.drawing import DrawingDesk
from bot.desks.planning import PlanningDesk
from stylus_engine.catalog.importing import Summary
from stylus_engine.catalog.orders import Arrived, Brought, TellFetching
from stylus_engine.engine import Arrangement, Engine, Method
from stylus_engine.errors import (
    AdapterNotSafetensors,
    Cancelled,
    DeviceLost,
    DrawFailed,
    SourceRefused,
    StylusError,
    UnknownName,
)
from stylus_engine.model import (
    Adapter,
    Candidate,
    Drawn,
    Event,
    Failed,
    Fetching,
    Liking,
    Lit,
    Manifest,
    Plan,
    Policy,
    Recipe,
    Request,
    Shot,
    Started,
    Stepped,
)
from stylus_engine.pictures.store import PictureStore
from stylus_engine.planning.presets import presets
from stylus_engine.planning.weights import Budgets
from stylus_engine.walking import Walker
from stylus_engine.workers.frames import Role
from stylus_engine.workers.serving import Desk, die_with_parent, outlive_signals, serve
from tests.workers import sandman
from tests.workers.sandman import CHECKPOINT, SHELF, Ahead


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


def ended_only(events: Sequence[Event]) -> list[Drawn | Failed]:
    return [event for event in events if isinstance(event, Drawn | Failed)]


def check_shots(longest: int) -> tuple[Shot, ...]:
    """Every second one takes longest."""
    return tuple(
        Shot(
            id=f"check-sleepy-{index}",
            job="check-sleepy",
            index=index,
            recipe=Recipe(prompt="a house by a tree"),
            seed=index,
            width=64,
            height=64,
            steps=longest if index % 2 else 10,
            guidance=5.0,
            sampler="euler",
        )
        for index in range(4)
    )


class House(Ahead):
    """The engine as the desks know it."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.mischief = Mischief(given.pictures, given.fd)
        self.noted = given.pictures
        self.sampler = Dreams(
            PictureStore(given.pictures),
            self.mischief,
            given.slots,
            given.step_seconds,
            burn if given.burn else time.sleep,
        )
        self.walker = Walker(self.sampler)
        method = Method(
            sandman.Nothing(), sandman.Inventor(given.plan_seconds), presets(Budgets())["stylus"]
        )
        self.engine = Engine(
            checkpoints=sandman.Checkpoints(),
            cards=sandman.Shelf(),
            methods={"stylus": method, "paper-rules": method, "base": method},
            tokens=sandman.Words(),
            walker=self.walker,
        )
        self.cards = sandman.Shelf()
        self.known = len(self.cards)
        self.loaded = False
        self.checked: set[str] = set()
        self.to_check = check_shots(given.check_steps)
        self.never_rests = given.never_rests

    async def arrange(
        self,
        request: Request,
        job: str,
        *,
        plan: Plan | None = None,
        masks: Sequence[str] | None = None,
        order_seed: int | None = None,
        likes: Sequence[Liking] = (),
    ) -> Arrangement:
        if self.mischief.wants("PLANCRASH", request.prompt, job):
            os._exit(9)
        if "REFUSE" in request.prompt:
            raise UnknownName(kind="adapter", name="REFUSE", known="")
        if "NAMED" in request.prompt:
            self.name(job)
        return await self.engine.arrange(
            request, job, plan=plan, masks=masks, order_seed=order_seed, likes=likes
        )

    def drop(self, job: str) -> None:
        """Nothing is fetched ahead here."""

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """What the prompt says."""
        words = shots[0].recipe.prompt.split()
        return SHELF[:1] if {"FETCH", "LOST", "CRAWL"} & {*words} else ()

    async def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """FETCH: a file comes in four pieces; LOST: it never does for the last picture.

        CRAWL: it takes minutes; whether it was given up stands in a file.
        """
        prompt = shots[0].recipe.prompt
        if self.mischief.wants("CRAWL", prompt, job):
            try:
                for done in range(3000):
                    yield Fetching(job=job, name="Far Away", done=done * 10**6, of=6 * 10**9)
                    await asyncio.sleep(0.1)
            finally:
                (self.mischief.folder.parent / f"given-up-{job}").touch()
        if "FETCH" in prompt:
            for done in range(0, 101, 25):
                yield Fetching(job=job, name="Far Away", done=done * 10**6, of=100 * 10**6)
                await asyncio.sleep(0.1)
        if "LOST" in prompt:
            gone = SourceRefused(source="far.example", status=404, why="not found")
            lost = shots if "ALL" in prompt else shots[-1:]
            for shot in lost:
                yield failed(shot, gone)

    async def add(self, brought: Brought, tell: TellFetching) -> Arrived:
        """Every file is an ink drawing; one called FAR takes its time."""
        if brought.url:
            for done in range(0, 101, 10):
                tell(Fetching(job="", name="Far Away", done=done * 10**6, of=100 * 10**6))
                await asyncio.sleep(0.2)
        if b"REFUSE" in brought.data:
            raise AdapterNotSafetensors(name=brought.name, why="it is a joke")
        return Arrived(adapter=SHELF[0], why_not="It sleeps." if brought.url else "")

    async def checks(self, ended: Sequence[Event]) -> Sequence[Shot]:
        """Four pictures of a check; what is told of them stands in a file, a line each."""
        with (self.mischief.folder.parent / "checks.log").open("a") as log:
            log.writelines(f"{event.shot} {type(event).__name__}\n" for event in ended_only(ended))
        self.checked |= {event.shot for event in ended_only(ended)}
        return tuple(shot for shot in self.to_check if shot.id not in self.checked)

    async def browse(
        self, text: str, policy: Policy, k: int, offset: int = 0
    ) -> tuple[Sequence[Candidate], int]:
        wanted = text.strip().casefold()
        found = [
            Candidate(adapter=card, concept="", similarity=1.0, rank=rank)
            for rank, card in enumerate(SHELF, start=1)
            if wanted in card.name.casefold()
        ]
        return found[offset : offset + k], len(found)

    moved = 0

    async def index(self, *, anew: bool = False, walk: bool = True) -> int:
        return 0

    async def watch(self) -> AsyncGenerator[Summary, None]:
        """Nothing is ever dropped here."""
        return
        yield

    def warm(self) -> None:
        """Nothing heavy here."""

    def draw(self, job: str, shots: Sequence[Shot]):
        self.loaded = True
        return self.walker.draw(job, shots)

    def cancel(self, shot: str) -> None:
        self.sampler.cancel(shot)

    async def rest(self) -> bool:
        if self.never_rests:
            await asyncio.Event().wait()
        await asyncio.wrap_future(self.walker.between(lambda: None))
        self.loaded = False
        return True


def desk_of(role: Role, given: argparse.Namespace) -> Desk:
    house = House(given)
    if role == "planner":
        desk = PlanningDesk(house, given.pictures / "packed", (CHECKPOINT.name,))
        house.named = desk.named
        return desk
    return DrawingDesk(house, given.slots, (CHECKPOINT.name,))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("planner", "drawer"))
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--device", default="")
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--step-seconds", type=float, default=0.01)
    parser.add_argument("--plan-seconds", type=float, default=0.0)
    parser.add_argument("--beat-seconds", type=float, default=0.2)
    parser.add_argument("--start-seconds", type=float, default=0.0)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--check-steps", type=int, default=20)
    parser.add_argument("--never-rests", action="store_true")
    parser.add_argument("--burn", action="store_true", help="a step burns a core, not a nap")
    return parser.parse_args()


def main(given: argparse.Namespace) -> None:
    die_with_parent()
    outlive_signals()
    time.sleep(given.start_seconds)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.fd, desk_of(given.role, given), given.beat_seconds))


if __name__ == "__main__":
    main(arguments())
