"""A job that never was: what the edit window of a picture without one is filled from, and read by."""

from bot.custom_ids import NOBODY
from bot.jobs.nouns import Job, Origin
from stylus_engine.model import Request

NO_REQUEST = Request(prompt="…")  # of a draft whose window came back: only its plan, none, is read


def draft_of(origin: Origin, request: Request = NO_REQUEST) -> Job:
    """In no line, of nobody."""
    return Job(
        id=NOBODY,
        root=NOBODY,
        source=None,
        action="imagine",
        index=None,
        state="posted",
        origin=origin,
        private=False,
        request=request,
        made_at=0.0,
    )
