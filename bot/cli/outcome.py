"""What came of a request so far: filled event by event, true at any moment it is looked at."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.captions import captions
from stylus_engine.errors import Cancelled, StylusError
from stylus_engine.model import Drawn, Event, Failed, Fetching, Picture, Plan, Planned, Shot

Shots: TypeAlias = Callable[[Plan], Sequence[Shot]]


@dataclass(slots=True)
class Outcome:
    """Plan, shots, finished pictures and failures of one job."""

    shots_of: Shots | None = None  # absent when the shots are known from the start
    plan: Plan | None = None
    shots: Sequence[Shot] = ()
    pictures: dict[str, Picture] = field(default_factory=dict[str, Picture])
    failures: list[Failed] = field(default_factory=list[Failed])
    timings: dict[str, float] = field(default_factory=dict[str, float])
    fetched: dict[str, float] = field(default_factory=dict[str, float])  # adapter -> seconds
    began: float = field(default_factory=time.monotonic)
    _fetching: dict[str, float] = field(default_factory=dict[str, float])

    def take(self, event: Event) -> None:
        """Note what `event` changes."""
        match event:
            case Planned(plan=plan):
                self.plan = plan
                self.shots = self.shots_of(plan) if self.shots_of else self.shots
                self.timings["plan"] = self._seconds()
            case Drawn(shot=shot, picture=picture):
                self._drawn(shot, picture)
            case Failed():
                self.failures.append(event)
            case Fetching(name=name):
                begun = self._fetching.setdefault(name, self._seconds())
                self.fetched[name] = self._seconds() - begun
            case _:
                pass

    def _drawn(self, shot: str, picture: Picture) -> None:
        """A picture drawn again comes under a new name: its own manifest holds its shot."""
        self.pictures[shot] = picture
        if picture.manifest.survival is not None:  # it may have been drawn with other weights
            drawn = picture.manifest.shot
            self.shots = [drawn if known.id == drawn.id else known for known in self.shots]
        if shot not in {known.id for known in self.shots}:
            shots = [*self.shots, picture.manifest.shot]
            self.shots = sorted(shots, key=lambda known: known.index)
            self.pictures[picture.manifest.shot.id] = picture

    def end(self, *, stopped: bool) -> None:
        """Close the clock; `stopped` = a person asked for it before all was drawn."""
        self.timings["total"] = self._seconds()
        self.timings["draw"] = self.timings["total"] - self.timings.get("plan", 0.0)
        if stopped:
            self.failures.clear()  # what was cancelled says so once, not once a picture
            self.fail(Cancelled(done=len(self.finished)))

    def fail(self, error: StylusError) -> None:
        """The whole job ended; what is finished stays."""
        kind, sentence = type(error).__name__, str(error)
        self.failures.append(Failed(job="", shot="", kind=kind, sentence=sentence))

    @property
    def finished(self) -> Sequence[Shot]:
        """Shots whose picture is safely on disk, in the order of the grid."""
        return [shot for shot in self.shots if shot.id in self.pictures]

    @property
    def lines(self) -> dict[str, str]:
        """A line for each finished shot; it keeps its number when a neighbour is missing."""
        known = zip(self.shots, captions(self.shots), strict=True)
        return {shot.id: line for shot, line in known if shot.id in self.pictures}

    def _seconds(self) -> float:
        return time.monotonic() - self.began
