"""`stylus catalog stats`: what the catalogue is made of, as a table and as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.captions import plain
from bot.cli import options
from bot.cli.catalog.telling import show, table
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.show import line
from stylus_engine.catalog.stats import PowerLaw, Share, Sizes, Stats

MOST_ROWS = 8
BAR = 24  # characters of the longest bar
MIB, GIB = 2**20, 2**30


def stats(
    context: typer.Context,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Also draw it: a PNG of this name.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Categories, popularity, families, licences, ratings and sizes of all adapters."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        with desk.err.status("counting"):
            counted = engine.library.stats()
            if plot is not None:
                engine.library.plot(counted, plot)
        if as_json:
            desk.answer(counted)
        else:
            show_stats(desk, counted)
            if plot is not None:
                line(desk.out, Text.assemble(("Drawn     ", "dim"), str(plot.absolute())))


def show_stats(desk: Desk, counted: Stats) -> None:
    """Each question a small table."""
    told = f"{counted.cards:,} adapters, {counted.drawable:,} with a file or an address"
    line(desk.out, Text(f"{told}, {counted.previews:,} with pictures", style="bold"))
    questions: dict[str, Sequence[Share]] = {
        "category": counted.categories,
        "made for": counted.families,
        "kind": counted.kinds,
        "rating": counted.ratings,
        "licence": counted.licences,
        "health": counted.health,
        "described by": counted.describers,
    }
    for name, shares in questions.items():
        _shares(desk, name, shares, counted.cards)
    _popularity(desk, counted)
    _sizes(desk, counted.sizes)


def _shares(desk: Desk, name: str, shares: Sequence[Share], of: int) -> None:
    made = table(name, "adapters", "share", "", right=("adapters", "share"))
    longest = max((share.count for share in shares), default=1)
    for share in shares[:MOST_ROWS]:
        bar = "▇" * round(BAR * share.count / longest)
        row = (plain(share.name, 40), f"{share.count:,}", f"{100 * share.count / of:.1f} %")
        made.add_row(*(Text(cell) for cell in row), Text(bar, style="cyan"))
    rest = shares[MOST_ROWS:]
    if rest:
        count = sum(share.count for share in rest)
        made.add_row(Text(f"{len(rest)} others", style="dim"), f"{count:,}")
    show(desk, made)


def _popularity(desk: Desk, counted: Stats) -> None:
    made = table("popularity", "", right=("",))
    made.add_row("downloads", f"{counted.downloads:,}")
    made.add_row("half of them on", f"{counted.half:,} adapters")
    if counted.law is not None:
        made.add_row("power law", _law(counted.law))
    show(desk, made)


def _law(law: PowerLaw) -> str:
    exponent = f"exponent {law.exponent:.2f} ± {law.error:.2f}"
    return f"{exponent}, from {law.least:,} downloads on ({law.tail:,} adapters, KS {law.distance:.3f})"


def _sizes(desk: Desk, sizes: Sizes) -> None:
    if not sizes.known:
        return
    made = table("size", "", right=("",))
    made.add_row("known of", f"{sizes.known:,} files")
    made.add_row("together", f"{sizes.total / GIB:,.2f} GiB")
    for name in ("median", "ninth", "largest"):
        label = "nine of ten, at most" if name == "ninth" else name
        made.add_row(label, f"{getattr(sizes, name) / MIB:,.2f} MiB")
    show(desk, made)
