"""What Discord's refusals mean: its numbers and statuses as errors of ours."""

from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
import discord

from bot.delivery.wire import (
    Blocked,
    MessageGone,
    NoRights,
    Refused,
    ThreadClosed,
    TokenGone,
    TooBig,
    TooOld,
    Unreachable,
    WireError,
)

CODES: Final[Mapping[int, type[WireError]]] = {
    10003: MessageGone,  # unknown channel
    10008: MessageGone,
    10015: TokenGone,  # unknown webhook: an interaction that was never answered
    10062: TokenGone,  # unknown interaction
    20009: Blocked,  # explicit content
    30046: TooOld,
    40005: TooBig,
    40333: Unreachable,  # Cloudflare's 403, which passes
    50001: NoRights,
    50007: NoRights,  # closed direct messages
    50013: NoRights,
    50027: TokenGone,
    50045: TooBig,
    50083: ThreadClosed,
    160005: ThreadClosed,
    200000: Blocked,  # AutoMod
    200001: Blocked,
    240000: Blocked,  # harmful link
}
STATUSES: Final[Mapping[int, type[WireError]]] = {
    401: Unreachable,  # of the bot's own token: the operator's to mend, no job's fault
    403: NoRights,
    404: MessageGone,
    408: Unreachable,
    413: TooBig,
    429: Unreachable,
}


def translated(said: discord.HTTPException, *, by_token: bool = False) -> WireError:
    """Discord's number, else its status, as one of ours."""
    kind = CODES.get(said.code)
    if kind is None and by_token and said.status in {401, 404}:
        kind = TokenGone
    if kind is None:
        kind = STATUSES.get(said.status, Unreachable if said.status >= 500 else Refused)
    if kind is Unreachable:
        return Unreachable(str(said), after=_seconds(said.response.headers.get("Retry-After")))
    return kind(str(said))


def _seconds(header: str | None) -> float:
    try:
        return float(header or 0.0)
    except ValueError:
        return 0.0


def watching_limits(told: Callable[[], None]) -> aiohttp.TraceConfig:
    """For `Client(http_trace=…)`: discord.py waits out a 429 without telling anybody."""
    trace = aiohttp.TraceConfig()

    async def ended(_: object, __: object, request: aiohttp.TraceRequestEndParams) -> None:
        if request.response.status == 429:
            told()

    trace.on_request_end.append(ended)
    return trace
