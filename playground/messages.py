"""Messages: what is kept of one, and the book of all of them by channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from playground.files import Attachment
from playground.shapes import Json, unknown
from playground.world import User

CROSSPOSTED, SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SILENT, SNAPSHOT, V2 = (
    1,
    4,
    64,
    128,
    4096,
    16384,
    32768,
)
DEFAULT, REPLY, CHAT_COMMAND, MENU_COMMAND = 0, 19, 20, 23


@dataclass(slots=True, eq=False)
class Message:
    """One message; `only_for` names the one person who sees an ephemeral one."""

    id: int
    channel: int
    author: User
    made_at: float
    kind: int = DEFAULT
    content: str = ""
    components: list[Json] = field(default_factory=list[Json])
    embeds: list[Json] = field(default_factory=list[Json])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    flags: int = 0
    tts: bool = False
    edited_at: float | None = None
    only_for: int | None = None
    nonce: str | int | None = None
    interaction: int | None = None  # by whose token it may be reached
    metadata: Json | None = None
    reply_to: int | None = None
    forwards: "Message | None" = None  # as it was then
    mentions: tuple[int, ...] = ()
    everyone: bool = False
    edits: list[float] = field(
        default_factory=list[float]
    )  # monotonic times of late edits by the bot token

    def visible_to(self, user: int) -> bool:
        return self.only_for is None or self.only_for == user

    def reachable_by_bot(self) -> bool:
        """The bot token never reaches an ephemeral message."""
        return self.only_for is None


@dataclass(slots=True)
class Book:
    """All messages, oldest first in each channel; ids only rise, so the order is theirs."""

    by_id: dict[int, Message] = field(default_factory=dict[int, Message])
    by_channel: dict[int, dict[int, Message]] = field(default_factory=dict[int, dict[int, Message]])
    nonces: dict[tuple[int, str], tuple[float, Message]] = field(
        default_factory=dict[tuple[int, str], tuple[float, Message]]
    )

    def add(self, message: Message) -> Message:
        self.by_id[message.id] = message
        self.by_channel.setdefault(message.channel, {})[message.id] = message
        return message

    def remove(self, message: Message) -> None:
        del self.by_id[message.id]
        del self.by_channel[message.channel][message.id]

    def get(self, channel: int, message: int) -> Message:
        """Raises 10008 when it is not in that channel."""
        found = self.by_id.get(message)
        if found is None or found.channel != channel:
            raise unknown("message")
        return found

    def of(self, channel: int) -> Iterator[Message]:
        return iter(self.by_channel.get(channel, {}).values())

    def remembered(self, author: int, nonce: str, now: float, seconds: float) -> Message | None:
        """What the same author sent with this nonce while it is remembered."""
        at, message = self.nonces.get((author, nonce), (0.0, None))
        return message if message is not None and now - at < seconds else None

    def remember(self, message: Message, now: float) -> None:
        if message.nonce is not None:
            self.nonces[message.author.id, str(message.nonce)] = (now, message)


def page(
    messages: Sequence[Message],
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> list[Message]:
    """GET messages: newest first, as Discord pages them."""
    if around is not None:
        older = [m for m in messages if m.id < around][-(limit // 2) :] if limit > 1 else []
        newer = [m for m in messages if m.id >= around][: limit - len(older)]
        return [*older, *newer][::-1]
    if after is not None:
        return [m for m in messages if m.id > after][:limit][::-1]
    kept = [m for m in messages if before is None or m.id < before]
    return kept[-limit:][::-1]
