"""The only thing two threads share: what was asked for and not yet read."""

from dataclasses import dataclass, field
from threading import Lock

from stylus_engine.errors import Busy
from stylus_engine.model import Shot


@dataclass(frozen=True, slots=True)
class Mail:
    """What the inbox held when it was drained. A shot may be among both."""

    admitted: tuple[Shot, ...]
    cancelled: frozenset[str]


@dataclass(slots=True)
class Inbox:
    """Shots and cancels from any thread, for the one that draws.

    `room` bounds the shots that were admitted and have not ended, wherever they are;
    `slots` is what `Busy` tells people.
    """

    room: int
    slots: int
    _open: int = 0
    _admitted: list[Shot] = field(default_factory=list[Shot])
    _cancelled: set[str] = field(default_factory=set[str])
    _lock: Lock = field(default_factory=Lock)

    def admit(self, shot: Shot) -> None:
        """Take a shot. Raises `Busy`."""
        with self._lock:
            if self._open >= self.room:
                raise Busy(slots=self.slots)
            self._open += 1
            self._admitted.append(shot)

    def cancel(self, shot_id: str) -> None:
        """Remember a cancel; one for a shot that nobody knows is forgotten when it is read."""
        with self._lock:
            self._cancelled.add(shot_id)

    def drain(self) -> Mail:
        """Hand everything over, in order of arrival."""
        with self._lock:
            mail = Mail(tuple(self._admitted), frozenset(self._cancelled))
            self._admitted.clear()
            self._cancelled.clear()
            return mail

    def ended(self) -> None:
        """Give back the room of one shot that ended."""
        with self._lock:
            self._open -= 1

    def clear(self) -> None:
        """Forget every shot and every cancel."""
        with self._lock:
            self._open = 0
            self._admitted.clear()
            self._cancelled.clear()

    @property
    def idle(self) -> bool:
        """Whether every admitted shot has ended."""
        return not self._open

    @property
    def empty(self) -> bool:
        """Whether no shot is waiting to be read."""
        return not self._admitted
