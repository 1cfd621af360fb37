"""People who want pictures at random moments, and the three ways to serve them that `benchmarks.poisson` compares.

All three are our engine with the same slots; what differs is who may step together.
`same_adapters` is vLLM-Omni's rule (one adapter set and its scales a batch, and one
shape); `one_job` draws a job's own pictures together and nobody else's.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stylus_engine.model import Adapter, Drawn, Event, Failed, Mask, Recipe, Shot, Start, Started
from stylus_engine.model import Weighted as Worn
from stylus_engine.planning.turns import Room, chosen
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import EXECUTORS
from stylus_engine.sampling.families import Parts
from stylus_engine.sampling.loop import Choose, Guest
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool
from tests.sampling.judge import Files, Nowhere

OFTEN = 2**33  # bytes of factors: nothing is ever evicted here
GROUND = "a picture of theirs"
Key = Callable[[Guest], object]


@dataclass(frozen=True)
class Job:
    """What one person wants, and when, in seconds after the beginning."""

    at: float
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Served:
    """What became of a job: seconds from its arrival to its first step's beginning and to its last picture."""

    admitted: float
    finished: float


def jobs(pool: Pool, number: int, rate: float, counts: Sequence[int], seed: int) -> tuple[Job, ...]:
    """Poisson arrivals, `rate` a second; 0: all at once. `counts`: how many pictures a job may have."""
    dice, at, made = random.Random(seed), 0.0, list[Job]()
    for name in range(number):
        at += dice.expovariate(rate) if rate else 0.0
        made.append(Job(at, tuple(_shots(pool, dice, f"{seed}-{name}", dice.choice(counts)))))
    return tuple(made)


def one_job(guests: Iterable[Guest], room: Room) -> list[Guest]:
    """The pictures of whoever came first."""
    return _like_the_first(guests, room, lambda guest: guest.shot.job)


def same_adapters(guests: Iterable[Guest], room: Room) -> list[Guest]:
    """Whoever came first, and all who wear the very same at the same size."""
    return _like_the_first(guests, room, _key)


POLICIES: Mapping[str, Choose] = {
    "one job at a time": one_job,
    "same adapters only": same_adapters,
    "ours": chosen,
}


@dataclass
class Counter:
    """A drawer behind which a policy stands."""

    drawer: Drawer

    @classmethod
    def of(cls, parts: Parts, pool: Pool, policy: Choose, slots: int, executor: str) -> "Counter":
        pictures = Nowhere()
        size = 2 * pool.checkpoint.size
        shade = np.linspace(0, 255, size, dtype=np.uint8)
        for edge in {size // 2, 3 * size // 4}:
            pictures.brought[f"{GROUND} {edge}"] = np.tile(shade[:edge, None, None], (1, edge, 3))
        drawer = Drawer(
            parts,
            FactorStore(Files(pool.files), OFTEN),
            pictures,
            slots=slots,
            waiting=2**16,
            executor=EXECUTORS[executor](parts.modules),
            choose=policy,
        )
        return cls(drawer)

    def serve(self, wanted: Sequence[Job]) -> dict[Job, Served]:
        """Everybody at his time; each event is a chance to look who came."""
        began, coming = time.perf_counter(), list(wanted)
        of = {job.shots[0].job: job for job in wanted}
        begun: dict[str, float] = {}
        left = {name: len(job.shots) for name, job in of.items()}
        served: dict[Job, Served] = {}
        while len(served) < len(wanted):
            self._wait(coming, began)
            for event in self._walk(coming, began):
                now, job = time.perf_counter() - began, of[event.job]
                if isinstance(event, Started):
                    begun.setdefault(event.job, now - job.at)
                if isinstance(event, Failed):
                    raise TypeError(event.sentence)  # no benchmark of pictures that were not drawn
                if isinstance(event, Drawn):
                    left[event.job] -= 1
                    if not left[event.job]:
                        served[job] = Served(begun[event.job], now - job.at)
        return served

    def _walk(self, coming: list[Job], began: float) -> Iterator[Event]:
        for event in self.drawer.events():
            self._admit(coming, began)
            yield event

    def _wait(self, coming: list[Job], began: float) -> None:
        if coming:
            time.sleep(max(0.0, coming[0].at - (time.perf_counter() - began)))
            self._admit(coming, began)

    def _admit(self, coming: list[Job], began: float) -> None:
        while coming and coming[0].at <= time.perf_counter() - began:
            for shot in coming.pop(0).shots:
                self.drawer.admit(shot)


def _like_the_first(guests: Iterable[Guest], room: Room, key: Key) -> list[Guest]:
    came = sorted(guests, key=lambda guest: guest.due[1])
    return [guest for guest in came if key(guest) == key(came[0])][: room.seats]


def _key(guest: Guest) -> object:
    worn = sorted((w.adapter.card_id, w.weight) for w in guest.shot.recipe.adapters)
    return guest.shot.width, guest.shot.height, tuple(worn)


def _shots(pool: Pool, dice: random.Random, job: str, number: int) -> Iterator[Shot]:
    """One person's pictures: one size, one number of steps; masks and seeds differ."""
    size = pool.checkpoint.size
    edge = dice.choice((size, size, size, 3 * size // 2))
    steps, prompt = dice.randint(8, 30), dice.choice(pool.prompts)
    begins = dice.random() < 0.1 and edge == size
    plan = dice.sample(pool.adapters[:8], 4)
    for index in range(number):
        adapters = tuple(_worn(dice, plan))
        yield Shot(
            id=f"{job}.{index}",
            job=job,
            index=index,
            recipe=Recipe(adapters=adapters, prompt=prompt, mask=Mask()),
            seed=dice.randrange(2**32),
            width=edge,
            height=edge,
            steps=steps,
            guidance=5.0,
            sampler="dpmpp_2m_karras",
            start=Start(picture=f"{GROUND} {edge}", strength=0.6) if begins else None,
        )


def _worn(dice: random.Random, plan: Sequence[Adapter]) -> Iterator[Worn]:
    """A quarter wears nothing, a quarter one adapter as it is recommended, half a mask of two or three."""
    kind = dice.random()
    if kind < 0.25:
        return
    if kind < 0.5:
        yield Worn(adapter=plan[0], weight=0.8)
        return
    lit = dice.sample(plan, dice.choice((2, 3)))
    for adapter in lit:
        yield Worn(adapter=adapter, weight=round(1.2 / len(lit), 3))
