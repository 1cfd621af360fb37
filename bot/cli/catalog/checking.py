"""`stylus catalog check`: dead files, duplicates, gaps and contradictions."""

from typing import Annotated

import msgspec
import typer
from rich.text import Text

from bot.captions import plain
from bot.cli import options
from bot.cli.catalog.telling import show, table
from bot.cli.catalog.walking import Meter, Walk, stopped
from bot.cli.desk import FAILED, Desk, answering, desk_of
from bot.cli.show import line
from stylus_engine.catalog.checking import Checkup, Trouble
from stylus_engine.catalog.orders import Step

MOST_SHOWN = 10  # of each problem; `--json` has all


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Of `stylus catalog check --json`."""

    sound: bool
    looked: int
    asked: int
    counts: dict[str, int]
    troubles: tuple[Trouble, ...]


def check(
    context: typer.Context,
    network: Annotated[
        bool, typer.Option("--network", help="Also ask every address whether its file is there.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Say what is wrong with cards and their files; 1 when a file is not where its card says."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:

        async def work(meter: Meter) -> Checkup:
            def tell(step: Step) -> None:
                meter.show(step.done, step.of, name=step.name)

            return await engine.library.check(tell, network=network)

        walk = Walk[Checkup](desk, "checking")
        if not walk.run(work) or walk.result is None:
            raise stopped(desk, "stylus catalog check", keeps=False)
        _answer(desk, walk.result, as_json=as_json)
    if not walk.result.files_sound:
        raise typer.Exit(FAILED)


def _answer(desk: Desk, found: Checkup, *, as_json: bool) -> None:
    if as_json:
        desk.answer(
            Checked(
                sound=found.files_sound,
                looked=found.looked,
                asked=found.asked,
                counts=found.counts,
                troubles=found.troubles,
            )
        )
        return
    asked = f", {found.asked:,} addresses asked" if found.asked else ""
    line(desk.out, Text(f"{found.looked:,} cards looked at{asked}.", style="bold"))
    for problem, count in found.counts.items():
        _show(desk, problem, count, [t for t in found.troubles if t.problem == problem])
    if not found.troubles:
        line(desk.out, Text("Nothing is wrong."))


def _show(desk: Desk, problem: str, count: int, troubles: list[Trouble]) -> None:
    """The first few; the rest is a number."""
    made = table(f"{count:,} × {problem}", "", "")
    for each in troubles[:MOST_SHOWN]:
        cells = (plain(each.name, 40), plain(each.card_id, 60), plain(each.detail, 120))
        made.add_row(*(Text(cell) for cell in cells))
    if count > MOST_SHOWN:
        made.add_row(Text(f"and {count - MOST_SHOWN:,} more", style="dim"))
    show(desk, made)
