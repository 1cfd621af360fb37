"""Every help page, as people read it: each option says what it does, and no bracket is eaten."""

from collections.abc import Iterator
from typing import Any

import pytest
from rich.text import Text
from typer.main import get_command

from bot.commands import application, open_engine


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


ALL = dict(commands(get_command(application(open_engine)), "stylus"))


@pytest.mark.parametrize("path", ALL)
def test_a_help_page_is_whole(path: str):
    told = {each.name: each.help or "" for each in ALL[path].params} | {path: ALL[path].help or ""}
    assert {name: text for name, text in told.items() if not text} == {}
    assert {text: Text.from_markup(text).plain for text in told.values()} == {
        text: text for text in told.values()
    }
