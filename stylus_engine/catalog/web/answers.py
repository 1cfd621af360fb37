"""What a status, a header or a dropped line means: decided here, acted on elsewhere."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.web.addresses import INSIDE, Inside
from stylus_engine.errors import (
    BadSource,
    SourceOdd,
    SourceRefused,
    SourceSilent,
    UnsafeAddress,
)

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REASONS = {
    400: "it does not understand the question",
    401: "it asks for a login or a token",
    402: "it asks for money",
    403: "access is not allowed: gated, early access, or a token is missing",
    404: "there is nothing under this address",
    410: "it was removed",
    416: "it has no such part",
    451: "it may not be shown here for legal reasons",
}


class Again(Exception):
    """Worth another try. `after` are the seconds that were asked for, None = not said."""

    def __init__(self, silent: SourceSilent, after: float | None = None) -> None:
        super().__init__(silent.why)
        self.silent = silent
        self.after = after


def objection(
    status: int, headers: Mapping[str, str], said: bytes, source: str
) -> Again | BadSource | None:
    """What a status that is neither success nor redirect means; None for a success."""
    if status in AGAIN:
        silent = SourceSilent(source=source, why=f"it answers with {status}{_quoted(said)}")
        return Again(silent, retry_after(headers.get("Retry-After", "")))
    if 400 <= status < 500:
        why = REASONS.get(status, "it gives no reason we know") + _quoted(said)
        return SourceRefused(source=source, status=status, why=why)
    if not 200 <= status < 300 or status in {204, 205}:
        return SourceOdd(source=source, why=f"status {status}{_quoted(said)}")
    return None


class _Said(msgspec.Struct):
    """The few shapes in which services name a reason."""

    error: object = None
    message: object = None
    deadline: object = None


def _quoted(said: bytes) -> str:
    """The service's own words, when it sent JSON with some; they are untrusted text."""
    try:
        told = msgspec.json.decode(said, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    words = [text for text in (told.error, told.message, told.deadline) if isinstance(text, str)]
    text = clean.line(" ".join(words), 120)
    return f" (“{text}”)" if text else ""


def retry_after(text: str, now: datetime | None = None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None when nothing sensible is said."""
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


@contextmanager
def mapped(source: str) -> Generator[None]:
    """The wall: aiohttp's errors become ours. Raises `Again` where another try may help."""
    try:
        yield
    except TimeoutError as error:
        raise _again(source, "it takes too long") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise SourceSilent(source=source, why="its certificate is not trusted") from error
    except aiohttp.ClientConnectorError as error:
        raise _unconnected(source, error) from error
    except aiohttp.InvalidURL as error:
        raise UnsafeAddress(source=source, why="it cannot be read") from error
    except aiohttp.ClientResponseError as error:
        raise SourceOdd(source=source, why="it does not speak HTTP as it should") from error
    except aiohttp.ClientError as error:
        raise _again(source, "the connection broke off") from error


def _unconnected(source: str, error: aiohttp.ClientConnectorError) -> Exception:
    if isinstance(error.os_error, Inside):
        return UnsafeAddress(source=source, why=INSIDE)
    return _again(source, "no connection is made")


def _again(source: str, why: str) -> Again:
    return Again(SourceSilent(source=source, why=why))
