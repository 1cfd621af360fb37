"""`stylus imagine` and `stylus plan`: from a prompt to a plan, and on to pictures."""

from contextlib import aclosing

import typer

from bot.captions import captions
from bot.cli import options
from bot.cli.answer import Planning, plan_out, rounded
from bot.cli.asking import Wish, request, unheard, unread
from bot.cli.desk import Desk, answering, desk_of, ensure_index
from bot.cli.drawing import Events, finish, follow, new_job
from bot.cli.engine import Engine
from bot.cli.outcome import Outcome
from bot.cli.saving import Target
from bot.cli.show import show_candidates, show_plan, show_shots
from bot.cli.starting import start
from bot.cli.stopping import run
from bot.settings import Settings
from stylus_engine.model import Plan, Request, Start
from stylus_engine.pictures import files


def imagine(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    prompt: options.Prompt,
    count: options.Count = None,
    seed: options.Seed = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    sampler: options.SamplerName = None,
    width: options.Width = 0,
    height: options.Height = 0,
    negative: options.Negative = None,
    preset: options.Preset = None,
    checkpoint: options.CheckpointName = "",
    pin: options.Pin = None,
    ban: options.Ban = None,
    fast: options.Fast = None,
    style_strength: options.Strength = None,
    image: options.Image = None,
    mask: options.MaskFile = None,
    strength: options.Redo = None,
    bare: options.Bare = False,
    explain: options.Explain = False,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """Draw a grid of pictures, each with other adapters."""
    wish = Wish(
        prompt=prompt, negative=negative, checkpoint=checkpoint, width=width, height=height,
        steps=steps, guidance=guidance, sampler=sampler, count=count, seed=seed, preset=preset,
        strength=style_strength, bare=bare, pin=pin, ban=ban, fast=fast,
    )  # fmt: skip
    desk = desk_of(context)
    with answering(desk, as_json):
        settings = desk.settings()
        target = Target(job=new_job(), grids=settings.paths.place("grids"), out=out)
        begin = start(image, mask, strength, settings)
        draw(desk, settings, wish, target, begin, as_json=as_json, explain=explain)


def draw(
    desk: Desk,
    settings: Settings,
    wish: Wish,
    target: Target,
    begin: Start | None = None,
    *,
    as_json: bool,
    explain: bool = False,
) -> Outcome:
    """Plan and draw `wish`, show it, save it. Ends the command when a picture is missing."""
    with desk.engine(settings) as engine:
        asked = request(wish, settings, engine.cards, begin)
        for sentence in unheard(wish, engine.checkpoints.find(asked.checkpoint)):
            desk.say(sentence)
        files.make_folder(target.sheet.parent)  # refused now rather than after the drawing
        outcome = Outcome(shots_of=lambda plan: engine.shots(asked, plan, target.job))
        follow(desk, lambda: _events(desk, engine, asked, target.job), outcome, quiet=as_json)
    code = finish(desk, outcome, target, as_json=as_json, explain=explain)
    if code:
        raise typer.Exit(code)
    return outcome


async def _events(desk: Desk, engine: Engine, asked: Request, job: str) -> Events:
    await _prepare(desk, engine, asked)
    async with aclosing(engine.imagine(asked, job)) as events:
        async for event in events:
            yield event


async def _prepare(desk: Desk, engine: Engine, asked: Request) -> None:
    """The base preset looks nothing up, so it needs no index."""
    if asked.preset != "base":
        await ensure_index(desk, engine)


def plan(  # noqa: PLR0913, PLR0917 - one argument for each thing a person may say
    context: typer.Context,
    prompt: options.Prompt,
    count: options.Count = None,
    seed: options.Seed = None,
    preset: options.Preset = None,
    checkpoint: options.CheckpointName = "",
    pin: options.Pin = None,
    ban: options.Ban = None,
    fast: options.Fast = None,
    style_strength: options.Strength = None,
    bare: options.Bare = False,
    as_json: options.Json = False,
) -> None:
    """Show which adapters would draw which words, and why. Draws nothing."""
    wish = Wish(
        prompt=prompt, checkpoint=checkpoint, count=count, seed=seed, preset=preset,
        strength=style_strength, bare=bare, pin=pin, ban=ban, fast=fast,
    )  # fmt: skip
    desk = desk_of(context)
    with answering(desk, as_json):
        settings = desk.settings()
        with desk.engine(settings) as engine:
            _show(desk, engine, request(wish, settings, engine.cards), as_json=as_json)


async def _planned(desk: Desk, engine: Engine, asked: Request) -> Plan:
    await _prepare(desk, engine, asked)
    return await engine.plan(asked)


def _show(desk: Desk, engine: Engine, asked: Request, *, as_json: bool) -> None:
    for sentence in unread(asked.prompt):
        desk.say(sentence)
    outcome = Outcome()
    with desk.err.status("choosing adapters"):
        planned = run(_planned(desk, engine, asked))
        shots = engine.shots(asked, planned, new_job())
    outcome.end(stopped=False)
    if as_json:
        timings = {"plan": outcome.timings["total"], "total": outcome.timings["total"]}
        desk.answer(Planning(plan=plan_out(planned), timings=rounded(timings)))
        return
    show_plan(desk.out, planned)
    show_candidates(desk.out, planned)
    show_shots(desk.out, shots, captions(shots))
