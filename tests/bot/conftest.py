"""A person's folder, and `stylus` over the stand-in engine."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.commands import application
from bot.settings import Settings
from tests.bot.stand_in import StandIn


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder: no settings, a data folder of its own."""
    for name in [name for name in os.environ if name.startswith("STYLUS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stylus(home: Path) -> Callable[..., Result]:
    """`stylus(*arguments, typed=what is typed, **fields of the stand-in)`."""

    def call(*arguments: str, typed: str = "", **fields: Any) -> Result:
        made: list[StandIn] = []

        def opener(settings: Settings) -> StandIn:
            made.append(StandIn(pictures=settings.paths.place("pictures"), **fields))
            return made[-1]

        app = application(opener)
        result = CliRunner().invoke(app, list(arguments), input=typed, prog_name="stylus")
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        assert all(engine.closed for engine in made)
        return result

    return call
