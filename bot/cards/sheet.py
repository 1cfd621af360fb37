"""All that a result card is made of, gathered before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.captions import lit
from bot.cards.letter import Enclosure
from bot.jobs.nouns import Job, Position, Seen
from stylus_engine.model import LIMITS, Shot, Survival


@dataclass(frozen=True, slots=True)
class Sheet:
    """A finished job, its positions by index, and the files to enclose (by position).

    `owner` asked for the job this one is based on.  `quiet`: without the prompt's
    words.  `most_edge`: the longest that may be drawn; no button leads beyond it.
    `rate`: with 👍 and 👎.
    """

    job: Job
    positions: tuple[Position, ...]
    files: Mapping[int, Enclosure] = field(default_factory=dict[int, Enclosure])
    seen: Seen | None = None
    owner: int | None = None
    checkpoint: str = ""
    quiet: bool = False
    most_edge: int = LIMITS.edge
    rate: bool = False

    @property
    def drawn(self) -> tuple[Position, ...]:
        """The positions that have a picture."""
        return tuple(position for position in self.positions if position.picture is not None)

    @property
    def failed(self) -> tuple[Position, ...]:
        """Those that ended without one."""
        return tuple(position for position in self.positions if position.error is not None)

    @property
    def shots(self) -> tuple[Shot, ...]:
        """What was drawn, in the grid's order."""
        return tuple(shot for position in self.drawn if (shot := shot_of(position)) is not None)

    @property
    def bare(self) -> bool:
        """Whether no picture lights any adapter."""
        return not any(lit(shot) for shot in self.shots)


def survival_of(position: Position) -> Survival | None:
    """What a look at the position's picture said, where there was something to say."""
    return None if position.picture is None else position.picture.manifest.survival


def shot_of(position: Position) -> Shot | None:
    """What the line planned, or else what the picture says of itself.

    A picture that was drawn a second time was drawn with other weights than were planned.
    """
    found = survival_of(position)
    if found is not None and found.repaired and position.picture is not None:
        return position.picture.manifest.shot
    if position.shot is not None or position.picture is None:
        return position.shot
    return position.picture.manifest.shot
