"""Noticing that a list's cursors lead in a circle, or that it says the same for ever."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from stylus_engine.errors import SourceOdd

LONGEST = 2000  # characters of a cursor
ENOUGH = 20  # pages in a row without anything new
STALE = frozenset({400, 404, 410})  # what is said to a cursor that was kept for too long
_T = TypeVar("_T")


class Circle:
    """What one walk has seen. Only of this walk: who goes on later meets some things again."""

    def __init__(self, source: str, cursor: str) -> None:
        self._source = source
        self._cursors = {cursor}
        self._seen: set[Hashable] = set()
        self._stale = 0

    def fresh(self, records: Iterable[_T], key: Callable[[_T], Hashable]) -> list[_T]:
        """Those not met before, each once: lists overlap at their edges. Those without a key all."""
        found: list[_T] = []
        for record in records:
            name = key(record)
            if not name or name not in self._seen:
                found.append(record)
            self._seen.add(name)
        return found

    def step(self, cursor: str, *, news: bool) -> str:
        """The next cursor, looked at. Raises `SourceOdd` when the walk would never end."""
        if cursor and (cursor in self._cursors or len(cursor) > LONGEST):
            raise SourceOdd(source=self._source, why="its cursors lead in a circle")
        self._stale = 0 if news else self._stale + 1
        if self._stale > ENOUGH:
            raise SourceOdd(source=self._source, why="page after page holds nothing new")
        self._cursors.add(cursor)
        return cursor
