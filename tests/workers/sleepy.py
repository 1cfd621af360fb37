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
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, from anywhere


from bot.desks.drawing import DrawingDesk
from bot.desks.planning import PlanningDesk
from stylus_engine.catalog.importing import Summary
from stylus_engine.catalog.orders import Arrived, Brought, TellFetching
from stylus_engine.engine import Arrangement, Engine, Method
from stylus_engine.errors import (
    AdapterNotSafetensors,
    SourceRefused,
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
    Plan,
    Policy,
    Recipe,
    Request,
    Shot,
)
from stylus_engine.pictures.store import PictureStore
from stylus_engine.planning.presets import presets
from stylus_engine.planning.weights import Budgets
from stylus_engine.walking import Walker
from stylus_engine.workers.frames import Role
from stylus_engine.workers.serving import Desk, die_with_parent, outlive_signals, serve
from tests.workers import sandman
from tests.workers.dreams import Dreams, Mischief, burn, failed
from tests.workers.sandman import CHECKPOINT, SHELF, Ahead


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
        """That it was brought in line stands in a file."""
        self.note("indexed")
        return 0

    async def watch(self) -> AsyncGenerator[Summary, None]:
        """Nothing is ever dropped here."""
        return
        yield

    def warm(self) -> None:
        """Nothing heavy here; that it was done stands in a file."""
        self.note("warmed")

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
