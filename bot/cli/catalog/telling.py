"""Tables of what a walk came to."""

from collections.abc import Mapping, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.captions import plain
from bot.cli.desk import Desk
from bot.cli.show import INDENT
from stylus_engine.catalog.importing import Summary
from stylus_engine.catalog.nouns import Skipped
from stylus_engine.catalog.orders import Round

MOST_WHAT, MOST_DETAIL = 48, 90


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Without lines; figures stand on the right."""
    made = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def show(desk: Desk, made: Table) -> None:
    """Indented, with an empty line before it."""
    desk.out.print()
    desk.out.print(Padding(made, INDENT))


def show_summary(desk: Desk, summary: Summary) -> None:
    """What an import changed, and what it passed over."""
    taken = summary.taken
    columns = ("new", "changed", "same", "gone", "skipped")
    made = table(*columns, right=columns)
    made.add_row(*(f"{getattr(taken, name):,}" for name in columns))
    show(desk, made)
    show_skipped(desk, summary.skipped, summary.examples)


def show_round(desk: Desk, ended: Round, verb: str) -> None:
    """How many cards learned something, what was passed over, further figures."""
    made = table("", "", right=("",))
    made.add_row(verb, f"{ended.learned:,}")
    for name, fact in ended.facts.items():
        made.add_row(name, plain(fact, MOST_DETAIL))
    show(desk, made)
    show_skipped(desk, ended.skipped, ended.examples)


def show_skipped(desk: Desk, counts: Mapping[str, int], examples: Sequence[Skipped]) -> None:
    """A line for each reason, with one example of it."""
    if not counts:
        return
    first: dict[str, Skipped] = {each.reason: each for each in reversed(examples)}
    made = table("skipped", "reason", "for example", right=("skipped",))
    for reason, count in counts.items():
        made.add_row(f"{count:,}", reason, _example(first.get(reason)))
    show(desk, made)


def _example(skipped: Skipped | None) -> Text:
    if skipped is None:
        return Text("")
    what, why = plain(skipped.what, MOST_WHAT), plain(skipped.detail, MOST_DETAIL)
    return Text(f"{what}: {why}" if why else what, style="dim")
