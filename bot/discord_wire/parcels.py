"""What goes and what comes: a letter as the body of a request, a message as whom it names."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bot.cards.letter import Letter
from bot.delivery.wire import Refused, Sent, Unreachable

if TYPE_CHECKING:  # discord.py's payload types exist for checkers only
    from discord.types.message import MessageReference


@contextmanager
def packed(
    letter: Letter, nonce: str | None = None, reference: "MessageReference" = discord.utils.MISSING
) -> Generator[MultipartParameters]:
    """The body of one request, its files opened for it and closed after it."""
    try:
        files = letter.attachments()
    except FileNotFoundError as gone:
        raise Refused(f"a file cannot be read: {gone}") from gone
    except OSError as shut:  # too many are open, a disk does not answer: that passes
        raise Unreachable(f"a file cannot be read: {shut}") from shut
    view = letter.view()
    view.stop()  # nobody waits for it: every press comes to the router
    with handle_message_parameters(
        view=view,
        attachments=files,  # exactly these: what an edited message had before goes away
        allowed_mentions=letter.allowed,
        nonce=nonce,  # sets `enforce_nonce` too
        message_reference=reference,
    ) as parcel:
        yield parcel


def reply(channel: int, message: int | None) -> "MessageReference":
    """What makes a message the answer to another one; it is sent where that one is gone, too."""
    if message is None:
        return discord.utils.MISSING  # typed as anything
    here = {"message_id": str(message), "channel_id": str(channel)}
    return {**here, "fail_if_not_exists": False}  # pyright: ignore[reportReturnType] - the two ids


def sent(answer: object) -> Sent:
    """Which message an answer tells of. Raises `Unreachable` for what is no message: a proxy's page, say."""
    match answer:
        case {"id": str(message), "channel_id": str(channel)}:
            return Sent(int(message), int(channel))
        case _:
            raise Unreachable(f"no message: {answer!r:.80}")


def custom_ids_in(components: object) -> Iterator[str]:
    """Every custom_id in a tree of components, however deep."""
    if isinstance(components, list):
        for inner in cast("list[object]", components):
            yield from custom_ids_in(inner)
    elif isinstance(components, dict):
        parts = cast("dict[str, object]", components)
        if isinstance(found := parts.get("custom_id"), str):
            yield found
        yield from custom_ids_in(list(parts.values()))
