"""What the courier needs of Discord, and of the one who writes.

    WireError
    ├── TokenGone     the interaction's token is not taken any more
    ├── MessageGone   the message, or its channel, is not there any more
    ├── TooOld        Discord does not let so old a message be edited again
    ├── NoRights      the bot may not do that here; also: the person takes no direct messages
    ├── TooBig        the files are larger than this place takes
    ├── Blocked       automatic moderation did not let the words pass
    ├── ThreadClosed  nothing can be changed in an archived thread, nor written in a locked one
    ├── Refused       any other no; the same letter will never pass
    ├── Unreachable   no answer: whether it took effect is unknown. Try again later
    └── Unreadable    the channel's history may not be read

All but the last two close the road they happened on.
"""

import base64
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ulid import ULID

from bot.crew.bus import News
from bot.jobs.nouns import Job, Place

Letter = TypeVar("Letter")
Written_co = TypeVar("Written_co", covariant=True)
Carried_contra = TypeVar("Carried_contra", contravariant=True)


@dataclass(eq=False)
class WireError(Exception):
    """Never raised itself. `why`: for the log."""

    why: str = ""

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.why})"


class TokenGone(WireError):
    """Expired, or of an interaction that was never answered."""


class MessageGone(WireError):
    """Somebody deleted the message or its channel."""


class TooOld(WireError):
    """The message is older than an hour and was edited too often."""


class NoRights(WireError):
    """A permission is missing, or the person's direct messages are closed."""


class TooBig(WireError):
    """A file, or all files together."""


class Blocked(WireError):
    """AutoMod, or a filter like it."""


class ThreadClosed(WireError):
    """Archived: a new message opens it. Or locked: none does."""


class Refused(WireError):
    """Discord will never take this."""


@dataclass(eq=False)
class Unreachable(WireError):
    """No answer, or one that says "later". `after`: not before so many seconds, when known."""

    after: float = 0.0


class Unreadable(WireError):
    """No right to read the history, or more of it than is read."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a letter stands now."""

    message: int
    channel: int


class Wire(Protocol[Carried_contra]):
    """Discord, as far as the delivery uses it. Each call raises of the tree above what fits."""

    async def edit_by_token(self, job: Job, letter: Carried_contra) -> Sent:
        """Replace the first answer to the job's interaction: words and files."""
        ...

    async def original(self, job: Job) -> Sent | None:
        """Where the first answer stands; None: it was never given.

        `MessageGone`: it was, and somebody deleted it; `TokenGone`: nobody can say.
        """
        ...

    async def edit_by_bot(self, channel: int, message: int, letter: Carried_contra) -> Sent:
        """Replace a message of ours."""
        ...

    async def send(
        self, channel: int, nonce: str, letter: Carried_contra, *, reply_to: int | None = None
    ) -> Sent:
        """Write anew. The same nonce within Discord's memory gives back the first message."""
        ...

    async def private(self, user: int) -> int:
        """The channel between this person and us; made when there is none."""
        ...

    async def find(self, channel: int, since: float, job: str) -> Sent | None:
        """Our first message since then that carries a card of this job; `Unreadable`.

        A card has a custom_id of the job with another action than "cancel": a status
        message has none.
        """
        ...

    async def holds(self, channel: int, message: int, job: str) -> bool:
        """Whether this message of ours carries a card of this job; `MessageGone`, `Unreadable`."""
        ...

    async def delete(self, channel: int, message: int) -> None:
        """Take a message of ours away."""
        ...


class Clerk(Protocol[Written_co]):
    """Writes letters. May raise `NoWorker` (ask again later) or another `StylusError` (never)."""

    async def status(
        self, job: Job, news: News | None, place: Place | None, *, quiet: bool = False
    ) -> Written_co:
        """How far it is. `quiet`: without the prompt's words."""
        ...

    async def result(self, job: Job, *, shrink: int = 0, quiet: bool = False) -> Written_co:
        """The card. `shrink`: how often it was too big; `quiet`: without the prompt's words."""
        ...

    async def ended(self, job: Job, *, quiet: bool = False) -> Written_co:
        """That it failed, was cancelled or could not be delivered. `quiet` as for a result."""
        ...

    async def notice(self, job: Job, key: str, **facts: object) -> Written_co:
        """A short line; "ready" mentions who asked."""
        ...


def nonce(job: str, tail: str = "") -> str:
    """22 characters of base64url for the job's ULID, and at most 3 of `tail`."""
    return base64.urlsafe_b64encode(ULID.from_str(job).bytes).rstrip(b"=").decode() + tail
