"""Who gets what next: pure decisions over frozen snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """What stands before one drawer: the open pictures of each job in hand, oldest first.

    `alone`: one of them has lost a worker before, and nothing is put beside it.
    """

    slots: int
    open_shots: tuple[int, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Kitchen:
    """How far planning is ahead of drawing.

    `waiting` jobs are planned and in nobody's hand; `hungry`: a drawer had room and the
    line had nothing for it.
    """

    drawers: int
    waiting: int
    hungry: bool


def takes_more(table: Table) -> bool:
    """Until the pictures in hand fill the slots without the newest job: that one is the job ahead.

    So a drawer never stands still between two jobs, and whoever comes now waits for
    one job at most that could have been another's.
    """
    *older, _ = table.open_shots or (0,)
    return not table.open_shots or (sum(older) < table.slots and not table.alone)


def next_fed(tables: Mapping[str, Table], *, lonely: bool = False) -> str | None:
    """The drawer with the fewest open pictures for its slots, of those that take more.

    `lonely`: somebody waits who has lost a worker before and must be alone.  The drawer that
    comes first gets nothing more then until it is empty, so that the others' work never keeps
    whoever is lonely waiting for ever.
    """
    able = [name for name, table in tables.items() if takes_more(table)]
    able.sort(key=lambda name: _load(tables[name]))
    if lonely and able and tables[able[0]].open_shots:
        del able[0]
    return next(iter(able), None)


def plans_more(kitchen: Kitchen) -> bool:
    """Few planned jobs wait, so that who is next stays to be decided late; a hungry drawer is fed.

    Hunger goes first: planned jobs may all be of people who are being served already.
    """
    return kitchen.hungry or kitchen.waiting < max(2, 2 * kitchen.drawers)


def _load(table: Table) -> float:
    return sum(table.open_shots) / max(1, table.slots)
