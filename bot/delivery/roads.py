"""Which road next: decided purely, from the job, the time and what was tried."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.delivery.wire import MessageGone, Unreachable
from bot.jobs.nouns import Delivery, Job, Road
from bot.jobs.posting import INTERRUPTED
from bot.sections import DeliverySettings

ORDER: tuple[Road, ...] = ("token", "bot", "new")
EDITS: tuple[Road, ...] = ("token", "bot")
_UNKNOWN = (None, INTERRUPTED, Unreachable.__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Discord's lifetimes, in seconds."""

    token_margin: float
    old_message: float
    nonce: float
    acknowledge: float
    edit: float
    ping_after: float

    @classmethod
    def of(cls, settings: DeliverySettings) -> "Limits":
        return cls(
            token_margin=settings.token_margin_seconds,
            old_message=settings.old_message_seconds,
            nonce=settings.nonce_seconds,
            acknowledge=settings.acknowledge_seconds,
            edit=settings.edit_seconds,
            ping_after=settings.ping_after_seconds,
        )


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt. `error`: the class name of what was said; None: nobody knows."""

    road: Road
    error: str | None = None

    @property
    def doubtful(self) -> bool:
        """Whether it may have taken effect all the same."""
        return self.error in _UNKNOWN


def tries(deliveries: Iterable[Delivery]) -> tuple[Try, ...]:
    """What the line remembers; an attempt without an end was cut off by a crash."""
    return tuple(Try(each.road, each.outcome) for each in deliveries)


def in_doubt(tried: Sequence[Try]) -> bool:
    """Whether an edit may stand that nobody confirmed."""
    return any(each.doubtful for each in tried if each.road in EDITS)


def next_road(job: Job, now: float, limits: Limits, tried: Sequence[Try]) -> Road | None:
    """The first road that is open; None: the job is undeliverable.

    Whoever may have written anew stays on that road: going back to an edit could make
    two of one.
    """
    shut = {each.road for each in tried if not each.doubtful}
    if any(each.doubtful for each in tried if each.road == "new"):
        return None if "new" in shut else "new"
    for road in ORDER:
        if road not in shut and _open(road, job, now, limits, tried):
            return road
    return None


def _open(road: Road, job: Job, now: float, limits: Limits, tried: Sequence[Try]) -> bool:
    match road:
        case "token":
            return token_lives(job, now, limits)
        case "bot":
            return editable(job, now, limits, repeats=in_doubt(tried)) and not _gone(tried)
        case "new":
            return job.origin.roads_beside_token


def token_lives(job: Job, now: float, limits: Limits) -> bool:
    """Whether the token may still be used: never within the margin before its end."""
    return now < job.origin.token_until - limits.token_margin


def editable(job: Job, now: float, limits: Limits, *, repeats: bool = False) -> bool:
    """Whether the bot can reach the job's message: an ephemeral one it never can.

    An old message is edited only to `repeat` what may stand there already.
    """
    if job.private or job.message is None or not job.origin.roads_beside_token:
        return False
    return repeats or now - (job.message_at or job.made_at) < limits.old_message


def _gone(tried: Sequence[Try]) -> bool:
    return any(each.error == MessageGone.__name__ for each in tried if each.road in EDITS)
