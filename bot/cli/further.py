"""`stylus vary` and `stylus upscale`: on from a picture that was drawn."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bot.cli import options
from bot.cli.again import Source, locate
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.drawing import finish, follow, new_job
from bot.cli.outcome import Outcome
from bot.cli.saving import Target
from bot.settings import Settings
from stylus_engine.model import Manifest
from stylus_engine.model.noun import within
from stylus_engine.pictures import files, incoming, store
from stylus_engine.pictures.store import PictureStore
from stylus_engine.planning.starting import FINER, HIRES, STRONG, SUBTLE, doubled, varied

Anew: TypeAlias = Annotated[
    float | None, typer.Option("--strength", help="How much is redone, from 0 to 1.")
]
Several: TypeAlias = Annotated[int, typer.Option("--count", "-n", help="How many pictures.")]
Strong: TypeAlias = Annotated[
    bool, typer.Option("--strong", help=f"Redo {STRONG:g} of it instead of {SUBTLE:g}.")
]
Whole: TypeAlias = Annotated[
    bool,
    typer.Option("--whole", help=f"In one piece instead of squares, redoing {HIRES:g}."),
]


Latents: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--latents",
        help=f"In one piece from stretched latents, redoing {HIRES:g}: the paper's way.",
    ),
]


@dataclass(frozen=True, slots=True)
class Before:
    """The picture to go on from: what it says of itself, and its place in the store."""

    manifest: Manifest
    picture: str


Onward: TypeAlias = Callable[[Before], Sequence[Manifest]]


def vary(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    source: Source,
    count: Several = 4,
    strong: Strong = False,
    strength: Anew = None,
    explain: options.Explain = False,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """Draw pictures like this one: the same adapters, the next seeds."""
    usual = STRONG if strong else SUBTLE
    redone = usual if strength is None else strength

    def onward(before: Before) -> Sequence[Manifest]:
        return varied(before.manifest, before.picture, redone, count)

    desk = desk_of(context)
    with answering(desk, as_json):
        settings = desk.settings()
        within("Count", count, 1, settings.drawing.most_count)
        _draw(desk, settings, source, onward, out=out, as_json=as_json, explain=explain)


def upscale(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    source: Source,
    whole: Whole = False,
    latents: Latents = False,
    strength: Anew = None,
    explain: options.Explain = False,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """Draw this picture at twice its size: the same adapters, the same seed."""
    whole = whole or latents
    usual = HIRES if whole else FINER
    enlarge = "latents" if latents else "pixels"
    redone = usual if strength is None else strength

    def onward(before: Before) -> Sequence[Manifest]:
        return [doubled(before.manifest, before.picture, redone, whole=whole, enlarge=enlarge)]

    desk = desk_of(context)
    with answering(desk, as_json):
        _draw(desk, desk.settings(), source, onward, out=out, as_json=as_json, explain=explain)


def _draw(
    desk: Desk,
    settings: Settings,
    source: str,
    onward: Onward,
    *,
    out: Path | None,
    as_json: bool,
    explain: bool,
) -> None:
    before = _before(locate(source, settings), settings)
    target = Target(job=new_job(), grids=settings.paths.place("grids"), out=out)
    files.make_folder(target.sheet.parent)
    outcome, manifests = Outcome(), onward(before)
    with desk.engine(settings) as engine:
        follow(desk, lambda: engine.redraw(manifests, target.job), outcome, quiet=True)
    code = finish(desk, outcome, target, as_json=as_json, explain=explain)
    if code:
        raise typer.Exit(code)


def _before(path: Path, settings: Settings) -> Before:
    """A picture from elsewhere is kept now. Raises `BadManifest`, `StoreFailed`."""
    pictures = PictureStore(settings.paths.place("pictures"))
    manifest, (pixels, _) = store.manifest_of(path), store.read(path)
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    here = pictures.place(known).is_file()
    return Before(manifest, known if here else incoming.kept(pictures, pixels))
