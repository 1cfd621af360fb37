"""`stylus catalog import`: cards from where they live, from where the last walk stopped."""

from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer
from rich.text import Text

from bot.cli import options
from bot.cli.catalog.telling import show_summary
from bot.cli.catalog.walking import Meter, Walk, stopped
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.library import Library
from bot.cli.show import line
from stylus_engine.catalog.importing import Progress, Summary
from stylus_engine.catalog.orders import (
    FromCards,
    FromCivitai,
    FromFolder,
    FromHub,
    FromStylusDocs,
    Order,
    Step,
)

Most: TypeAlias = Annotated[int, typer.Option("--most", min=0, help="At most so many; 0 = all.")]
Whole: TypeAlias = Annotated[
    bool,
    typer.Option("--all", help="Also what is no newer than the last walk: flags of old cards."),
]
NoIndex: TypeAlias = Annotated[
    bool, typer.Option("--no-index", help="Leave the search index for later.")
]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """Of `stylus catalog import … --json`. `indexed` None: the index was left for later."""

    summary: Summary
    indexed: int | None = None
    stopped: bool = False


def family() -> typer.Typer:
    """The commands under `stylus catalog import`."""
    app = typer.Typer(no_args_is_help=True, help="Bring cards in; again brings what changed.")
    app.command("civitai")(civitai)
    app.command("huggingface")(huggingface)
    app.command("folder")(folder)
    app.command("stylusdocs")(stylusdocs)
    app.command("cards")(cards)
    return app


def civitai(
    context: typer.Context,
    base: Annotated[
        list[str] | None,
        typer.Option("--base", help="A base model by Civitai's name, as “SD 1.5”; repeatable."),
    ] = None,
    most: Most = 0,
    whole: Whole = False,
    no_index: NoIndex = False,
    as_json: options.Json = False,
) -> None:
    """Cards of Civitai, through its public API."""
    order = FromCivitai(bases=tuple(base or ()), most=most, whole=whole)
    _import(desk_of(context), order, "civitai", as_json=as_json, index=not no_index)


def huggingface(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    context: typer.Context,
    search: Annotated[str, typer.Option("--search", help="Words in a repository's name.")] = "",
    author: Annotated[str, typer.Option("--author", help="Of one person or organisation.")] = "",
    probe: Annotated[
        bool, typer.Option("--probe", help="Read each file's header too: a request or two a file.")
    ] = False,
    most: Most = 0,
    whole: Whole = False,
    no_index: NoIndex = False,
    as_json: options.Json = False,
) -> None:
    """Cards of the Hugging Face Hub: repositories that hold LoRA adapters."""
    order = FromHub(search=search, author=author, probing=probe, most=most, whole=whole)
    _import(desk_of(context), order, "huggingface", as_json=as_json, index=not no_index)


def folder(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder of .safetensors files.")],
    enrich: Annotated[
        bool, typer.Option("--enrich", help="Also ask Civitai what it knows of these files.")
    ] = False,
    no_index: NoIndex = False,
    as_json: options.Json = False,
) -> None:
    """Cards for the files of a folder, read in place."""
    order = FromFolder(path=str(path.absolute()), enrich=enrich)
    _import(desk_of(context), order, f"folder {path}", as_json=as_json, index=not no_index)


def stylusdocs(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="Its zip, the unpacked folder, or its sd_adapters.pkl.")
    ],
    vectors: Annotated[
        bool, typer.Option("--vectors", help="Take the stored vectors too.")
    ] = False,
    no_index: NoIndex = False,
    as_json: options.Json = False,
) -> None:
    """Cards of StylusDocs, the paper's archive."""
    order = FromStylusDocs(path=str(path.absolute()), vectors=vectors)
    _import(desk_of(context), order, f"stylusdocs {path}", as_json=as_json, index=not no_index)


def cards(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file as `stylus catalog export` writes it.")],
    no_index: NoIndex = False,
    as_json: options.Json = False,
) -> None:
    """Cards of a file, JSON lines or CSV."""
    order = FromCards(path=str(path.absolute()))
    _import(desk_of(context), order, f"cards {path}", as_json=as_json, index=not no_index)


def _import(desk: Desk, order: Order, words: str, *, as_json: bool, index: bool) -> None:
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        library = engine.library
        brought = _Brought(library, order)
        walk = Walk[Summary](desk, f"importing {words}")
        if not walk.run(brought.run):
            _answer(desk, Imported(summary=brought.summary, stopped=True), as_json=as_json)
            raise stopped(desk, f"stylus catalog import {words}")
        imported = Imported(summary=walk.result or brought.summary)
        if index:
            imported = _indexed(desk, library, imported, as_json=as_json)
        _answer(desk, imported, as_json=as_json)


class _Brought:
    """One import, and how far it came."""

    def __init__(self, library: Library, order: Order) -> None:
        self._library = library
        self._order = order
        self.summary = Summary(source="")

    async def run(self, meter: Meter) -> Summary:
        """To the end of the source."""

        def tell(progress: Progress) -> None:
            self.summary = Summary(source="", taken=progress.taken)
            meter.show(progress.done, progress.total, skipped=progress.taken.skipped)

        return await self._library.bring_in(self._order, tell)


def _indexed(desk: Desk, library: Library, imported: Imported, *, as_json: bool) -> Imported:
    """The index follows; whoever stops here has all cards, and the next search indexes them."""
    walk = Walk[int](desk, "indexing")

    async def follow(meter: Meter) -> int:
        def tell(step: Step) -> None:
            meter.show(step.done, step.of, name=step.name)

        return await library.follow(tell)

    if not walk.run(follow):
        _answer(desk, imported, as_json=as_json)
        raise stopped(desk, "stylus adapters index")
    return msgspec.structs.replace(imported, indexed=walk.result)


def _answer(desk: Desk, imported: Imported, *, as_json: bool) -> None:
    if as_json:
        desk.answer(imported)
        return
    show_summary(desk, imported.summary)
    if imported.indexed is not None:
        told = f"The index followed: {imported.indexed:,} rows written."
        line(desk.out, Text(told, style="dim"))
