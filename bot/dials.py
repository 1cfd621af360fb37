"""Steps, guidance and sampler of a request: as said, else as set, else left to the checkpoint."""

from typing import NamedTuple

from bot.sections import AUTO, DrawingSettings
from stylus_engine.model import Request, most_steps
from stylus_engine.model.request import Firm

_BLANK = Request(prompt="…")  # a request's own numbers stand where the checkpoint sets them


class Dials(NamedTuple):
    """`unsaid` names what neither a person nor the settings say."""

    steps: int
    guidance: float
    sampler: str
    unsaid: tuple[Firm, ...]


def dialled(
    drawing: DrawingSettings,
    steps: int | None = None,
    guidance: float | None = None,
    sampler: str | None = None,
) -> Dials:
    """Where the checkpoint sets the steps, they are the most that it may set."""
    named = drawing.sampler if sampler is None else sampler
    called = _BLANK.sampler if named == AUTO else named
    asked = drawing.steps if steps is None else steps
    strict = drawing.guidance if guidance is None else guidance
    open_: dict[Firm, bool] = {
        "steps": asked == AUTO, "guidance": strict == AUTO, "sampler": named == AUTO,
    }  # fmt: skip
    return Dials(
        steps=min(drawing.most_steps, most_steps(called)) if asked == AUTO else asked,
        guidance=_BLANK.guidance if strict == AUTO else strict,
        sampler=called,
        unsaid=tuple(name for name, left in open_.items() if left),
    )
