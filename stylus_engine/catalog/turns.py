"""Who may fetch next, when more want to than there is room for.

    waiting, and how many each person has running  ->  whose turn it is

Law of this file: no one person holds all places, and a free one goes to whoever holds the
fewest; among equals to whoever came first.  So a person with four large files slows
themselves and leaves a place for everybody else.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


def most_each(places: int) -> int:
    """How many places one person may hold: all but one."""
    return max(1, places - 1)


def chosen(waiting: Sequence[Collection[str]], running: Mapping[str, int], places: int) -> int:
    """The number of the one whose turn it is, -1 = nobody's. Each is a set of people who want it.

    What several people want counts for the one of them who has the least.
    """
    if sum(running.values()) >= places:
        return -1
    loads = [min((running.get(who, 0) for who in people), default=0) for people in waiting]
    best = min(range(len(loads)), key=lambda at: (loads[at], at), default=-1)
    return best if best >= 0 and loads[best] < most_each(places) else -1


@dataclass(eq=False, slots=True)
class _Place:
    """Wanted by `people`, who come and go while it waits; then held by one of them."""

    people: Collection[str]
    held_by: str | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """Hands `places` out by `chosen`."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._running: Counter[str] = Counter()
        self._waiting: list[_Place] = []

    @asynccontextmanager
    async def turn(self, people: Collection[str]) -> AsyncGenerator[None, None]:
        """A place for as long as the block lasts. `people` may change while it is waited for."""
        place = _Place(people)
        self._waiting.append(place)
        try:
            self.look()
            await place.called.wait()
            yield
        finally:
            self._left(place)
            self.look()

    def look(self) -> None:
        """Call whoever may come in now: after somebody left, or came to want what others wait for."""
        while (at := self._chosen()) >= 0:
            place = self._waiting.pop(at)
            place.held_by = min(place.people, key=lambda who: self._running[who], default="")
            self._running[place.held_by] += 1
            place.called.set()

    def _chosen(self) -> int:
        return chosen([place.people for place in self._waiting], self._running, self._places)

    def _left(self, place: _Place) -> None:
        if place.held_by is None:
            self._waiting.remove(place)
        else:
            self._running[place.held_by] -= 1
