"""Whether a worker is still sound: pure rules over a frozen snapshot."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from stylus_engine.workers.frames import Role

LONGEST_PAUSE = 60.0  # seconds between two starts
HEALTHY = 60.0  # a worker that lived so long did not fail at its start
FIRST_ANSWER = 3600.0  # the first question to a planner may wait for the index of a large shelf

Verdict: TypeAlias = Literal["sound", "silent", "stalled", "idle"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each kind of nothing may last, in seconds."""

    silence: float
    stall: float
    idle: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of a worker; times are a clock's ticks.

    `moved` is when it last did something for us, or was given something while it had
    nothing; `answered`: it has done something at least once.
    """

    role: Role
    heard: float
    moved: float
    busy: bool = False
    loaded: bool = False
    answered: bool = False


def verdict(watch: Watch, now: float, patience: Patience) -> Verdict:
    """Silent and stalled workers are killed; an idle one is asked to rest."""
    if now - watch.heard > patience.silence:
        return "silent"
    if watch.busy:
        return "stalled" if now - watch.moved > _stall(watch, patience) else "sound"
    return "idle" if watch.loaded and now - watch.moved > patience.idle else "sound"


def pause_before(failures: int, first: float) -> float:
    """Seconds before the next start: `first`, doubled for each failure in a row after the first one."""
    return min(LONGEST_PAUSE, first * 2 ** min(max(failures - 1, 0), 30))


def failures_after(failures: int, lived: float) -> int:
    """How many starts have failed in a row, now that one more worker has ended."""
    return 1 if lived >= HEALTHY else failures + 1


def _stall(watch: Watch, patience: Patience) -> float:
    first = watch.role == "planner" and not watch.answered
    return max(patience.stall, FIRST_ANSWER) if first else patience.stall
