"""Writes config.toml over what stands there: comments and keys that nobody asked about stay."""

# tomlkit's containers do not say what they hold.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from stylus_engine.errors import BadSettings
from stylus_engine.pictures.files import write

Answers: TypeAlias = Mapping[str, Mapping[str, object]]

OPENING = "Written by `stylus setup`; config.example.toml explains every key."


def merge(path: Path, answers: Answers) -> str:
    """The file's new text. Raises `BadSettings` for a file that is not TOML."""
    page = _read(path)
    for name, values in answers.items():
        table = page.get(name)
        if not isinstance(
            table, MutableMapping
        ):  # a table of any form: in a line, dotted, in pieces
            table = tomlkit.table()
            page[name] = table
        table.update(values)
        if "token_file" in values:
            table.pop("token", None)  # the secret moves out of a file that others may read
    return tomlkit.dumps(page)


def save(path: Path, answers: Answers) -> None:
    """Write it whole or not at all. Raises `BadSettings`, `StoreFailed`."""
    write(path, merge(path, answers).encode())


def _read(path: Path) -> tomlkit.TOMLDocument:
    if not path.exists():
        page = tomlkit.document()
        page.add(tomlkit.comment(OPENING))
        return page
    try:
        return tomlkit.parse(path.read_bytes())
    except (OSError, TOMLKitError, UnicodeError) as error:
        raise BadSettings(where=str(path), why=f"it is not TOML ({error})") from error
