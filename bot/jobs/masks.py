"""Which masks of a root come next: pure counting.

A root's order has n masks (at most `MOST_MASKS`).  Serial k is mask k mod n in round
k div n; (root, serial) is unique, so a mask is never drawn twice in one round.  A
serial that a cancelled job gave back is the first to be taken again.
"""

from collections.abc import Collection, Sequence


def next_serials(taken: Collection[int], n: int, wanted: int) -> tuple[int, ...]:
    """Up to `wanted` serials of the round that is going on, or of a new one; at least one."""
    now = max(taken, default=0) // n
    free = _free(taken, n, now) or _free(taken, n, now + 1)
    return tuple(free[:wanted])


def _free(taken: Collection[int], n: int, number: int) -> list[int]:
    return [serial for serial in range(number * n, (number + 1) * n) if serial not in taken]


def first_serials(order: Sequence[str], masks: Sequence[str]) -> tuple[int | None, ...]:
    """The serials of a root's own pictures; None for one that fills up with the best mask."""
    return tuple(
        number if number < len(order) and order[number] == mask else None
        for number, mask in enumerate(masks)
    )


def seen_of(drawn: Collection[int], n: int) -> int:
    """How many masks were drawn in the newest round that has a picture."""
    newest = max(drawn, default=0) // n
    return sum(serial // n == newest for serial in drawn)
