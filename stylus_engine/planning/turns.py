"""Whose turn it is: which pictures take the next step together, and how much of each goes into a forward.

A turn is one step of everybody chosen.  Pictures are ordered by their `due`, the turn
by which each would be finished if it were alone: a picture of four steps passes a crowd
of long ones, and whoever comes too late passes a long one no more, so that no wait is
without end.  The order never changes while pictures wait or step, so that nobody is put
aside twice for the same other one.  Source: the virtual finish times of fair queueing
(Demers, Keshav, Shenker 1989).  The earliest due takes along those whose rows
share its forward, for they cost least there; a forward of another shape would be time of
everybody's in which nothing is shared.  Not done: highest response ratio, whose order
changes every turn and would gather other adapters every turn; all shapes in one turn,
which keeps all of them waiting.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Room:
    """What a turn has room for.

    `seats`: pictures; `rows`: rows of all its forwards together; `ranks`: of all the
    adapters that its pictures wear, each adapter counted once (rows that share a dense
    stack pay for the union).
    """

    seats: int
    rows: int = 16
    ranks: int = 512


Shape: TypeAlias = tuple[int, int]  # height and width of what the denoiser sees, in latents


@dataclass(frozen=True, slots=True)
class Bill:
    """What one picture costs. `rows` of each step, of one `shape`; `steps` of them."""

    rows: int
    shape: Shape
    steps: int

    @property
    def area(self) -> int:
        """Latents of a row."""
        return self.shape[0] * self.shape[1]

    def turns(self, usual: int) -> float:
        """Its work in steps of a guided picture of `usual` latents."""
        return self.steps * self.rows * self.area / (2 * usual)


class Standing(Protocol):
    """A picture that waits or steps."""

    @property
    def due(self) -> tuple[float, int]:
        """The turn by which it is to be finished; then its number."""
        ...

    @property
    def shape(self) -> Shape:
        """Of its rows: only alike ones share a forward."""
        ...

    @property
    def ranks(self) -> Mapping[str, int]:
        """Adapter -> rank, of those it wears; empty until they were fetched."""
        ...


Someone = TypeVar("Someone", bound=Standing)


def chosen(standings: Iterable[Someone], room: Room) -> list[Someone]:
    """Who takes the next step: the earliest due always, then whoever of its shape still fits, in order of due.

    Whoever wears nothing that is not worn already always fits the ranks.
    """
    taken: list[Someone] = []
    union: dict[str, int] = {}
    for each in _alike(sorted(standings, key=lambda one: one.due)):
        if len(taken) == room.seats:
            break
        wider = union | dict(each.ranks)
        if not taken or len(wider) == len(union) or sum(wider.values()) <= room.ranks:
            taken.append(each)
            union = wider
    return taken


def _alike(standings: Sequence[Someone]) -> Iterable[Someone]:
    """Those of the first one's shape."""
    return (each for each in standings if each.shape == standings[0].shape)


def shares(rows: Sequence[int], room: Room) -> list[int]:
    """How many of its rows each of the chosen gets into this turn; none gets nothing.

    A picture in squares has many rows a step: alone it fills the turn, in company it
    takes several turns for a step, so that nobody waits for more than one full turn.
    """
    left, shared = max(room.rows, len(rows)), [0] * len(rows)
    hungry = [index for index, wanted in enumerate(rows) if wanted]
    while hungry and left >= len(hungry):
        each = left // len(hungry)
        for index in hungry:
            given = min(each, rows[index] - shared[index])
            shared[index] += given
            left -= given
        hungry = [index for index in hungry if shared[index] < rows[index]]
    return shared


def halves(count: int, most: int) -> list[slice]:
    """`count` rows in as few forwards of at most `most` as there must be, of nearly equal length."""
    parts = -(-count // max(1, most))
    edges = [round(number * count / parts) for number in range(parts + 1)] if count else [0]
    return [slice(low, high) for low, high in pairwise(edges)]
