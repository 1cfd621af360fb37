"""`stylus again`: the same picture, drawn from what it says of itself."""

from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
import typer

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.drawing import finish, follow, new_job
from bot.cli.outcome import Outcome
from bot.cli.saving import Target
from bot.cli.show import show_ran
from bot.settings import Settings
from stylus_engine.errors import BadManifest
from stylus_engine.model import Manifest
from stylus_engine.pictures import files, store
from stylus_engine.pictures.store import PictureStore

Source: TypeAlias = Annotated[
    str, typer.Argument(help="A picture of Stylus, its manifest as JSON, or a picture's sha256.")
]


def again(
    context: typer.Context,
    source: Source,
    explain: options.Explain = False,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """Draw the same picture from its manifest, and say whether it came out the same."""
    desk = desk_of(context)
    with answering(desk, as_json):
        settings = desk.settings()
        path = locate(source, settings)
        manifest = store.manifest_of(path)
        target = Target(job=new_job(), grids=settings.paths.place("grids"), out=out)
        files.make_folder(target.sheet.parent)
        _draw(desk, settings, manifest, path, target, as_json=as_json, explain=explain)


def locate(source: str, settings: Settings) -> Path:
    """The file that a person means by a path or a content address."""
    if store.ADDRESS.fullmatch(source):
        return PictureStore(settings.paths.place("pictures")).place(source)
    return Path(source)


def _draw(
    desk: Desk,
    settings: Settings,
    manifest: Manifest,
    path: Path,
    target: Target,
    *,
    as_json: bool,
    explain: bool,
) -> None:
    outcome = Outcome()
    with desk.engine(settings) as engine:
        follow(desk, lambda: engine.again(manifest, target.job), outcome, quiet=True)
    if explain and not as_json:
        show_ran(desk.out, [manifest], "then")
    code = finish(desk, outcome, target, as_json=as_json, explain=explain, when="now")
    if outcome.finished:
        desk.say(compare(path, Path(outcome.pictures[outcome.finished[0].id].path)))
    if code:
        raise typer.Exit(code)


def compare(before: Path, now: Path) -> str:
    """One sentence: the same bits, or how far apart. A JSON manifest has no pixels to compare with."""
    try:
        old, new = store.read(before)[0], store.read(now)[0]
    except BadManifest:
        return "Drawn from the manifest."
    if old.shape != new.shape:
        return "The sizes differ: the picture was changed after it was drawn."
    apart = int(np.abs(old.astype(np.int16) - new.astype(np.int16)).max())
    if apart == 0:
        return "The same picture, bit for bit."
    return f"The same up to {apart} of 255 in the farthest pixel."
