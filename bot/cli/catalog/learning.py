"""`stylus catalog probe`, `refine` and `health`: what files, models and drawings tell of a card."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeAlias

import typer

from bot.cli import options
from bot.cli.catalog.telling import show_round
from bot.cli.catalog.walking import Meter, Walk, stopped
from bot.cli.desk import Desk, answering, desk_of, exit_code, refuse
from bot.cli.library import Library
from bot.cli.stopping import run
from stylus_engine.catalog.orders import Round, Step, TellStep

Most: TypeAlias = Annotated[
    int, typer.Option("--most", min=0, help="At most so many, the most popular first; 0 = all.")
]
FREE = "Rules cost nothing; --model or --batch asks a model."
Learn: TypeAlias = Callable[[Library, TellStep], Coroutine[Any, Any, Round]]


def probe(context: typer.Context, most: Most = 0, as_json: options.Json = False) -> None:
    """Read what adapter files are, from their headers alone."""
    _learn(
        desk_of(context),
        "probe",
        "probed",
        lambda library, tell: library.probe(most, tell),
        as_json=as_json,
    )


def refine(
    context: typer.Context,
    model: Annotated[
        bool,
        typer.Option(
            "--model", help="By the model that the settings name (refiner), which costs something."
        ),
    ] = False,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="By that model in batches: cheaper, and within a day."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would cost.")
    ] = False,
    most: Most = 0,
    as_json: options.Json = False,
) -> None:
    """Describe adapters in a prompt's own words: by rules, or by a model that sees their pictures."""
    desk, asks = desk_of(context), model or batch
    if asks or dry_run:
        _tell_cost(desk, most if asks else None, as_json=as_json, ends=dry_run, batch=batch)
    if not dry_run:
        _learn(
            desk,
            f"refine{' --batch' if batch else ' --model' if model else ''}",
            "described",
            lambda library, tell: library.refine(most, tell, model=asks, batch=batch),
            as_json=as_json,
        )


def health(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Names or ids; none = all not drawn with yet.")
    ] = None,
    most: Most = 0,
    as_json: options.Json = False,
) -> None:
    """Draw with adapters, a few small pictures each, and quarantine what breaks them."""
    _learn(
        desk_of(context),
        "health",
        "drawn with",
        lambda library, tell: library.health(names or (), most, tell),
        as_json=as_json,
    )


def _tell_cost(desk: Desk, most: int | None, *, as_json: bool, ends: bool, batch: bool) -> None:
    """Before anything is spent. `most` None: no model is asked."""
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        told = FREE if most is None else run(engine.library.estimate(most, batch=batch))
        if ends and as_json:
            desk.answer({"estimate": told})
        else:
            desk.say(told)


def _learn(desk: Desk, command: str, verb: str, learn: Learn, *, as_json: bool) -> None:
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:

        async def work(meter: Meter) -> Round:
            def tell(step: Step) -> None:
                meter.show(step.done, step.of, skipped=step.skipped, name=step.name)

            return await learn(engine.library, tell)

        walk = Walk[Round](desk, command)
        if not walk.run(work) or walk.result is None:
            raise stopped(desk, f"stylus catalog {command}")
        if as_json:
            desk.answer(walk.result)
        else:
            show_round(desk, walk.result, verb)
        if walk.result.stopped is not None:
            kind, sentence = walk.result.stopped
            refuse(desk, kind, sentence)
            raise typer.Exit(exit_code(kind))
