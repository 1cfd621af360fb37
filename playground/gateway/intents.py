"""Intents: who asked to hear what, and what of a message is told to those who did not."""

from playground.shapes import Json

GUILDS, MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_TYPING = 1 << 9, 1 << 11
DIRECT_MESSAGES, DIRECT_TYPING, MESSAGE_CONTENT = 1 << 12, 1 << 14, 1 << 15
KNOWN = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25
PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT

IN_GUILDS = {
    "GUILD_CREATE": GUILDS,
    "GUILD_DELETE": GUILDS,
    "CHANNEL_CREATE": GUILDS,
    "CHANNEL_UPDATE": GUILDS,
    "CHANNEL_DELETE": GUILDS,
    "THREAD_UPDATE": GUILDS,
    "MESSAGE_CREATE": GUILD_MESSAGES,
    "MESSAGE_UPDATE": GUILD_MESSAGES,
    "MESSAGE_DELETE": GUILD_MESSAGES,
    "TYPING_START": GUILD_TYPING,
}
IN_DIRECT = {
    "MESSAGE_CREATE": DIRECT_MESSAGES,
    "MESSAGE_UPDATE": DIRECT_MESSAGES,
    "MESSAGE_DELETE": DIRECT_MESSAGES,
    "TYPING_START": DIRECT_TYPING,
}
WITH_CONTENT = {"MESSAGE_CREATE", "MESSAGE_UPDATE"}


def hears(intents: int, event: str, *, guild: bool) -> bool:
    """Events that no intent governs are heard by all."""
    needed = (IN_GUILDS if guild else IN_DIRECT).get(event, 0)
    return not needed or bool(intents & needed)


def told(intents: int, event: str, data: Json, *, guild: bool, bot: int) -> Json:
    """A message's insides are blank without MESSAGE_CONTENT, unless they concern the bot."""
    if event not in WITH_CONTENT or intents & MESSAGE_CONTENT or not guild:
        return data
    own = data["author"]["id"] == str(bot)
    mentioned = any(person["id"] == str(bot) for person in data["mentions"])
    if own or mentioned:
        return data
    blank: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    if "message_snapshots" not in data:
        return data | blank
    snapshots = [{"message": each["message"] | blank} for each in data["message_snapshots"]]
    return data | blank | {"message_snapshots": snapshots}
