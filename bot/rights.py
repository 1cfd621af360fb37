"""What the bot must be allowed to do in a channel, asked before anything is promised.

Discord sends the bot's rights in the channel with every interaction, so that this
costs no request.  The same rows make the link that installs the bot: what is asked
for there is what is checked here.  Bits: Discord's documentation, "Permissions".
"""

from dataclasses import dataclass

from bot.refusals import MissingRights


@dataclass(frozen=True, slots=True)
class Right:
    """One permission: its bit, and its name as Discord's client shows it."""

    bit: int
    name: str


VIEW = Right(1 << 10, "View Channel")
SEND = Right(1 << 11, "Send Messages")
FILES = Right(1 << 15, "Attach Files")
HISTORY = Right(1 << 16, "Read Message History")  # to see, after a crash, what was posted
SEND_IN_THREADS = Right(1 << 38, "Send Messages in Threads")
MANAGE_MESSAGES = Right(1 << 13, "Manage Messages")  # of a person, never asked for the bot
MANAGE_GUILD = Right(1 << 5, "Manage Server")  # likewise
ADMINISTRATOR = Right(1 << 3, "Administrator")

NEEDED: tuple[Right, ...] = (VIEW, SEND, SEND_IN_THREADS, FILES, HISTORY)
INSTALL_PERMISSIONS: int = sum(right.bit for right in NEEDED)


def needed(*, thread: bool) -> tuple[Right, ...]:
    """The rows that count in this kind of channel."""
    unneeded = SEND if thread else SEND_IN_THREADS
    return tuple(right for right in NEEDED if right != unneeded)


def missing(permissions: int, *, thread: bool = False) -> tuple[Right, ...]:
    """What the bot lacks, of what it needs here."""
    return tuple(right for right in needed(thread=thread) if not has(permissions, right))


def has(permissions: int, right: Right) -> bool:
    """An administrator has every right."""
    return bool(permissions & (right.bit | ADMINISTRATOR.bit))


def require(permissions: int, *, channel: int, thread: bool = False) -> None:
    """Raise `MissingRights` that names every right the bot lacks."""
    lacking = missing(permissions, thread=thread)
    if lacking:
        names = ", ".join(right.name for right in lacking)
        raise MissingRights(rights=names, channel=channel)


def install_link(application: int) -> str:
    """Where an administrator adds the bot to a server, with these rights and no more."""
    return (
        "https://discord.com/oauth2/authorize"
        f"?client_id={application}&scope=bot+applications.commands"
        f"&permissions={INSTALL_PERMISSIONS}&integration_type=0"
    )
