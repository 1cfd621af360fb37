"""From a stream of events to pictures, a grid and words: shared by `imagine`, `again` and `demo`."""

import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeAlias

from bot.cli.answer import Drawing, Told, images_out, plan_out, rounded
from bot.cli.bars import Bars
from bot.cli.desk import Desk, exit_code, failure, refuse
from bot.cli.outcome import Outcome
from bot.cli.saving import Saved, Target, save
from bot.cli.show import (
    show_kept,
    show_places,
    show_plan,
    show_quantised,
    show_ran,
    show_readied,
    show_seconds,
    show_shots,
    show_survival,
)
from bot.cli.stopping import run_until_stopped
from stylus_engine.errors import StylusError
from stylus_engine.model import Event, Plan, Planned

Events: TypeAlias = AsyncGenerator[Event, None]


def new_job() -> str:
    """A name for one request."""
    return secrets.token_hex(8)


def follow(desk: Desk, events: Callable[[], Events], outcome: Outcome, *, quiet: bool) -> None:
    """Walk the events to their end, to an error or to Ctrl-C; `outcome` holds what came of it."""
    stopped = False
    opening = "choosing adapters" if outcome.shots_of else "making ready"
    with Bars(desk.err, opening) as bars:
        try:
            stopped = run_until_stopped(_walk(desk, events, outcome, bars, quiet=quiet))
        except StylusError as error:  # finished pictures are listed all the same
            desk.trace()
            outcome.fail(error)
        outcome.end(stopped=stopped)


async def _walk(
    desk: Desk, events: Callable[[], Events], outcome: Outcome, bars: Bars, *, quiet: bool
) -> None:
    async with aclosing(events()) as stream:
        async for event in stream:
            outcome.take(event)
            if isinstance(event, Planned):
                with bars.aside():
                    _show(desk, event.plan, quiet=quiet)
                bars.expect(outcome.shots)
            bars.take(event)


def _show(desk: Desk, plan: Plan, *, quiet: bool) -> None:
    if not quiet:
        show_plan(desk.out, plan)


def finish(
    desk: Desk,
    outcome: Outcome,
    target: Target,
    *,
    as_json: bool,
    explain: bool = False,
    when: str = "",
) -> int:
    """Save the sheet and the copies, tell what came of it; the exit code. `when`: see `show_ran`."""
    saved = Saved()
    try:
        saved = save(outcome, target)
    except StylusError as error:
        desk.trace()
        outcome.fail(error)
    report(desk, outcome, saved, as_json=as_json)
    if explain and not as_json:
        finished = [outcome.pictures[shot.id] for shot in outcome.finished]
        show_ran(desk.out, [each.manifest for each in finished], when)
        show_readied(desk.out, finished, outcome.fetched)
    return exit_code(outcome.failures[0].kind) if outcome.failures else 0


def report(desk: Desk, outcome: Outcome, saved: Saved, *, as_json: bool) -> None:
    """Answer on stdout; each reason for a missing picture once on stderr."""
    if as_json:
        desk.answer(_answer(outcome, saved))
    elif outcome.finished:
        show_shots(desk.out, outcome.finished, outcome.lines.values())
        finished = [outcome.pictures[shot.id] for shot in outcome.finished]
        show_kept(desk.out, finished)
        show_quantised(desk.out, finished)
        show_survival(desk.out, finished)
        show_places(desk.out, saved.places(outcome))
        show_seconds(desk.out, outcome.timings)
    for told in dict.fromkeys((failed.kind, failed.sentence) for failed in outcome.failures):
        refuse(desk, *told)


def _answer(outcome: Outcome, saved: Saved) -> Drawing | Told:
    errors = [failure(failed.kind, failed.sentence) for failed in outcome.failures]
    if errors and outcome.plan is None and not outcome.finished:
        return Told(error=errors[0])
    return Drawing(
        plan=plan_out(outcome.plan),
        images=images_out(outcome.shots, outcome.pictures, saved.copies),
        timings=rounded(outcome.timings),
        error=errors[0] if errors else None,
    )
