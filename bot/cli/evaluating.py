"""`stylus eval`: who draws better, measured fairly: the same prompts, seeds, count and suffix for all."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeAlias

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of, ensure_index
from bot.cli.engine import Engine
from bot.cli.stopping import run
from bot.cli.wanted import FEATURES, PARTS, Wanted, arms, asks
from bot.settings import Settings
from stylus_engine.pictures import files
from stylus_engine.pictures.store import PictureStore

if TYPE_CHECKING:
    from stylus_engine.evaluation.campaign import Arm, Campaign
    from stylus_engine.evaluation.journal import Journal, Shown
    from stylus_engine.evaluation.marks import Instruments
    from stylus_engine.evaluation.questions import Ask
    from stylus_engine.evaluation.tables import Table
    from stylus_engine.ports import Pixels

Prompts: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--prompts",
        help="Lines of text, .jsonl, PartiPrompts' .tsv or COCO's captions .json; else the miniature's own questions.",
    ),
]
Part: TypeAlias = Annotated[
    str | None,
    typer.Option("--part", help=f"{', '.join(PARTS)}. Else held-out; with --quick open."),
]
Kind: TypeAlias = Annotated[str, typer.Option("--kind", help="plain or synonym; else both.")]
Most: TypeAlias = Annotated[
    int | None,
    typer.Option("--most", help="How many prompts at most. Else 300; with --quick 16."),
]
Methods: TypeAlias = Annotated[
    list[str] | None, typer.Option("--method", "-m", help="A preset; repeatable. Else all.")
]
Guidances: TypeAlias = Annotated[
    list[float] | None, typer.Option("--guidance", "-g", help="Repeatable: one arm for each.")
]
Images: TypeAlias = Annotated[int, typer.Option("--images", "-n", help="A prompt, in every arm.")]
Steps: TypeAlias = Annotated[
    int | None, typer.Option("--steps", help="Of every picture. Else 12; with --quick 10.")
]
First: TypeAlias = Annotated[int, typer.Option("--seed", help="Another one draws all anew.")]
Suffix: TypeAlias = Annotated[str, typer.Option("--suffix", help="Words added in every arm.")]
Negative: TypeAlias = Annotated[str, typer.Option("--negative", help="The same in every arm.")]
Measure: TypeAlias = Annotated[
    Path | None, typer.Option("--clip", help="A local CLIP folder; else the miniature's small one.")
]
Eye: TypeAlias = Annotated[
    str,
    typer.Option("--features", help=f"What FID and diversity see with: {' or '.join(FEATURES)}."),
]
Likeness: TypeAlias = Annotated[
    bool, typer.Option(help="Also ask a CLIP how well a picture shows its prompt.")
]
AtOnce: TypeAlias = Annotated[
    int, typer.Option("--at-once", help="Pictures drawn together; a kill loses so many at most.")
]
Looks: TypeAlias = Annotated[
    int, typer.Option("--vlm", help="For so many prompts also ask the refiner's model.")
]
Real: TypeAlias = Annotated[
    Path | None, typer.Option("--reference", help="A folder of pictures that FID is measured to.")
]
Folder: TypeAlias = Annotated[Path, typer.Option("--out", "-o", help="Journal and report.")]
Quick: TypeAlias = Annotated[
    bool, typer.Option("--quick", help="A few prompts, few steps, where nothing else is said.")
]
Failing: TypeAlias = Annotated[
    bool, typer.Option("--failures", help="Also draw what shows the paper's failure modes.")
]


class _Usual(NamedTuple):
    """What is drawn where nothing else is said."""

    part: str
    most: int
    steps: int


USUALLY: Final = _Usual("held-out", 300, 12)
QUICKLY: Final = _Usual("open", 16, 10)


def evaluate(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    prompts: Prompts = None,
    part: Part = None,
    kind: Kind = "",
    most: Most = None,
    method: Methods = None,
    guidance: Guidances = None,
    images: Images = 2,
    steps: Steps = None,
    seed: First = 0,
    suffix: Suffix = "",
    negative: Negative = "",
    clip: Measure = None,
    likeness: Likeness = True,
    features: Eye = "clip",
    reference: Real = None,
    out: Folder = Path("evaluation"),
    failures: Failing = False,
    at_once: AtOnce = 32,
    vlm: Looks = 0,
    quick: Quick = False,
    as_json: options.Json = False,
) -> None:
    """Draw the same prompts with every method, measure, and write a report. Goes on where it was stopped."""
    from stylus_engine.evaluation.campaign import Campaign

    desk = desk_of(context)
    usual = QUICKLY if quick else USUALLY
    with answering(desk, as_json):
        wanted = Wanted(
            prompts=prompts, part=usual.part if part is None else part, kind=kind,
            most=usual.most if most is None else most,
            methods=tuple(method or ()), guidances=tuple(guidance or (5.0,)), clip=clip,
            likeness=likeness, features=features, reference=reference, out=out, failures=failures,
            at_once=at_once, vlm=vlm,
        )  # fmt: skip
        campaign = Campaign(
            images=images,
            steps=usual.steps if steps is None else steps,
            seed=seed,
            suffix=suffix,
            negative=negative,
        )
        settings = desk.settings()
        found = _evaluate(desk, settings, wanted, campaign)
        _answer(desk, found, wanted.out, as_json=as_json)


def _evaluate(desk: Desk, settings: Settings, wanted: Wanted, campaign: "Campaign") -> "Table":
    from stylus_engine.evaluation.journal import Journal

    asked = asks(desk, wanted)
    ways = arms(wanted, settings, asked, campaign)
    files.make_folder(wanted.out)
    with Journal.held(wanted.out / "journal.jsonl", campaign) as journal:
        journal.forget_other_words(asked)
        with desk.engine(settings) as engine:
            run(_draw(desk, engine, wanted.at_once, journal, asked, ways, campaign))
        return _measured(desk, settings, wanted, journal, asked, ways)


async def _draw(
    desk: Desk,
    engine: Engine,
    at_once: int,
    journal: "Journal",
    asks: "Sequence[Ask]",
    arms: "Sequence[Arm]",
    campaign: "Campaign",
) -> None:
    from stylus_engine.evaluation import drawing
    from stylus_engine.evaluation.campaign import cells

    await ensure_index(desk, engine)
    todo = list(cells(asks, arms, journal.done))
    done = len(asks) * len(arms) - len(todo)
    if done:
        desk.say(f"{done} of {done + len(todo)} grids were drawn before and are kept.")
    with _bar(desk, "drawing grids", len(todo)) as tell:
        await drawing.draw(engine, campaign, todo, journal, tell, at_once)


def _measured(
    desk: Desk,
    settings: Settings,
    wanted: Wanted,
    journal: "Journal",
    asks: "Sequence[Ask]",
    arms: "Sequence[Arm]",
) -> "Table":
    from bot.cli.duelling import duels
    from stylus_engine.evaluation import report, results
    from stylus_engine.evaluation.journal import failures

    store = PictureStore(settings.paths.place("pictures"))
    by = _instruments(wanted, asks, lambda address: store.read(address)[0])
    with _bar(desk, "measuring pictures", len(journal.shown)) as tell:
        marks = results.marks_of(journal.shown, asks, arms, by, tell)
    failed = failures(journal.shown, [ask.id for ask in asks], [arm.name for arm in arms])
    _tell_of(desk, failed)
    found = results.table(marks, arms, by, _reference(wanted, asks), len(failed))

    def read(address: str) -> bytes:
        return store.place(address).read_bytes()

    # before a model is asked: a server that falls silent must not cost what was measured
    _write(wanted.out, found, report.page(found, marks, arms, read))
    if fought := duels(settings, marks, arms, wanted.vlm, read):
        found = msgspec.structs.replace(found, duels=tuple(fought))
        _write(wanted.out, found, report.page(found, marks, arms, read))
    return found


def _tell_of(desk: Desk, failed: "Sequence[Shown]") -> None:
    if failed:
        pictures = "1 picture" if len(failed) == 1 else f"{len(failed)} pictures"
        desk.say(
            f"{pictures} failed, the first with: {failed[0].why} The same command tries again."
        )


def _write(out: Path, found: "Table", page: str) -> None:
    files.write(out / "table.json", msgspec.json.format(msgspec.json.encode(found), indent=1))
    files.write(out / "report.html", page.encode())


def _instruments(
    wanted: Wanted, asks: "Sequence[Ask]", read: "Callable[[str], Pixels]"
) -> "Instruments":
    """Truth is known of the miniature's own questions only."""
    from miniature import instruments
    from stylus_engine.evaluation.clip import LocalClip
    from stylus_engine.evaluation.marks import Instruments

    judge = instruments.JudgeReads()
    clip = LocalClip(wanted.clip) if wanted.clip else instruments.clip()
    eye, scorer = judge if wanted.features == "judge" else clip, clip if wanted.likeness else None
    known = any(ask.truth for ask in asks)
    return Instruments(read=read, features=eye, judge=judge if known else None, scorer=scorer)


def _reference(wanted: Wanted, asks: "Sequence[Ask]") -> "Sequence[Pixels]":
    """The miniature's world drawn by its own hand, or the pictures of a folder."""
    from miniature import instruments
    from stylus_engine.pictures import store

    if wanted.reference is not None:
        return [store.read(path)[0] for path in sorted(wanted.reference.glob("*.png"))]
    return instruments.reference([ask.truth for ask in asks if ask.truth])


def _answer(desk: Desk, found: "Table", out: Path, *, as_json: bool) -> None:
    from bot.cli.ranking import show

    if as_json:
        desk.answer(found)
        return
    show(desk.out, found)
    desk.out.print(f"The report is {out / 'report.html'}.", soft_wrap=True)


class _bar:  # noqa: N801 - reads as a verb where it stands
    """A progress bar on stderr; inside, a function that moves it on."""

    def __init__(self, desk: Desk, what: str, total: int) -> None:
        self._bars = Progress(
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=desk.err, transient=True,
        )  # fmt: skip
        self._task = self._bars.add_task(what, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._bars.start()
        return lambda more: self._bars.advance(self._task, more)

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
