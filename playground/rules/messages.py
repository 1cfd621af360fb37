"""Messages: what every one of them may hold, new or edited, with a bot's token or without."""

from collections.abc import Iterator

from playground.rules.fields import Fits, choice, flag, identity, is_id, many, of, one, one_of
from playground.rules.fields import text as line
from playground.rules.fields import whole as number
from playground.rules.nouns import Finding, MessageFlag, Thing
from playground.rules.reading import is_number, is_whole, listed, text, things
from playground.rules.states import after, is_edit, is_v2, kept, was_v2
from playground.rules.tree import Field, Rule, Spot, rule

MOST_NONCE = 25
INT64 = 2**63
ID: tuple[Fits, str, str] = (is_id, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
MENTIONS = ("users", "roles", "everyone")
MENTION: tuple[Fits, str, str] = (
    lambda value: one_of(value, MENTIONS),
    "BASE_TYPE_CHOICES",
    f"Value must be one of {MENTIONS}.",
)
LEGACY = ("content", "embeds", "poll", "sticker_ids")
"""What a message of Components V2 cannot have."""

TABLE: tuple[Field, ...] = (
    line("message", "content", 2000),
    many("message", "embeds", of("embed"), most=10),
    number("message", "flags"),
    one("message", "allowed_mentions", of("allowed_mentions")),
    flag("message.new", "tts"),
    one("message.new", "poll", of("poll")),
    many("message.channel", "sticker_ids", most=3, each=ID),
    one("message.channel", "message_reference", of("reference")),
    flag("message.channel", "enforce_nonce"),
    many("allowed_mentions", "parse", each=MENTION, unique=True),
    many("allowed_mentions", "users", most=100, each=ID, unique=True),
    many("allowed_mentions", "roles", most=100, each=ID, unique=True),
    flag("allowed_mentions", "replied_user"),
    identity("reference", "message_id", needed=True),
    identity("reference", "channel_id"),
    identity("reference", "guild_id"),
    flag("reference", "fail_if_not_exists"),
    choice("reference", "type", 0),
    one("poll", "question", of("poll.media"), needed=True),
    many("poll", "answers", of("poll.answer"), least=1, most=10, needed=True),
    flag("poll", "allow_multiselect"),
    choice("poll", "layout_type", 1),
    number("poll", "duration", 1, 768),
    one("poll.answer", "poll_media", of("poll.media"), needed=True),
    line("poll.media", "text", 300, least=1),
    one("poll.media", "emoji", of("poll.emoji")),
    identity("poll.emoji", "id"),
    line("poll.emoji", "name", 32),
    flag("poll.emoji", "animated"),
)


@rule("message.channel")
def a_nonce_is_short_text_or_a_number(spot: Spot) -> Iterator[Finding]:
    nonce = spot.get("nonce")
    if nonce is not None and not isinstance(nonce, str) and not is_whole(nonce):
        message = "This field must be a string or integer."
        yield Finding(("nonce",), "NONCE_TYPE_INVALID_TYPE", message)


@rule("message.channel")
def a_nonce_has_25_characters(spot: Spot) -> Iterator[Finding]:
    if len(text(spot.get("nonce"))) > MOST_NONCE:
        message = f"Must be {MOST_NONCE} or fewer characters long."
        yield Finding(("nonce",), "NONCE_TYPE_TOO_LONG", message)


@rule("message.channel")
def a_nonce_fits_64_bits(spot: Spot) -> Iterator[Finding]:
    nonce = spot.get("nonce")
    if is_number(nonce) and not -INT64 <= nonce < INT64:
        message = f"Must be between {-INT64} and {INT64 - 1}."
        yield Finding(("nonce",), "NONCE_TYPE_OUT_OF_BOUNDS", message)


@rule("allowed_mentions")
def mentions_are_all_or_named(spot: Spot) -> Iterator[Finding]:
    for kind in ("users", "roles"):
        if kind in listed(spot.get("parse")) and listed(spot.get(kind)):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            yield Finding(("parse",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


@rule("message")
def components_v2_stand_alone(spot: Spot) -> Iterator[Finding]:
    """Also what an edited message still has from before: it must be taken out with null."""
    for name in LEGACY:
        if is_v2(spot) and after(spot, name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            error = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            yield Finding((name,), error, message)


@rule("message.edit")
def components_v2_stay(spot: Spot) -> Iterator[Finding]:
    if was_v2(spot) and not is_v2_still(spot):
        message = "MessageFlags.IS_COMPONENTS_V2 cannot be removed."
        yield Finding(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", message)


def is_v2_still(spot: Spot) -> bool:
    """Whether the flags that are sent, if any, hold what the message was made with."""
    flags = spot.get("flags")
    return not is_whole(flags) or bool(int(flags) & MessageFlag.COMPONENTS_V2)


@rule("message")
def a_message_says_something(spot: Spot) -> Iterator[Finding]:
    unknown = is_edit(spot) and spot.call.context.message is None
    later = "defer" in spot.kinds
    if not unknown and not later and not _says_something(spot):
        yield Finding((), "", "Cannot send an empty message", 50006)


def _says_something(spot: Spot) -> bool:
    embeds = [embed for embed in things(after(spot, "embeds")) if _shows(embed)]
    parts = ("components", "poll", "sticker_ids", "sticker_items")
    rest = [after(spot, name) for name in parts]
    files = spot.call.context.files or kept(spot)
    return bool(text(after(spot, "content")).strip() or embeds or files or any(rest))


def _shows(embed: Thing) -> bool:
    return any(value for name, value in embed.items() if name not in {"type", "flags", "color"})


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    a_nonce_is_short_text_or_a_number,
    a_nonce_has_25_characters,
    a_nonce_fits_64_bits,
    mentions_are_all_or_named,
    components_v2_stand_alone,
    components_v2_stay,
    a_message_says_something,
)
