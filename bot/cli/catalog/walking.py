"""A long walk on the terminal: how far it is, how fast, what was passed over, and Ctrl-C."""

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bot.captions import plain
from bot.cli.desk import STOPPED, Desk
from bot.cli.stopping import run_until_stopped

T = TypeVar("T")
MOST_NAME = 40


class Rate(ProgressColumn):
    """Rows a second, as lately measured."""

    def render(self, task: Task) -> Text:
        """Nothing before there is something to measure."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed and speed >= 1 else "", style="dim")


class Meter:
    """One bar on stderr; on a stream that is no terminal it stays silent."""

    def __init__(self, console: Console, opening: str) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            Rate(),
            TextColumn("{task.fields[aside]}", style="dim"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task(opening, total=None, aside="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back, its cursor included."""
        self._progress.stop()

    def show(self, done: int, of: int, *, skipped: int = 0, name: str = "") -> None:
        """Where it is now."""
        parts = [f"{skipped:,} skipped"] if skipped else []
        parts += [escape(plain(name, MOST_NAME))] if name else []
        self._progress.update(self._bar, completed=done, total=of or None, aside=" · ".join(parts))


class Walk(Generic[T]):
    """Runs one walk. `result` is what it came to; None: it was stopped."""

    def __init__(self, desk: Desk, opening: str) -> None:
        self._desk = desk
        self._opening = opening
        self.result: T | None = None

    def run(self, work: Callable[[Meter], Coroutine[Any, Any, T]]) -> bool:
        """Walk to the end, to an error (raised), or to Ctrl-C: then False."""

        async def kept() -> None:
            self.result = await work(meter)

        with Meter(self._desk.err, self._opening) as meter:
            return not run_until_stopped(kept())


def stopped(desk: Desk, go_on: str, *, keeps: bool = True) -> typer.Exit:
    """A calm sentence, and the shell's own exit code for Ctrl-C. `keeps`: what was done is not lost."""
    kept = f"What came in is kept; `{go_on}` goes on from there."
    desk.say(f"Stopped. {kept if keeps else f'Nothing was changed; `{go_on}` begins again.'}")
    return typer.Exit(STOPPED)
