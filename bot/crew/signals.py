"""What the supervisor tells the dispatcher, in the order in which it happened."""

from dataclasses import dataclass
from typing import TypeAlias

from stylus_engine.workers.frames import Beat, Happened, Named, Role


@dataclass(frozen=True, slots=True)
class Came:
    """A worker is ready."""

    worker: str
    role: Role
    slots: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker said something that is no answer."""

    worker: str
    frame: Beat | Happened | Named


@dataclass(frozen=True, slots=True)
class Went:
    """A worker's process has ended, for certain. It will say nothing more."""

    worker: str


Signal: TypeAlias = Came | Heard | Went
