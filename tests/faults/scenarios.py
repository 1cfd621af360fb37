"""What the world does while the bot is dead."""

from collections.abc import Awaitable, Callable, Mapping

from tests.faults.crowd import CHANNELS, Crowd

Scenario = Callable[[Crowd, str], Awaitable[dict[str, object]]]
FORGETFUL: dict[str, object] = {
    "delivery__nonce_seconds": 0.05
}  # what Discord forgot, we do not trust in


async def at_once(crowd: Crowd, job: str) -> dict[str, object]:
    """Nothing happens."""
    return {}


async def nonces_forgotten(crowd: Crowd, job: str) -> dict[str, object]:
    """The restart comes after Discord has forgotten what was sent with which nonce."""
    await crowd.play.clock(forget_nonces=True)
    return FORGETFUL


async def message_deleted(crowd: Crowd, job: str) -> dict[str, object]:
    """A moderator deletes what stands there of the job; of any, when the kill met none."""
    pages = [p for kind in ("card", "status") for p in crowd.witness.showing(kind, job)]
    for page in pages:
        if page.gone is None:
            await crowd.delete(page.last.message)
    if not pages and (any_one := next(crowd.witness.now("status"), None)):
        await crowd.delete(any_one.message)
    return {}


async def history_unreadable(crowd: Crowd, job: str) -> dict[str, object]:
    """The bot may no longer read what was written in the channel."""
    await crowd.play.deny(CHANNELS[0], "READ_MESSAGE_HISTORY")
    crowd.channel = CHANNELS[1]
    return {}


async def unreadable_and_forgotten(crowd: Crowd, job: str) -> dict[str, object]:
    """Nobody can know any more whether a message was sent."""
    await history_unreadable(crowd, job)
    return await nonces_forgotten(crowd, job)


async def token_expired(crowd: Crowd, job: str) -> dict[str, object]:
    """The interactions' tokens are dead."""
    await crowd.play.clock(expire_tokens=True)
    return {}


async def no_files(crowd: Crowd, job: str) -> dict[str, object]:
    """Dead tokens, and no pictures may be sent any more: an edit can be looked at, not repeated."""
    await crowd.play.deny(CHANNELS[0], "ATTACH_FILES")
    crowd.channel = CHANNELS[1]
    return await token_expired(crowd, job)


SCENARIOS: Mapping[str, Scenario] = {
    "at once": at_once,
    "nonces forgotten": nonces_forgotten,
    "message deleted": message_deleted,
    "history unreadable": history_unreadable,
    "unreadable, nonces forgotten": unreadable_and_forgotten,
    "token expired": token_expired,
}
NO_FILES = "token expired, no files"
EVERY: Mapping[str, Scenario] = {**SCENARIOS, NO_FILES: no_files}


async def calm(crowd: Crowd) -> None:
    """All rights are given back."""
    await crowd.play.deny(CHANNELS[0])
    crowd.channel = CHANNELS[0]
