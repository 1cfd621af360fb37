"""How the bot says no: the branch of the tree of errors that belongs to people in a line.

    Refusal
    ├── Banned            this person may not use the bot here
    ├── LineFull          this person has as many jobs as one may have
    ├── MissingRights     the bot may not post in this channel
    ├── Unsafe            words that are never drawn
    ├── Forbidden         another person's job, a moderator's button
    ├── JobGone           too old, or never was
    ├── NotFinished       a button that needs pictures which are not there yet
    ├── NothingToChange   the job has no adapters, or no other masks
    ├── TooLate           it can no longer be cancelled or restored
    ├── WindowTooLate     looking took so long that Discord opens no window any more
    ├── NotAPicture       an attachment that is no picture, or no picture of ours
    ├── LearningOff       votes are not wanted in this server
    ├── SamePreset        a comparison of something with itself
    ├── Compared          a button of a result on a comparison, which has no such ways on
    ├── Revealed          a ballot after everybody knows what was what
    ├── WorkerLost        the worker died twice with this job
    ├── NoWorker          nobody is there who could answer now
    └── LineAway          the database does not answer, or takes nothing

Each class has one text, `error-…`, in the message catalogue (`bot/texts`); so has
every class of the engine's tree.  A refusal is a frozen set of facts.
"""

import sqlite3
from dataclasses import dataclass

from stylus_engine.errors import StylusError
from stylus_engine.errors.databases import said

LOCKED = "55P03"  # PostgreSQL's word for a lock that was waited for in vain


@dataclass(eq=False)
class Refusal(StylusError):
    """Never raised itself."""

    def __str__(self) -> str:
        """For logs; people read the catalogue's text."""
        facts = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({facts})"


@dataclass(eq=False)
class Banned(Refusal):
    """This person may not use the bot here."""

    reason: str


@dataclass(eq=False)
class LineFull(Refusal):
    """This person has as many jobs as one may have."""

    running: int
    waiting: int
    most: int


@dataclass(eq=False)
class MissingRights(Refusal):
    """The bot may not post in this channel. `rights` as Discord's client names them."""

    rights: str
    channel: int


@dataclass(eq=False)
class Unsafe(Refusal):
    """Words that are never drawn: the class, and the words of the person's own prompt."""

    what: str
    words: str


@dataclass(eq=False)
class Forbidden(Refusal):
    """Another person's job, or a moderator's button."""

    owner: int


@dataclass(eq=False)
class JobGone(Refusal):
    """Too old, or never was."""

    job: str


@dataclass(eq=False)
class NotFinished(Refusal):
    """A button that needs pictures which are not there yet."""

    job: str


@dataclass(eq=False)
class NothingToChange(Refusal):
    """The job has no adapters, or no other masks."""

    job: str


@dataclass(eq=False)
class TooLate(Refusal):
    """It can no longer be cancelled or restored."""

    state: str


@dataclass(eq=False)
class WindowTooLate(Refusal):
    """Looking took so long that Discord opens no window any more."""


@dataclass(eq=False)
class NotAPicture(Refusal):
    """An attachment that is no picture, or no picture of ours."""

    name: str


@dataclass(eq=False)
class LearningOff(Refusal):
    """Votes are not wanted in this server."""


@dataclass(eq=False)
class SamePreset(Refusal):
    """A comparison of something with itself."""

    name: str


@dataclass(eq=False)
class Compared(Refusal):
    """A button of a result on a comparison, which has no such ways on."""


@dataclass(eq=False)
class Revealed(Refusal):
    """A ballot after everybody knows what was what."""


@dataclass(eq=False)
class WorkerLost(Refusal):
    """The worker died with this job, as often as a job may be tried."""

    attempts: int


@dataclass(eq=False)
class NoWorker(Refusal):
    """Nobody is there who could answer now."""


@dataclass(eq=False)
class LineAway(Refusal):
    """The database does not answer, or takes nothing: that passes, or an operator mends it."""

    def __str__(self) -> str:
        """For logs."""
        return f"the database cannot be used ({self.why})"

    @property
    def why(self) -> str:
        """What is wrong with it, in short; one that waited in vain says nothing."""
        return database_words(self.__cause__) or "it does not answer"


def database_words(error: BaseException | None) -> str:
    """What a driver's error says, in a line, and in our words where we have some."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return said(cause)
    if getattr(cause, "sqlstate", None) == LOCKED:
        return "somebody else has been writing to it for too long"
    told = cause.strerror if isinstance(cause, OSError) else None
    return (told or str(cause or "")).partition("\n")[0]
