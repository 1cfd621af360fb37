"""What was made of adapters for the device, kept for whoever needs it again: the last used, bounded in bytes.

Law of this file: what is held stays; of the rest the longest unused goes before anything
new is made, so that there is never more of it than there is room for.  Belongs to the thread that draws; its figures may be read from any other.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar, cast

Made = TypeVar("Made")
ROOM = 2**30  # bytes


class Rack:
    """At most `room` bytes of things, and whatever is held beyond it.

    `hits`, `made` and `evictions` count.  A name says all that its thing was made of,
    and so of which type it is.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.hits = 0
        self.made = 0
        self.evictions = 0
        self._room = room
        self._things: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._holds: Counter[Hashable] = Counter()
        self._bytes = 0

    def hold(self, name: Hashable, nbytes: int, make: Callable[[], Made]) -> Made:
        """The thing of this name, made if it is not here; it stays until `release` was called as often."""
        if name in self._things:
            self._things.move_to_end(name)
            self.hits += 1
        else:
            self._make_room(nbytes)
            self._things[name] = make(), nbytes
            self._bytes += nbytes
            self.made += 1
        self._holds[name] += 1
        return cast("Made", self._things[name][0])

    def release(self, name: Hashable) -> None:
        """Take one `hold` back."""
        self._holds[name] -= 1
        self._holds = +self._holds
        self._make_room(0)

    def clear(self) -> bool:
        """Let go of all that is not held; whether there was any."""
        spare = self._spare()
        for name in spare:
            self._take_out(name)
        return bool(spare)

    def __iter__(self) -> Iterator[Hashable]:
        """The names, longest unused first."""
        return iter(tuple(self._things))

    def size(self, name: Hashable) -> int:
        """Bytes of a thing that is here. Raises `KeyError`."""
        return self._things[name][1]

    @property
    def nbytes(self) -> int:
        """Bytes of all that is here."""
        return self._bytes

    def _make_room(self, wanted: int) -> None:
        for name in self._spare():
            if self._bytes + wanted <= self._room:
                return
            self._take_out(name)
            self.evictions += 1

    def _spare(self) -> list[Hashable]:
        return [name for name in self._things if not self._holds[name]]

    def _take_out(self, name: Hashable) -> None:
        _, nbytes = self._things.pop(name)
        self._bytes -= nbytes
