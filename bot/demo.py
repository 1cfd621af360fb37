"""`stylus demo`, which `make demo` runs: one request on the miniature, saved under ./demo/."""

import resource
import sys
from pathlib import Path

import typer
from rich.text import Text

from bot.cli import options
from bot.cli.asking import Wish
from bot.cli.desk import answering, desk_of
from bot.cli.drawing import new_job
from bot.cli.imagine import draw
from bot.cli.saving import Target
from bot.cli.show import line

PROMPT = "a papercut of a purple rocket at sunset"  # a style, a subject and a light
SEED = 11
FOLDER = Path("demo")
GIB = 2**30


def demo(
    context: typer.Context,
    prompt: options.Prompt = PROMPT,
    seed: options.Seed = SEED,
    out: options.Out = FOLDER,
) -> None:
    """Draw one grid on the miniature and say where it lies, how long it took and how much memory."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        settings = desk.settings()
        target = Target(job=new_job(), grids=settings.paths.place("grids"), out=out)
        wish = Wish(prompt=prompt, seed=seed, checkpoint="miniature")
        outcome = draw(desk, settings, wish, target, as_json=False)
        seconds, peak = outcome.timings["draw"], peak_memory() / GIB
        told = f"Grid of {len(outcome.finished)}: {seconds:.1f} s; peak memory {peak:.2f} GiB."
        line(desk.out, Text(told, style="bold"))


def peak_memory() -> int:
    """Bytes this process has had at most. Linux counts in KiB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
