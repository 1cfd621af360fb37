"""Plans and pictures as people read them in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.captions import faster, lit, plain, varied, weight
from bot.readying import waited
from stylus_engine.model import (
    Dropped,
    Manifest,
    Picture,
    Plan,
    Ran,
    Readied,
    Seen,
    Shot,
    Survival,
    Task,
)

INDENT = (0, 0, 0, 2)
MOST_SEEN = 6  # candidates told per concept


def show_plan(console: Console, plan: Plan) -> None:
    """Concept by concept: which adapters, how strong, why; then what nobody covers."""
    line(console, Text(f"“{plain(plan.prompt)}”", style="bold"))
    console.print()
    if plan.tasks:
        console.print(Padding(_tasks(plan.tasks), INDENT))
    else:
        why = "Preset base" if plan.preset == "base" else "No adapter fits"
        line(console, Text(f"{why}: the checkpoint draws alone."))
    console.print()
    if plan.tasks and plan.uncovered:
        uncovered = " · ".join(plain(words, 80) for words in plan.uncovered)
        line(console, Text(f"No adapter for: {uncovered}", style="dim"))
    composer = f"Composer {plain(plan.composer, 60)}"
    chosen = f"{composer} · preset {plan.preset} · {_count(plan.seen)} candidates"
    line(console, Text(chosen, style="dim"))
    if plan.instead:
        line(console, Text(f"The language model did not choose. {plain(plan.instead, 240)}"))
    console.print()


def _count(seen: Sequence[Seen]) -> int:
    return len({one.card_id for one in seen})


def _tasks(tasks: Sequence[Task]) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="cyan", max_width=28)
    table.add_column(style="bold", max_width=30)
    table.add_column(justify="right")
    table.add_column(style="dim")
    for task in tasks:
        concept = plain(task.concept, 80)
        for choice in task.choices:
            name, why = plain(choice.adapter.name, 60), plain(choice.reason, 160)
            table.add_row(Text(concept), Text(name), weight(choice.weight), Text(why))
            concept = ""
    return table


def show_candidates(console: Console, plan: Plan) -> None:
    """What the composer had before it, and what a rule struck out."""
    for concept, seen in groupby(plan.seen, key=lambda one: one.concept):
        where = f"“{plain(concept, 60)}”" if concept else "the whole prompt"
        line(console, Text.assemble(("Found for ", "dim"), (where, "dim cyan"), _seen(seen)))
    if plan.dropped:
        line(console, Text(f"Struck out or left out: {len(plan.dropped)}", style="dim"))
    for dropped in plan.dropped:
        line(console, _dropped(dropped))
    if plan.seen or plan.dropped:
        console.print()


def _seen(seen: Iterable[Seen]) -> tuple[str, str]:
    ranked = sorted(seen, key=lambda one: -one.similarity)
    told = [f"{plain(one.name, 40)} {one.similarity:.2f}" for one in ranked[:MOST_SEEN]]
    more = [f"{len(ranked) - MOST_SEEN} more"] if len(ranked) > MOST_SEEN else []
    return (f": {' · '.join(told + more)}", "dim")


def _dropped(dropped: Dropped) -> Text:
    return Text(f"  {plain(dropped.what, 80)}: {plain(dropped.why, 160)}", style="dim")


def show_shots(console: Console, shots: Sequence[Shot], captions: Iterable[str]) -> None:
    """One line per picture, its adapters and its seed."""
    for caption, shot in zip(captions, shots, strict=True):
        line(console, Text.assemble(caption, (f"   seed {shot.seed}", "dim")))
    show_pace(console, shots)
    masks = {shot.recipe.mask.code for shot in shots}
    if len(masks) < len(shots) and any(lit(shot) for shot in shots):
        line(console, Text(_few(len(masks), varied(shots)), style="dim"))
    console.print()


def _few(masks: int, strong: bool) -> str:
    """Why pictures share a mask, and by what they differ."""
    have = f"{masks} masks" if masks > 1 else "one mask"
    other = "other seeds and strengths" if strong else "other seeds"
    return f"This plan has {have}; further pictures take the best with {other}."


def show_pace(console: Console, shots: Sequence[Shot]) -> None:
    """Which few-step adapter set steps, guidance and sampler, if one did."""
    for shot in shots[:1]:
        if (fast := faster(shot)) is not None:
            name, steps = plain(fast.adapter.name, 60), "step" if shot.steps == 1 else "steps"
            told = f"{shot.steps} {steps}, guidance {weight(shot.guidance)}, {shot.sampler}"
            line(console, Text(f"Drawn in {told}: few-step adapter {name} {weight(fast.weight)}"))


def show_survival(console: Console, pictures: Sequence[Picture]) -> None:
    """What a look at the pictures found missing, and which were drawn a second time for it."""
    told = [(p.manifest.shot.index + 1, p.manifest.survival) for p in pictures]
    for number, seen in told:
        if seen is not None:
            line(console, Text(f"{number} · {_survived(seen)}", style="dim"))
    if any(seen is not None for _, seen in told):
        console.print()


def show_kept(console: Console, pictures: Sequence[Picture]) -> None:
    """Adapters that are drawn with in a shortened form: what is left of them."""
    for told in sorted({picture.manifest.how.get("kept", "") for picture in pictures} - {""}):
        line(console, Text(f"Shortened to fit: {plain(told, 300)}", style="dim"))


def show_quantised(console: Console, pictures: Sequence[Picture]) -> None:
    """A base in fewer bits than it was trained with."""
    for kind in sorted({each.manifest.how.get("quantised", "") for each in pictures} - {""}):
        told = f"Drawn with {plain(kind, 20)} weights: other pictures than the checkpoint's own."
        line(console, Text(told, style="dim"))


def show_ran(console: Console, manifests: Sequence[Manifest], when: str = "") -> None:
    """Which executor drew the steps of each picture, and why. `when`: for one that was drawn twice, which time."""
    for manifest in manifests:
        lead = when or manifest.shot.index + 1
        for ran in manifest.ran:
            steps = f"{ran.steps} step{'' if ran.steps == 1 else 's'}"
            told = f"{lead} · {steps} with executor {ran.executor}: {why_of(ran)}"
            line(console, Text(told, style="dim"))
    console.print()


def show_readied(
    console: Console, pictures: Sequence[Picture], fetched: Mapping[str, float]
) -> None:
    """How each adapter came to be ready, and what was waited for; `fetched`: seconds of downloads."""
    ready = waited(pictures)
    for one in ready:
        before = f"; fetched in {fetched[one.name]:.3f} s before" if one.name in fetched else ""
        line(console, Text(f"{plain(one.name, 60)}: {_readied(one)}{before}", style="dim"))
    if ready:
        console.print()


def _readied(one: Readied) -> str:
    match one.how:
        case "memory":
            return "in memory"
        case "ahead":
            return "made ready while a model was thinking"
        case "shelf":
            return f"read from the disk, converted before, in {one.seconds:.3f} s"
        case "converted":
            return f"converted from its file in {one.seconds:.3f} s"


def why_of(ran: Ran) -> str:
    """Why this executor drew."""
    whys = {
        "asked": "the settings ask for it",
        "bare": "no adapter was lit",
        "first": "the model is first watched at work",
        "cheapest": f"expected to be the fastest here, before {plain(ran.over, 20)}",
        "uncompiled": "the compiler failed, the log says why",
        "offloaded": f"expected to be the fastest that leaves offloaded weights alone, before {plain(ran.over, 20)}",
        "quantised": f"expected to be the fastest that leaves quantised weights alone, before {plain(ran.over, 20)}",
    }
    return whys.get(ran.why, plain(ran.why, 40))


def _survived(seen: Survival) -> str:
    again = "drawn a second time with other weights" if seen.repaired else ""
    lost = " · ".join(plain(words, 80) for words in seen.lost)
    return "; ".join(
        part for part in (again, f"does not seem to show: {lost}" if lost else "") if part
    )


def show_places(console: Console, places: Mapping[str, Sequence[Path]]) -> None:
    """Where files lie, one path a line, never broken: paths are there to be copied."""
    for name, paths in places.items():
        for number, path in enumerate(paths):
            label = f"{name if number == 0 else '':<10}"
            line(console, Text.assemble((label, "dim"), str(path)))


def show_seconds(console: Console, timings: Mapping[str, float]) -> None:
    """`12.3 s: 0.8 s choosing, 11.5 s drawing`."""
    words = {"plan": "choosing adapters", "draw": "drawing"}
    parts = [f"{timings[key]:.1f} s {word}" for key, word in words.items() if key in timings]
    line(console, Text(f"{timings['total']:.1f} s: {', '.join(parts)}", style="dim"))


def line(console: Console, text: Text) -> None:
    """One indented line, however long."""
    console.print(Text("  ").append_text(text), soft_wrap=True)
