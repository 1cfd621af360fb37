"""`stylus selfcheck`: does it work with my adapters?"""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from bot.captions import plain
from bot.cli import options
from bot.cli.catalog.telling import show, table
from bot.cli.desk import FAILED, Desk, answering, desk_of
from bot.cli.engine import Engine, Inspecting
from bot.cli.show import line, why_of
from bot.settings import Settings
from stylus_engine.errors import BadSettings
from stylus_engine.model import Ran
from stylus_engine.model.checked import Checked
from stylus_engine.pictures import files
from stylus_engine.pictures.grid import grid
from stylus_engine.pictures.png import encode
from stylus_engine.pictures.store import manifest_of, read

MIB = 2**20
SHEET, JSON = "selfcheck.png", "selfcheck.json"
Folder: TypeAlias = Annotated[
    Path, typer.Option("--adapters", help="The folder whose .safetensors files are checked.")
]
Which: TypeAlias = Annotated[
    str, typer.Option("--checkpoint", help="A name of the settings, a folder or a single file.")
]
Most: TypeAlias = Annotated[
    int, typer.Option("--most", min=1, help="How many files are checked, by name.")
]
Drawn: TypeAlias = Annotated[
    int, typer.Option("--pictures", min=0, help="How many of them are drawn for the sheet.")
]

