"""One adapter's examination: shots out, events in, until there is a verdict.

    without + its own weight -> sound and strong: done
                             -> sound, does next to nothing: the top of its range
                             -> not sound: less of it, until a weight is sound

So a sound adapter costs two rounds, a bad one as many as the budget has.  Whoever draws
the shots (this process, or a drawer behind two sockets) brings the events back.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from stylus_engine import errors
from stylus_engine.catalog.health import plan
from stylus_engine.catalog.health.features import Features, picture_features
from stylus_engine.catalog.health.figures import Rung, rung
from stylus_engine.catalog.nouns import Checked
from stylus_engine.errors import (
    AdapterChanged,
    AdapterFileMissing,
    BadAdapter,
    DrawFailed,
    DrawNotFinite,
)
from stylus_engine.model import Adapter, Checkpoint, Drawn, Event, Failed, Picture, Shot, Sketch
from stylus_engine.ports import Pictures, Pixels

WEAK = 0.1  # strength below which more of it is tried
NOTHING = 0.01  # strength below which it is said to do nothing
MOST_PREVIEWS = 4
Sketched = Callable[[str, str], Sketch | None]  # sha256 of a file, id of a checkpoint
# The file's own fault, for good; what is missing or changed may be mended, and is nobody's verdict.
REFUSED = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type)
    and issubclass(kind, BadAdapter)
    and not issubclass(kind, AdapterFileMissing | AdapterChanged)
)


@dataclass(eq=False)
class Examination:
    """One adapter under check. Ask for `shots`, tell what was `heard` of them, until there are none."""

    card: Adapter
    sha256: str
    checkpoint: Checkpoint
    pictures: Pictures
    job: str
    budget: plan.Budget = field(default_factory=plan.Budget)
    features: Features = picture_features
    sketched: Sketched | None = None
    fit: plan.Fit = plan.anything
    rungs: list[Rung] = field(default_factory=list[Rung])
    _drawn: dict[str, Picture] = field(default_factory=dict[str, Picture])
    _infinite: set[str] = field(default_factory=set[str])
    _refused: str = ""
    _ended: str = ""

    def shots(self) -> tuple[Shot, ...]:
        """What is to be drawn next; () when the verdict is clear.

        Raises `DrawFailed` when a shot failed for no fault of the adapter (no memory, a
        full disk, a file that is away, a cancel): another time.  Raises `BadManifest`
        when a picture is gone again.
        """
        if self._ended:
            raise DrawFailed(why=f"the check ended early. {self._ended.removesuffix('.')}")
        while (weight := self._weight()) is not None:
            if missing := self._missing(weight):
                return missing
            self.rungs.append(self._rung(weight))
        return ()

    def heard(self, event: Event) -> None:
        """Take note of a shot's end."""
        match event:
            case Drawn():
                self._drawn[event.shot] = event.picture
            case Failed(kind=kind) if kind in REFUSED:
                self._refused = event.sentence
            case Failed(kind=DrawNotFinite.__name__) if event.shot not in self._names(0.0):
                self._infinite.add(event.shot)
            case Failed():
                self._ended = event.sentence
            case _:
                pass

    def verdict(self) -> Checked:
        """What was found, once there are no more shots."""
        best = _no_picture(0.0, self._refused) if self._refused else chosen(self.rungs)
        return Checked(
            sha256=self.sha256,
            checkpoint=self.checkpoint.id,
            strength=round(best.strength, 4),
            direction=round(best.direction, 4),
            consistency=round(best.consistency, 4),
            saturation=round(best.saturation, 4),
            scale=best.weight,
            broken=best.fault,
            pictures=self._previews(best.weight),
            caveats=tuple(caveats(best, self.rungs)),
            sketch=self._sketch(),
        )

    def _sketch(self) -> Sketch | None:
        """Whoever drew has seen the file's factors, and may have left a sketch of them."""
        return self.sketched(self.sha256, self.checkpoint.id) if self.sketched else None

    @property
    def steps(self) -> int:
        """Denoising steps of all pictures so far."""
        return self._steps_each * len(self._drawn)

    @property
    def _steps_each(self) -> int:
        return plan.paced(self.checkpoint, self.budget).steps

    def _weight(self) -> float | None:
        """The next one to draw, within the budget."""
        each = self._steps_each * len(self._shots(0.0))
        if self._refused or each * (2 + len(self.rungs)) > self.budget.most_steps:
            return None
        return next_weight(self.card, self.rungs)

    def _missing(self, weight: float) -> tuple[Shot, ...]:
        """What a rung still needs: its own round, and once the round without."""
        ended = {*self._drawn, *self._infinite}
        wanted = (*self._shots(0.0), *self._shots(weight))
        return tuple(shot for shot in wanted if shot.id not in ended)

    def _rung(self, weight: float) -> Rung:
        if self._infinite & self._names(weight):
            return _no_picture(weight, "its numbers go to infinity")
        return rung(weight, self._pixels(weight), self._pixels(0.0), self.features)

    def _pixels(self, weight: float) -> Pixels:
        """(prompts, seeds, H, W, 3)."""
        found = [self.pictures.read(self._drawn[shot.id].id)[0] for shot in self._shots(weight)]
        return np.stack(found).reshape(-1, self.budget.seeds, *found[0].shape)

    def _shots(self, weight: float) -> tuple[Shot, ...]:
        return plan.shots(self.card, weight, self.checkpoint, self.budget, self.job, self.fit)

    def _names(self, weight: float) -> set[str]:
        return {shot.id for shot in self._shots(weight)}

    def _previews(self, weight: float) -> tuple[str, ...]:
        """Content addresses of the pictures that call it, at the weight that was chosen."""
        if not weight:
            return ()
        called = [s for s in self._shots(weight) if s.recipe.prompt != plan.NEUTRAL]
        return tuple(self._drawn[s.id].id for s in called if s.id in self._drawn)[:MOST_PREVIEWS]


def next_weight(card: Adapter, rungs: Sequence[Rung]) -> float | None:
    """What is worth another round, None when nothing is. See this file's head."""
    steps = plan.ladder(card)
    if all(each.fault for each in rungs):
        return next(iter(steps[len(rungs) :]), None)
    only_weak = len(rungs) == 1 and rungs[0].strength < WEAK
    return plan.stronger(card) if only_weak else None


def chosen(rungs: Sequence[Rung]) -> Rung:
    """The strongest that is sound; when none is, the last one tried, which was the weakest."""
    sound = [each for each in rungs if not each.fault]
    return max(sound, key=lambda each: each.strength) if sound else rungs[-1]


def caveats(best: Rung, rungs: Sequence[Rung]) -> Iterator[str]:
    """What its user should know though it is no reason against it."""
    if not best.fault and best.strength < NOTHING:
        yield "it changes next to nothing"
    yield from (
        f"at {each.weight:g} {each.fault}" for each in rungs if each.fault and not best.fault
    )


def _no_picture(weight: float, why: str) -> Rung:
    return Rung(weight, strength=0, direction=0, consistency=0, saturation=0, variety=0, fault=why)
