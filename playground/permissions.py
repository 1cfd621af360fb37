"""Discord's permission bits, and what a member may do in a channel."""

from collections.abc import Iterable

NAMES = [
    "CREATE_INSTANT_INVITE",
    "KICK_MEMBERS",
    "BAN_MEMBERS",
    "ADMINISTRATOR",
    "MANAGE_CHANNELS",
    "MANAGE_GUILD",
    "ADD_REACTIONS",
    "VIEW_AUDIT_LOG",
    "PRIORITY_SPEAKER",
    "STREAM",
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "SEND_TTS_MESSAGES",
    "MANAGE_MESSAGES",
    "EMBED_LINKS",
    "ATTACH_FILES",
    "READ_MESSAGE_HISTORY",
    "MENTION_EVERYONE",
    "USE_EXTERNAL_EMOJIS",
    "VIEW_GUILD_INSIGHTS",
    "CONNECT",
    "SPEAK",
    "MUTE_MEMBERS",
    "DEAFEN_MEMBERS",
    "MOVE_MEMBERS",
    "USE_VAD",
    "CHANGE_NICKNAME",
    "MANAGE_NICKNAMES",
    "MANAGE_ROLES",
    "MANAGE_WEBHOOKS",
    "MANAGE_GUILD_EXPRESSIONS",
    "USE_APPLICATION_COMMANDS",
    "REQUEST_TO_SPEAK",
    "MANAGE_EVENTS",
    "MANAGE_THREADS",
    "CREATE_PUBLIC_THREADS",
    "CREATE_PRIVATE_THREADS",
    "USE_EXTERNAL_STICKERS",
    "SEND_MESSAGES_IN_THREADS",
    "USE_EMBEDDED_ACTIVITIES",
    "MODERATE_MEMBERS",
]
BITS = {name: 1 << bit for bit, name in enumerate(NAMES)}
EVERYTHING = sum(BITS.values())


def bits(names: Iterable[str]) -> int:
    """Raises `KeyError` for a name Discord does not have."""
    total = 0
    for name in names:
        total |= BITS[name]
    return total


def has(permissions: int, *names: str) -> bool:
    """An administrator has everything."""
    wanted = bits(names)
    return permissions & wanted == wanted or bool(permissions & BITS["ADMINISTRATOR"])


PEOPLE = bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "SEND_MESSAGES_IN_THREADS",
        "EMBED_LINKS",
        "ATTACH_FILES",
        "READ_MESSAGE_HISTORY",
        "ADD_REACTIONS",
        "USE_APPLICATION_COMMANDS",
        "USE_EXTERNAL_EMOJIS",
        "CHANGE_NICKNAME",
    ]
)
MODERATORS = bits(["MANAGE_MESSAGES", "MANAGE_GUILD", "KICK_MEMBERS", "MODERATE_MEMBERS"])
BOT = bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "SEND_MESSAGES_IN_THREADS",
        "EMBED_LINKS",
        "ATTACH_FILES",
        "READ_MESSAGE_HISTORY",
    ]
)