Out: TypeAlias = Annotated[
    Path | None,
    typer.Option("--out", "-o", help=f"Folder for {SHEET} and {JSON}; else that of the grids."),
]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Of `--json`, and of the file beside the sheet. The grid that waits for the compiler counts only `with_compiling`."""

    checkpoint: str
    found: int
    adapters: Sequence[Checked]
    seconds_of_a_grid: float | None
    with_compiling: bool = False
    ran: Sequence[Ran] = ()
    peak_mib: float
    sheet: str | None


def selfcheck(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    adapters: Folder,
    checkpoint: Which = "",
    most: Most = 50,
    pictures: Drawn = 12,
    steps: options.Steps = 8,
    out: Out = None,
    as_json: options.Json = False,
) -> None:
    """Check your own adapters: drawn together, is each what it would be alone, merged into the weights?"""
    desk = desk_of(context)
    with answering(desk, as_json):
        settings = _with(desk.settings(), checkpoint)
        known = _listed(adapters)
        place = out or settings.paths.place("grids")
        files.make_folder(place)
        with desk.engine(settings) as engine:
            answer = _work(desk, engine, known, most, pictures, steps or 8, place)
        files.write(place / JSON, msgspec.json.format(msgspec.json.encode(answer), indent=1))
        if as_json:
            desk.answer(answer)
        else:
            _show(desk, answer, place)
    if not all(each.good for each in answer.adapters):
        raise typer.Exit(FAILED)


def _with(settings: Settings, checkpoint: str) -> Settings:
    """The settings with this checkpoint as their default; a path gets its own name."""
    known = settings.checkpoints
    if not checkpoint or checkpoint in known.by_name:
        chosen = msgspec.structs.replace(known, default=checkpoint or known.default)
    else:
        path = Path(checkpoint).expanduser()
        if not path.exists():
            raise BadSettings(where="--checkpoint", why=f"there is no {checkpoint}")
        named = known.folders | {path.stem: str(path)}
        chosen = msgspec.structs.replace(known, default=path.stem, folders=named)
    return msgspec.structs.replace(settings, checkpoints=chosen)


def _listed(folder: Path) -> list[Path]:
    found = sorted(folder.expanduser().rglob("*.safetensors")) if folder.is_dir() else []
    if not found:
        raise BadSettings(where="--adapters", why=f"there is no .safetensors file in {folder}")
    return found


def _work(
    desk: Desk,
    engine: Engine,
    known: Sequence[Path],
    most: int,
    pictures: int,
    steps: int,
    place: Path,
) -> Answer:
    with _meter(desk) as meter:
        task = meter.add_task("loading the checkpoint", total=None)
        inspecting = engine.inspecting()
        chosen = known[:most]
        meter.update(task, description="comparing", total=len(chosen))
        checked = dict[Path, Checked]()
        for file in chosen:
            meter.update(task, description=f"comparing {plain(file.stem, 40)}")
            checked[file] = inspecting.check(file)
            meter.advance(task)
        good = [file for file in chosen if not checked[file].sentence][:pictures]
        meter.update(task, description="drawing", total=len(good), completed=0)
        seconds, paths, failed = _drawn(meter, task, inspecting, good, steps)
    told = [_after(checked[file], failed.get(str(file))) for file in chosen]
    sheet = _sheet(place, paths)
    ran = _ran(paths.values())
    waited = any(each.executor == "compiled" for each in ran)  # the first one, for the compiler
    counted = seconds[1:] if waited and len(seconds) > 1 else seconds
    median = statistics.median(counted) if counted else None
    return Answer(
        checkpoint=engine.checkpoints.find("").name,
        found=len(known),
        adapters=told,
        seconds_of_a_grid=median,
        with_compiling=waited and len(seconds) == 1,
        ran=ran,
        peak_mib=round(inspecting.peak / MIB, 1),
        sheet=sheet,
    )


def _drawn(
    meter: Progress, task: TaskID, inspecting: Inspecting, good: Sequence[Path], steps: int
) -> tuple[list[float], dict[str, str], dict[str, str]]:
    """Seconds of each full grid, paths and reasons by file."""
    seconds, paths, failed = list[float](), dict[str, str](), dict[str, str]()
    for timed in inspecting.sheet(good, steps):
        meter.advance(task, len(timed.pictures) + len(timed.failed))
        paths |= timed.pictures
        failed |= timed.failed
        if len(timed.pictures) == 4:
            seconds.append(timed.seconds)
    return seconds, paths, failed


def _ran(paths: Iterable[str]) -> list[Ran]:
    """The executors that drew, each with the steps of all pictures."""
    steps = Counter[Ran]()
    for ran in (ran for path in paths for ran in manifest_of(Path(path)).ran):
        steps[msgspec.structs.replace(ran, steps=0)] += ran.steps
    return [msgspec.structs.replace(ran, steps=count) for ran, count in steps.most_common()]


def _after(checked: Checked, failed: str | None) -> Checked:
    if failed is None:
        return checked
    return msgspec.structs.replace(checked, sentence=failed, good=False)


def _sheet(place: Path, paths: Mapping[str, str]) -> str | None:
    if not paths:
        return None
    pixels = [read(Path(path))[0] for path in paths.values()]
    names = [Path(name).stem.replace("_", " ") for name in paths]
    files.write(place / SHEET, encode(grid(pixels, names)))
    return str(place / SHEET)


def _meter(desk: Desk) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        console=desk.err,
        transient=True,
        disable=not desk.err.is_terminal,
    )


def _show(desk: Desk, answer: Answer, place: Path) -> None:
    made = table(
        "adapter",
        "layers",
        "kept",
        "one step",
        "draw",
        "against",
        right=("layers", "kept", "one step", "draw"),
    )
    for each in answer.adapters:
        made.add_row(*_cells(each))
    show(desk, made)
    bad = sum(not each.good for each in answer.adapters)
    count = len(answer.adapters)
    verdict = (
        f"All {count} are what they would be alone."
        if not bad
        else f"{bad} of {count} are refused or differ."
    )
    desk.out.print()
    line(desk.out, Text(verdict, style="red" if bad else "green"))
    if answer.found > count:
        line(
            desk.out,
            Text(f"{answer.found - count} more were not looked at; --most says how many are."),
        )
    if answer.seconds_of_a_grid is not None:
        among = ", compiling among it" if answer.with_compiling else ""
        seconds = f"A grid of four: {answer.seconds_of_a_grid:.2f} s{among}."
        line(desk.out, Text(f"{seconds} Most memory: {answer.peak_mib:,.0f} MiB."))
    for ran in answer.ran:
        told = f"Drawn in {ran.steps} steps with executor {ran.executor}"
        line(desk.out, Text(f"{told}: {why_of(ran)}."))
    line(desk.out, Text(f"{answer.sheet or place / JSON}", style="dim"))


def _cells(each: Checked) -> tuple[Text | str, ...]:
    name = Text(plain(each.name, 32))
    if each.sentence:
        return name, "", "", "", "", Text(plain(each.sentence, 200), style="red")
    style = "" if each.good else "red"
    figures = (f"{each.forward:.0e}", f"{each.draw:.0e}")
    judge = "diffusers" if each.judge == "diffusers" else "our formula"
    return (
        name,
        f"{each.layers}",
        f"{each.kept:.1%}",
        *(Text(f, style=style) for f in figures),
        judge,
    )
