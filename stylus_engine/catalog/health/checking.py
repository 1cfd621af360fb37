"""Checks made at once, by whoever has something that draws: one adapter, or the whole shelf."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from stylus_engine.catalog.health import plan
from stylus_engine.catalog.health.examining import Examination, Sketched
from stylus_engine.catalog.health.features import Features, picture_features
from stylus_engine.catalog.nouns import Checked
from stylus_engine.errors import AdapterUnsupported, StylusError
from stylus_engine.model import Adapter, Checkpoint, Event, Shot
from stylus_engine.model.noun import Noun
from stylus_engine.ports import AdapterFiles, Pictures


class Draw(Protocol):
    """See `Walker.draw`."""

    def __call__(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """Events until each of `shots` has ended."""
        ...


class Kept(Protocol):
    """Where verdicts are kept: the catalogue, as far as this room asks."""

    def learn(self, card_id: str, *, checked: Checked | None = None) -> object:
        """Keep one layer; the card is merged anew."""
        ...


@dataclass(frozen=True, slots=True)
class Practice:
    """What every check needs beside something that draws. `fit`: which prompts may be drawn."""

    checkpoint: Checkpoint
    pictures: Pictures
    files: AdapterFiles
    budget: plan.Budget = field(default_factory=plan.Budget)
    features: Features = picture_features
    sketched: Sketched | None = None
    fit: plan.Fit = plan.anything

    async def examine(self, card: Adapter, job: str) -> Examination:
        """Begin with one adapter. Raises `AdapterFileMissing`, `AdapterChanged`.

        Raises `AdapterUnsupported` for what shows a real person or a minor, also by name.
        """
        if card.real_person or card.minor:
            raise AdapterUnsupported(name=card.name, kind="a real person or a minor")
        _, sha256 = await asyncio.to_thread(self.files.fetch, card)
        return Examination(
            card,
            sha256,
            self.checkpoint,
            self.pictures,
            job,
            self.budget,
            self.features,
            self.sketched,
            self.fit,
        )


class Told(Noun, frozen=True, kw_only=True):
    """One adapter is done: `checked`, or `why` it was put off."""

    name: str
    number: int
    of: int
    checked: Checked | None = None
    why: str = ""


class Summary(Noun, frozen=True, kw_only=True):
    """What a round of checks came to; the three add up to all that were asked for."""

    good: int = 0
    broken: int = 0
    put_off: int = 0


async def check(card: Adapter, draw: Draw, practice: Practice) -> Checked:
    """Draw with one adapter and without, until it is clear what it does.

    A file that cannot be drawn with comes back as `broken`, with its sentence.  Raises
    `AdapterFileMissing`, `AdapterChanged`, `DrawFailed`, `Busy`, `BadManifest`: nothing
    is known then, and another time will do.
    """
    examination = await practice.examine(card, job=f"check-{card.card_id}")
    while shots := await asyncio.to_thread(examination.shots):
        async with aclosing(draw(examination.job, shots)) as events:
            async for event in events:
                examination.heard(event)
    return examination.verdict()


async def check_all(
    cards: Iterable[Adapter],
    kept: Kept,
    draw: Draw,
    practice: Practice,
    tell: Callable[[Told], None],
) -> Summary:
    """Check these in this order and keep what is found after each: a run that is killed loses one.

    `tell` hears of each.  What cannot be checked now is put off, and the run goes on.
    """
    todo = list(cards)
    done: list[Told] = []
    for number, card in enumerate(todo, start=1):
        checked, why = None, ""
        try:
            checked = await check(card, draw, practice)
            kept.learn(card.card_id, checked=checked)
        except StylusError as error:
            why = str(error)
        told = Told(name=card.name, number=number, of=len(todo), checked=checked, why=why)
        done.append(told)
        tell(told)
    return summed(done)


def summed(done: Sequence[Told]) -> Summary:
    """How many of each."""
    broken = sum(each.checked is not None and bool(each.checked.broken) for each in done)
    put_off = sum(each.checked is None for each in done)
    return Summary(good=len(done) - broken - put_off, broken=broken, put_off=put_off)
