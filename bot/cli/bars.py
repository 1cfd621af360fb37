"""Progress on stderr: a spinner while adapters are chosen, then a bar for each picture."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
)
from rich.table import Column

from bot.captions import captions, plain
from stylus_engine.model import Drawn, Event, Failed, Fetching, Shot, Started, Stepped

MB = 10**6
WAITING, DRAWING, DONE, LOST = "[dim]waiting", "loading", "[green]done", "[red]failed"


class Bars:
    """Shows events. On a stream that is no terminal it stays silent."""

    def __init__(self, console: Console, opening: str) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True)),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[state]}", table_column=Column(min_width=7, no_wrap=True)),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
            expand=True,
        )
        self._opening = opening
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start drawing on the terminal."""
        self._progress.start()
        self._tasks[""] = self._progress.add_task(self._opening, total=None, state="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back, its cursor included."""
        self._progress.stop()

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """Clear the bars while something is printed on stdout, which they do not own."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def expect(self, shots: Sequence[Shot]) -> None:
        """A waiting bar for each shot."""
        self._forget_opening()
        for caption, shot in zip(captions(shots), shots, strict=True):
            self._tasks[shot.id] = self._progress.add_task(
                escape(caption), total=shot.steps, start=False, state=WAITING
            )

    def take(self, event: Event) -> None:
        """Move the bar that `event` speaks of."""
        match event:
            case Fetching():
                self._fetch(event)
            case Started(shot=shot) if shot in self._tasks:
                self._progress.start_task(self._tasks[shot])
                self._progress.update(self._tasks[shot], state=DRAWING)
            case Stepped(shot=shot, step=step, of=of) if shot in self._tasks:
                self._progress.update(
                    self._tasks[shot], completed=step, total=of, state=f"{step}/{of}"
                )
            case Drawn(shot=shot) if shot in self._tasks:
                self._end(shot, DONE)
            case Failed(shot=shot) if shot in self._tasks:
                self._end(shot, LOST)
            case _:
                pass

    def _fetch(self, event: Fetching) -> None:
        """A bar of its own for the file of an adapter; gone when all of it is here."""
        name = f"file:{event.name}"
        if name not in self._tasks:
            told = escape(f"fetching {plain(event.name, 60)}, {event.of / MB:,.0f} MB")
            self._tasks[name] = self._progress.add_task(told, total=event.of or None, state="")
        self._progress.update(
            self._tasks[name], completed=event.done, state=f"{event.done / MB:,.0f} MB"
        )
        if event.of and event.done >= event.of:
            self._progress.remove_task(self._tasks.pop(name))

    def _forget_opening(self) -> None:
        opening = self._tasks.pop("", None)
        if opening is not None:
            self._progress.remove_task(opening)

    def _end(self, shot: str, state: str) -> None:
        self._progress.update(self._tasks[shot], state=state)
        self._progress.stop_task(self._tasks[shot])
