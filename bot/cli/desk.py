"""What every command finds on its desk, and how a refusal reaches the person."""

import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from bot.captions import plain
from bot.cli.answer import Failure, Told, encode
from bot.cli.engine import Engine
from bot.settings import Settings
from stylus_engine.errors import (
    SENTENCES,
    BadRequest,
    Cancelled,
    StylusError,
)

Opener: TypeAlias = Callable[[Settings], Engine]

REFUSED, FAILED, STOPPED = 2, 1, 130  # exit codes; 130 is the shell's own for Ctrl-C


@dataclass(frozen=True, slots=True)
class Desk:
    """Settings and engine on demand, so that a broken file is told like any other refusal.

    `unwritten`: the settings for whoever is about to write the file; it need not be there.
    """

    settings: Callable[[], Settings]
    unwritten: Callable[[], Settings]
    opener: Opener
    out: Console
    err: Console
    environment: Mapping[str, str]
    config: Path | None = None
    debug: bool = False

    @contextmanager
    def engine(self, settings: Settings) -> Generator[Engine, None, None]:
        """An engine that is closed at the end, whatever happens."""
        with closing(self.opener(settings)) as engine:
            yield engine

    def say(self, sentence: str) -> None:
        """A line for the person, never for a machine."""
        self.err.print(Text(plain(sentence, 2000)), soft_wrap=True)

    def trace(self) -> None:
        """The traceback of what is being handled, for those who asked with `--debug`."""
        if self.debug:
            traceback.print_exc()

    def answer(self, value: object) -> None:
        """The one JSON value of `--json`."""
        sys.stdout.write(f"{encode(value)}\n")
        sys.stdout.flush()


def desk_of(context: typer.Context) -> Desk:
    """The desk that `stylus` itself prepared for its commands."""
    desk = context.find_object(Desk)
    if desk is None:
        raise LookupError("a command was called without `stylus`")
    return desk


@contextmanager
def answering(desk: Desk, as_json: bool) -> Generator[None, None, None]:
    """Turn any refusal inside into one sentence and an exit code."""
    try:
        yield
    except (StylusError, KeyboardInterrupt) as error:
        desk.trace()
        stopped = isinstance(error, KeyboardInterrupt)
        kind = Cancelled.__name__ if stopped else type(error).__name__
        sentence = "Stopped." if stopped else str(error)
        refuse(desk, kind, sentence)
        if as_json:
            desk.answer(Told(error=failure(kind, sentence)))
        raise typer.Exit(exit_code(kind)) from error


def refuse(desk: Desk, kind: str, sentence: str) -> None:
    """Say `sentence` on stderr. A cancelled job is no fault; it is said calmly."""
    style = "" if kind == Cancelled.__name__ else "red"
    desk.err.print(Text(plain(sentence, 2000), style=style), soft_wrap=True)


def failure(kind: str, sentence: str) -> Failure:
    """For machines; card names inside may hold what JSON cannot."""
    return Failure(kind=kind, sentence=plain(sentence, 2000))


def exit_code(kind: str) -> int:
    """2 for what the person can put right in the request, 130 for Ctrl-C, 1 for the rest."""
    if kind == Cancelled.__name__:
        return STOPPED
    asked = {error.__name__ for error in SENTENCES if issubclass(error, BadRequest)}
    return REFUSED if kind in asked else FAILED


async def ensure_index(desk: Desk, engine: Engine) -> None:
    """Bring the index in line with the cards: a fresh machine, or an edited card, just works."""
    changed = await engine.index()
    if changed:
        desk.say(f"The index of adapters was brought up to date: {changed} changed.")
