"""`stylus demo`, which `make demo` runs: one /imagine and one 🧩 in the playground, then yours.

What speaks HTTP is imported when the demo begins, or every other command would wait for it.
"""

import asyncio
import signal
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.show import line
from bot.platforms import refuse_windows
from stylus_engine.pictures.files import write

if TYPE_CHECKING:
    from bot.demo.person import Message, Person
    from bot.demo.stage import Stage

PROMPT = "a papercut of a purple rocket at sunset"  # a style, a subject and a light
FOLDER = Path("demo")
PATIENCE = 180.0  # seconds for one grid, on a slow machine
Once = Annotated[bool, typer.Option("--once", help="End after the scripted part.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for the pictures, the log and the bot's data.")
]
Port = Annotated[int, typer.Option("--port", help="Of the page; 0 = any that is free.")]


def demo(
    context: typer.Context,
    prompt: options.Prompt = PROMPT,
    out: Out = FOLDER,
    port: Port = 0,
    once: Once = False,
) -> None:
    """Open a chat page of this machine with the bot in it, draw two grids, and let you try."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        refuse_windows()
        asyncio.run(_until_stopped(_play(desk, prompt, out, port, once=once)))


async def _until_stopped(play: Coroutine[None, None, None]) -> None:
    """SIGTERM ends the demo as Ctrl-C does: both processes with it."""
    playing = asyncio.ensure_future(play)
    with suppress(NotImplementedError):  # Windows has no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    with suppress(asyncio.CancelledError):
        await playing


async def _play(desk: Desk, prompt: str, out: Path, port: int, *, once: bool) -> None:
    from bot.demo.stage import stage, unless_it_ends

    said = _Saying(desk)
    said("Starting the playground and the bot …")
    log = out / "log.txt"
    async with stage(port, out / "data", log, ()) as here:
        await unless_it_ends(here.bot, log, _script(said, here, prompt, out))
        if once:
            return
        said(
            f"The chat page is open at {here.page} — try /imagine yourself. Ctrl-C ends it.", "bold"
        )
        await here.bot.wait()


async def _script(said: "_Saying", here: "Stage", prompt: str, out: Path) -> None:
    """What a person would do first."""
    import aiohttp

    from bot.demo.person import Person

    async with aiohttp.ClientSession() as session:
        person = Person(session, here.url)
        await person.enter(PATIENCE)
        said(f"/imagine {prompt}")
        await person.slash("imagine", prompt=prompt)
        first = await person.card(frozenset(), PATIENCE)
        await _keep(said, person, first, out / "imagine")
        said("🧩 Other adapters")
        await person.press(first, "mask")
        second = await person.card(frozenset({first["id"]}), PATIENCE)
        await _keep(said, person, second, out / "other-adapters")


async def _keep(said: "_Saying", person: "Person", card: "Message", folder: Path) -> None:
    """Save a card's pictures, as the channel has them."""
    from bot.demo.person import pictures

    for number, address in enumerate(pictures(card), 1):
        suffix = Path(address.partition("?")[0]).suffix
        write(folder / f"{number}{suffix}", await person.picture(address))
    said(f"{len(pictures(card))} pictures in {folder}", "green")


class _Saying:
    """Says what happens and when, in seconds since the start."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._start = time.monotonic()

    def __call__(self, text: str, style: str = "") -> None:
        line(self._desk.out, Text(f"{time.monotonic() - self._start:5.1f} s  {text}", style=style))
