"""The one secret: the bot's token. From the environment or a file of its own, never told again."""

import os
import stat
from pathlib import Path

from bot.sections import DiscordSettings
from stylus_engine.errors import BadSettings

MOST = 4096  # bytes; a token has about 70


def token(discord: DiscordSettings) -> str:
    """The token without the spaces and line ends of an editor. Raises `BadSettings`."""
    found = discord.token or _read(discord.token_file)
    if not found.strip():
        why = "there is no token; run `stylus setup`, or set STYLUS_DISCORD__TOKEN"
        raise BadSettings(where="discord.token", why=why)
    return found.strip()


def keep(path: Path, secret: str) -> None:
    """Write a file that only its owner can read; it has these rights before it has its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.part")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{secret.strip()}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def readable_by_others(path: Path) -> bool:
    """Whether other people of this machine could read the file."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _read(path: str) -> str:
    if not path:
        return ""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(MOST)
    except (OSError, UnicodeError) as error:
        why = f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not a text'})"
        raise BadSettings(where="discord.token_file", why=why) from error
