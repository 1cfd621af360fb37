"""Secrets: the bot's token, keys of other services. From the environment or a file, never told again."""

import io
import os
import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from bot.sections import DiscordSettings, Guarded
from stylus_engine.errors import BadSettings
from stylus_engine.opening import opened

Kept = TypeVar("Kept", bound=Guarded)
MOST = 4096  # bytes; a token has about 70


def token(discord: DiscordSettings) -> str:
    """The token without the spaces and line ends of an editor. Raises `BadSettings`."""
    found = secret(discord, "token", "discord")
    if not found:
        why = "there is no token; run `stylus setup`, or set STYLUS_DISCORD__TOKEN"
        raise BadSettings(where="discord.token", why=why)
    return found


def secret(section: Guarded, key: str, name: str) -> str:
    """A secret of the table `name`, set there or in the file that it names; "" = there is none.

    Raises `BadSettings` for a file that cannot be read.
    """
    place = f"{key}_file"
    return (getattr(section, key) or _read(getattr(section, place), f"{name}.{place}")).strip()


def without(section: Kept, *keys: str) -> Kept:
    """The same table without these secrets, for a process that must not know them."""
    blank = {each: "" for key in keys for each in (key, f"{key}_file")}
    return msgspec.structs.replace(section, **blank)


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


def exposed(settings: msgspec.Struct) -> list[str]:
    """Files of secrets that the tables name and that other people of this machine could read."""
    tables = (getattr(settings, name) for name in settings.__struct_fields__)
    secretive = [table for table in tables if isinstance(table, Guarded)]
    named = (
        getattr(table, name)
        for table in secretive
        for name in table.__struct_fields__
        if name.endswith(("token_file", "key_file"))
    )
    return [path for path in named if path and _readable_by_others(Path(path))]


def _readable_by_others(path: Path) -> bool:
    """What cannot be looked at, or has no such rights (Windows), is not said to be readable."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return os.name == "posix" and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def _read(path: str, where: str) -> str:
    if not path:
        return ""
    try:
        with io.TextIOWrapper(opened(Path(path)), encoding="utf-8") as file:
            return file.read(MOST)
    except (OSError, UnicodeError) as error:
        why = f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not a text'})"
        raise BadSettings(where=where, why=why) from error
