"""`stylus catalog`: adapters in from everywhere, described, checked, counted.

Law of this package: one family of commands a file; each reads its words, asks the
library (`bot.cli.library`) and tells what came of it.  A walk that is stopped keeps what
is in and says how to go on.
"""

import typer

from bot.cli.catalog import checking, exporting, importing, learning, snapshots, stats, watching


def family() -> typer.Typer:
    """The commands under `stylus catalog`."""
    app = typer.Typer(no_args_is_help=True, help="Where the adapters come from, and what is known.")
    app.add_typer(importing.family(), name="import")
    app.command("probe")(learning.probe)
    app.command("refine")(learning.refine)
    app.command("health")(learning.health)
    app.command("stats")(stats.stats)
    app.command("check")(checking.check)
    app.command("export")(exporting.export)
    app.command("watch")(watching.watch)
    app.command("snapshot")(snapshots.snapshot)
    app.command("rollback")(snapshots.rollback)
    return app
