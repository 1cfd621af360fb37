"""Drawing with a look at what came out: a picture in which a concept is lost is drawn once more.

    draw -> Drawn -> does every lit concept show?  yes: told at once
                                                   no:  another recipe, the same seed; the better stays

A picture is told when nothing more can become of it.  Whatever goes wrong with looking
or with the second drawing, the first picture is delivered as it is.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from msgspec.structs import replace

from stylus_engine.errors import StylusError
from stylus_engine.model import Drawn, Event, Failed, Picture, Shot, Started, Stepped, Survival
from stylus_engine.planning.repair import Verdict, lit_concepts, mended, questions, verdict
from stylus_engine.ports import Pictures, Scorer

LOG = logging.getLogger("stylus.mending")
SECOND = "~2"  # after a shot's id: its second drawing
# What somebody else's model may raise: it is not there, no memory, another shape.
FAILS = (StylusError, RuntimeError, ValueError, OSError, ImportError, MemoryError)


class Draws(Protocol):
    """What draws: `Walker`, as far as this page asks."""

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Walker.draw`."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture, and what a scorer saw in it."""

    drawn: Drawn
    verdict: Verdict
    by: str


class Mender:
    """Draws as `draws` does, and looks at each picture; `forget` takes away one that nobody will see."""

    def __init__(
        self,
        draws: Draws,
        pictures: Pictures,
        scorer: Callable[[], Scorer],
        forget: Callable[[Picture], None] = lambda _: None,
    ) -> None:
        self._draws = draws
        self._pictures = pictures
        self._scorer = scorer
        self._forget = forget

    @cached_property
    def _eye(self) -> Scorer:
        return self._scorer()

    async def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Walker.draw`: each shot ends once, under its own id, whatever is drawn between."""
        watched = {shot.id: shot for shot in shots if lit_concepts(shot.recipe)}
        held: dict[str, Looked] = {}
        async with aclosing(self._draws.draw(job, shots)) as events:
            async for event in events:
                looked = await self._looked(event, watched)
                if looked is not None and self._second(looked, watched):
                    held[looked.drawn.shot] = looked
                else:
                    yield event if looked is None else await self._told(looked)
        async with aclosing(self._again(job, held, watched)) as events:
            async for event in events:
                yield event

    async def _again(
        self, job: str, held: dict[str, Looked], watched: dict[str, Shot]
    ) -> AsyncGenerator[Event, None]:
        """Draw the second ones; what does not come is told as it first was."""
        seconds = [shot for one in held.values() if (shot := self._second(one, watched))]
        try:
            async with aclosing(self._draws.draw(job, seconds)) as events:
                async for event in events:
                    if not isinstance(event, Drawn | Failed):
                        yield _renamed(event)
                    elif (first := held.pop(_first(event.shot), None)) is not None:
                        yield await self._better(first, event)
        except StylusError as error:
            LOG.info("not drawn a second time: %s", error)
        for one in held.values():
            yield await self._told(one)

    async def _better(self, first: Looked, event: Drawn | Failed) -> Drawn:
        if isinstance(event, Failed):
            return await self._told(first)
        asked = event.picture.manifest.shot
        second = await self._looked(event, {event.shot: asked})
        if second is None or second.verdict.rank <= first.verdict.rank:
            self._forget(event.picture)
            return await self._told(first)
        self._forget(first.drawn.picture)
        return await self._told(second, repaired=True)

    @staticmethod
    def _second(looked: Looked, watched: dict[str, Shot]) -> Shot | None:
        """What is tried instead; None where all is well or nothing is left to try."""
        shot = watched[looked.drawn.shot]
        recipe = mended(shot.recipe, looked.verdict.lost) if looked.verdict.lost else None
        return None if recipe is None else replace(shot, id=shot.id + SECOND, recipe=recipe)

    async def _looked(self, event: Event, watched: dict[str, Shot]) -> Looked | None:
        """What is seen in a picture; None for anything else, and where nobody could look."""
        if not isinstance(event, Drawn) or event.shot not in watched:
            return None
        try:
            return await asyncio.to_thread(self._look, event, watched[event.shot])
        except FAILS as error:
            LOG.warning("a picture was not looked at: %s", error)
            return None

    def _look(self, drawn: Drawn, shot: Shot) -> Looked:
        scorer, asked = self._eye, questions(shot.recipe)
        pixels, _ = self._pictures.read(drawn.picture.id)
        scores = scorer.score([pixels], asked.texts)
        return Looked(
            drawn, verdict(asked, [float(score) for score in scores.ravel()]), scorer.name
        )

    async def _told(self, looked: Looked, *, repaired: bool = False) -> Drawn:
        """The picture as it is delivered: with a word in its manifest where there is one to say."""
        lost = looked.verdict.lost
        drawn = replace(looked.drawn, shot=_first(looked.drawn.shot))
        if not lost and not repaired:
            return drawn
        survival = Survival(by=looked.by, lost=lost, repaired=repaired)
        try:
            picture = await asyncio.to_thread(self._kept, drawn.picture, drawn.shot, survival)
        except StylusError as error:  # a full disk: the picture itself is there
            LOG.warning("a picture keeps no word of what it lost: %s", error)
            return drawn
        return replace(drawn, picture=picture)

    def _kept(self, picture: Picture, shot: str, survival: Survival) -> Picture:
        """The same pixels once more, under a manifest that says it; the first file goes."""
        pixels, _ = self._pictures.read(picture.id)
        manifest = picture.manifest
        named = replace(manifest, shot=replace(manifest.shot, id=shot), survival=survival)
        kept = self._pictures.keep(pixels, named)
        self._forget(picture)
        return kept


def second_of(shot: str) -> str:
    """The id under which a shot is drawn a second time."""
    return shot + SECOND


def _first(shot: str) -> str:
    return shot.removesuffix(SECOND)


def _renamed(event: Event) -> Event:
    """Progress of a second drawing is its shot's own."""
    named = isinstance(event, Started | Stepped)
    return replace(event, shot=_first(event.shot)) if named else event
