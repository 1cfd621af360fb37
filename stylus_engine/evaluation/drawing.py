"""Draws what the journal lacks, in batches of many prompts and arms: one forward serves them all."""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from stylus_engine.errors import StylusError
from stylus_engine.evaluation.campaign import Campaign, Cell, even, forced, request, seed_of
from stylus_engine.evaluation.journal import Journal, Shown
from stylus_engine.model import Drawn, Event, Failed, Plan, Request, Shot
from stylus_engine.planning.shots import seeds
from stylus_engine.ports import CardStore

JOB = "eval"


class Draws(Protocol):
    """What is asked of an engine."""

    @property
    def cards(self) -> CardStore:
        """All that is known."""
        ...

    async def plan(self, request: Request) -> Plan:
        """Choose adapters; draw nothing."""
        ...

    def shots(self, request: Request, plan: Plan, job: str) -> Sequence[Shot]:
        """The grid of a plan."""
        ...

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """Draw them; each ends in `Drawn` or `Failed`."""
        ...


@dataclass(frozen=True, slots=True)
class _Planned:
    """One picture before it is drawn, and how long its grid took to plan."""

    cell: Cell
    shot: Shot
    planned_s: float


async def draw(
    engine: Draws,
    campaign: Campaign,
    todo: Sequence[Cell],
    journal: Journal,
    tell: Callable[[int], None],
    at_once: int = 32,
) -> None:
    """`tell` hears how many cells each batch finished."""
    each = max(1, at_once // campaign.images)
    for at in range(0, len(todo), each):
        cells = todo[at : at + each]
        began = time.monotonic()
        grids = [one for cell in cells for one in await _planned(engine, campaign, cell, journal)]
        ended = await _drawn(engine, grids)
        seconds = (time.monotonic() - began - _planning(grids)) / max(1, len(grids))
        journal.add(list(_shown(grids, ended, seconds)))
        tell(len(cells))


async def _planned(
    engine: Draws, campaign: Campaign, cell: Cell, journal: Journal
) -> Sequence[_Planned]:
    """A prompt that cannot even be asked for fails in the journal; the others go on."""
    began = time.monotonic()
    try:
        asked = request(cell, campaign)
        plan = await engine.plan(asked)
        plan = forced(plan, [engine.cards.get(each) for each in cell.arm.forced])
        shots = engine.shots(asked, plan, "eval")
    except StylusError as error:
        numbers = seeds(seed_of(cell.ask.prompt, campaign.seed), campaign.images)
        journal.add([_lost(cell, at, str(error), seed) for at, seed in enumerate(numbers)])
        return ()
    seconds = time.monotonic() - began
    return [_Planned(cell, even(shot, campaign), seconds) for shot in shots]


async def _drawn(engine: Draws, grids: Sequence[_Planned]) -> dict[str, Event]:
    shots = [replace(one.shot, id=_name(one), job=JOB, preview_every=0) for one in grids]
    if not shots:
        return {}
    async with aclosing(engine.draw(JOB, shots)) as events:
        return {e.shot: e async for e in events if isinstance(e, Drawn | Failed)}


def _name(one: _Planned) -> str:
    """By what is drawn and not by when: a manifest, and so a file, is the same after a kill."""
    return hashlib.blake2b(f"{one.cell.key}{one.shot.index}".encode(), digest_size=8).hexdigest()


def _planning(grids: Sequence[_Planned]) -> float:
    return sum({one.cell.key: one.planned_s for one in grids}.values())


def _shown(grids: Sequence[_Planned], ended: dict[str, Event], seconds: float) -> Iterator[Shown]:
    for one in grids:
        event = ended[_name(one)]
        shown = _lost(one.cell, one.shot.index, getattr(event, "sentence", ""), one.shot.seed)
        lit = tuple((each.adapter.card_id, each.weight) for each in one.shot.recipe.adapters)
        kept = event.picture.id if isinstance(event, Drawn) else ""
        yield replace(shown, picture=kept, lit=lit, planned_s=one.planned_s, drawn_s=seconds)


def _lost(cell: Cell, index: int, why: str, seed: int) -> Shown:
    return Shown(ask=cell.ask.id, arm=cell.arm.name, index=index, seed=seed, why=why)
