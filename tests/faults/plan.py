"""Which kills, in which order: pure, from a seed, none picked by hand.

Every boundary from both sides comes once, its scenario going round; what posts a card
meets every scenario; planner and drawer die at boundaries of the bot, and everybody at
random times.  A shorter campaign takes every n-th of the same list.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.boundaries import boundaries
from tests.faults.deeds import LONG_AFTER, PRELUDES
from tests.faults.orders import TARGETS, Target
from tests.faults.scenarios import SCENARIOS

POSTING = (
    "after line.posting",
    "after wire.send",
    "before wire.edit_by_token",
    "after wire.edit_by_token",
    "after wire.edit_by_bot",
    "before line.posted",
)
LONGEST = 1.5  # seconds after the line was filled, of a kill at a random time
OFTEN = 3  # a common boundary is let pass up to twice
COMMON = frozenset(
    {
        "line.claim_plan", "line.claim_draw", "line.extend", "line.planned", "line.picture",
        "line.posting", "line.posted", "wire.edit_by_token",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kill:
    """At the n-th passing of `boundary`, or `seconds` after the line was full."""

    target: Target
    scenario: str = "at once"
    boundary: str = ""
    passing: int = 1
    seconds: float = 0.0
    seed: int | None = None

    @property
    def place(self) -> str:
        return self.boundary.partition(" ")[2]

    @property
    def where(self) -> str:
        if not self.boundary:
            return f"{self.seconds:.2f} s after the line was full (seed {self.seed})"
        return self.boundary + (f", passing {self.passing}" if self.passing > 1 else "")


def schedule(number: int, seed: int = 0) -> list[Kill]:
    """So many kills, a fifth of them at random times; the same for the same seed."""
    chance = round(number / 5)
    return _mixed([*_placed(number - chance, seed), *_random(chance, seed)], seed)


def everywhere() -> list[Kill]:
    """Every boundary, the posting ones in every scenario."""
    names, every = tuple(SCENARIOS), boundaries()
    whole = [_at(boundary, names[n % len(names)], n) for n, boundary in enumerate(every)]
    met = {(kill.boundary, kill.scenario) for kill in whole}
    more = [_at(*pair) for pair in itertools.product(POSTING, names) if pair not in met]
    return [*whole, *more]


def _at(boundary: str, scenario: str, number: int = 0) -> Kill:
    place = boundary.partition(" ")[2]
    if place in PRELUDES:
        scenario = "at once"  # the scenario belongs to the crash before it
    return Kill("bot", scenario, boundary, 1 + number % OFTEN if place in COMMON else 1)


def _placed(number: int, seed: int) -> list[Kill]:
    """Seven of eight kill the bot, the rest a worker while the bot passes there."""
    workers = number // 8
    return [*_bots(number - workers, seed), *_workers(workers, seed)]


def _bots(number: int, seed: int) -> list[Kill]:
    """All boundaries if there is room, else every n-th of them, beginning where the seed says."""
    every = everywhere()
    if number >= len(boundaries()):
        return list(itertools.islice(itertools.cycle(every), number))
    needed = [Kill("bot", scenario, crash) for crash, scenario in PRELUDES.values()]
    step = len(boundaries()) / (number - len(needed))
    first = seed % len(boundaries())
    picked = [int(first + n * step) % len(boundaries()) for n in range(number - len(needed))]
    return [*needed, *(every[n] for n in picked)]


def _workers(number: int, seed: int) -> list[Kill]:
    """While the bot writes what a worker has just brought, or hands it something."""
    dice = random.Random(f"workers {seed}")
    places = [one for one in boundaries() if one.partition(" ")[2] in COMMON]
    return [
        Kill(TARGETS[1 + n % 2], "at once", dice.choice(places), dice.randint(1, OFTEN))
        for n in range(number)
    ]


def _random(number: int, seed: int) -> list[Kill]:
    """Seeds 0 … n, none picked."""
    names = tuple(SCENARIOS)
    kills: list[Kill] = []
    for one in range(number):
        dice = random.Random(f"{seed} {one}")
        target = TARGETS[(one // 2 + 1) % 3] if one % 2 else "bot"
        seconds, scenario = dice.uniform(0, LONGEST), dice.choice(names)
        kills.append(Kill(target, scenario, seconds=seconds, seed=one))
    return kills


def _mixed(kills: Sequence[Kill], seed: int) -> list[Kill]:
    """Shuffled; what needs a hundred days comes last of its day, and is put there by the day."""
    mixed = list(kills)
    random.Random(f"order {seed}").shuffle(mixed)
    return mixed


def days(kills: Sequence[Kill], most: int) -> Iterator[list[Kill]]:
    """Runs of at most so many, long-after ones at the end of theirs."""
    size = -(-len(kills) // -(-len(kills) // most))
    for start in range(0, len(kills), size):
        day = kills[start : start + size]
        yield sorted(day, key=_lateness)


def _lateness(kill: Kill) -> tuple[bool, bool]:
    """Once something is forgotten, there is nothing left to forget."""
    late = kill.place in LONG_AFTER
    return late, late and kill.boundary.startswith("after")
