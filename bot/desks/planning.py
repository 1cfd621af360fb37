"""The planner's desk: shots for jobs, adapters for people who look for them, pictures made ready."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Protocol

from bot.desks.comparing import Arranging, arranged
from bot.desks.in_hand import InHand
from bot.desks.index import Index, Indexed
from bot.desks.pictures import begun, inspected, packed
from stylus_engine.catalog.orders import Arrived, Brought
from stylus_engine.errors import StylusError, UnknownName, Unsupported
from stylus_engine.model import (
    Adapter,
    Candidate,
    Event,
    Failed,
    Fetching,
    Policy,
    Shot,
)
from stylus_engine.ports import CardStore
from stylus_engine.workers.frames import (
    Add,
    Added,
    Arrange,
    Arranged,
    Begin,
    Begun,
    Cards,
    Check,
    Checking,
    Draw,
    Fetch,
    Fetched,
    Found,
    FromWorker,
    Inspect,
    Inspected,
    Lookup,
    Named,
    Pack,
    Packed,
    Prepare,
    Ready,
    Search,
)
from stylus_engine.workers.serving import Question, Tell, TellFetching


class Planning(Arranging, Indexed, Protocol):
    """What the desk asks of the engine."""

    @property
    def cards(self) -> CardStore:
        """Every card this installation knows."""
        ...

    @property
    def known(self) -> int:
        """How many there are as the catalogue lies: quick."""
        ...

    @property
    def moved(self) -> int:
        """Grows while an index is built."""
        ...

    def drop(self, job: str) -> None:
        """Nobody wants this job any more."""
        ...

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """See `ports.Bringer`."""
        ...

    def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """See `ports.Bringer`."""
        ...

    async def add(self, brought: Brought, tell: TellFetching) -> Arrived:
        """Take in an adapter that somebody brought."""
        ...

    async def checks(self, ended: Sequence[Event]) -> Sequence[Shot]:
        """What to draw next to see how an adapter draws; how earlier shots have `ended`."""
        ...

    async def browse(
        self, text: str, policy: Policy, k: int, offset: int = 0
    ) -> tuple[Sequence[Candidate], int]:
        """A page of the shelf, and how long the shelf is."""
        ...


class PlanningDesk:
    """Implements `serving.Desk` for the role "planner". `packed` is where made-ready pictures lie.

    `pictures` is the store: those that people bring to start from are kept there.
    """

    def __init__(
        self,
        engine: Planning,
        packed: Path,
        checkpoints: tuple[str, ...] = (),
        pictures: Path | None = None,
    ) -> None:
        self._engine = engine
        self._packed = packed
        self._pictures = pictures or packed
        self._checkpoints = checkpoints
        self._in_hand = InHand()
        self._telling: dict[str, TellFetching] = {}
        self._opening = asyncio.Lock()  # of a picture: fifty million pixels take up to 0.8 GiB
        self._index = Index(engine)

    @property
    def steps(self) -> int:
        """It draws nothing; a long build of the index is movement all the same."""
        return self._engine.moved

    @property
    def loaded(self) -> bool:
        """A planner holds no checkpoint."""
        return False

    @property
    def counts(self) -> dict[str, int]:
        """A planner has no adapters in memory."""
        return {}

    def ready(self) -> Ready:
        """Broken cards do not keep a planner from coming up: each question will tell of them.

        Nor do many new ones: files of cards are read when `open` brings the index in line.
        """
        adapters = 0
        with suppress(StylusError):
            adapters = self._engine.known
        return Ready(
            role="planner", pid=os.getpid(), checkpoints=self._checkpoints, adapters=adapters
        )

    async def open(self) -> None:
        """See `Index.open`."""
        await self._index.open()

    async def answer(self, question: Question, tell: TellFetching) -> FromWorker:
        """Raises `StylusError`. Pictures are handled on other threads, hostile bytes among them."""
        match question:
            case Arrange():
                self._telling[question.job] = tell
                try:
                    answer = await self._in_hand.done(question.job, self._arrange(question))
                finally:
                    del self._telling[question.job]
            case Fetch():
                answer = await self._in_hand.done(question.job, self._fetch(question, tell))
            case Search():
                answer = await self._search(question)
            case Lookup():
                answer = await asyncio.to_thread(self._looked_up, question)
            case Inspect():
                manifest = await asyncio.to_thread(inspected, question.data)
                answer = Inspected(call=question.call, manifest=manifest)
            case Begin():
                async with self._opening:
                    start = await asyncio.to_thread(begun, question, self._pictures)
                answer = Begun(call=question.call, start=start)
            case Add():
                answer = await self._add(question, tell)
            case Check():
                answer = await self._check(question)
            case Pack():
                paths = await asyncio.to_thread(packed, question, self._packed)
                answer = Packed(call=question.call, paths=paths)
            case _:
                raise Unsupported(what=f"{type(question).__name__} at a planner")
        return answer

    async def draw(self, work: Draw, tell: Tell) -> None:
        """A planner draws nothing: every shot fails at once."""
        error = Unsupported(what="Drawing at a planner")
        kind, sentence = type(error).__name__, str(error)
        for shot in work.shots:
            tell(Failed(job=work.job, shot=shot.id, kind=kind, sentence=sentence))

    def prepare(self, wish: Prepare) -> None:
        """A planner makes nothing ready."""

    def named(self, job: str, adapter: Adapter, likely: bool) -> None:
        """The composer has named an adapter, or is `likely` to; told to the bot while the job is being planned."""
        tell = self._telling.get(job)
        if tell is not None:
            tell(Named(job=job, adapter=adapter, likely=likely))

    def drop(self, job: str) -> None:
        """Neither planned nor fetched for any more."""
        self._in_hand.drop(job)
        self._engine.drop(job)

    async def _arrange(self, question: Arrange) -> Arranged:
        """Nothing is fetched here: whoever is next in the line would wait for it."""
        if question.plan is None and question.request.preset != "base":
            await self.open()
        made = await arranged(self._engine, question)
        return Arranged(
            call=question.call,
            plan=made.plan,
            order=made.order,
            total=made.total,
            shots=made.shots,
            absent=tuple(card.name for card in await self._engine.absent(made.shots)),
        )

    async def _fetch(self, question: Fetch, tell: TellFetching) -> Fetched:
        """A drawer waits for nothing: files are here, or their shots are lost, when this answers."""
        lost: list[Failed] = []
        async with aclosing(
            self._engine.bring(question.job, question.shots, question.whose)
        ) as events:
            async for event in events:
                if isinstance(event, Fetching):
                    tell(event)
                elif isinstance(event, Failed):
                    lost.append(event)
        return Fetched(call=question.call, lost=tuple(lost))

    async def _add(self, question: Add, tell: TellFetching) -> Added:
        """On the shelf and in the index when it answers. Raises `BadAdapter`, `BadSource`."""
        await self.open()
        came = await self._engine.add(Brought(question.url, question.data, question.name), tell)
        return Added(
            call=question.call, adapter=came.adapter, fresh=came.fresh, why_not=came.why_not
        )

    async def _check(self, question: Check) -> Checking:
        shots = tuple(await self._engine.checks(question.ended))
        job = shots[0].job if shots else ""
        return Checking(call=question.call, job=job, shots=shots)

    async def _search(self, question: Search) -> Found:
        await self.open()
        found, total = await self._engine.browse(
            question.text, question.policy, question.k, question.offset
        )
        return Found(call=question.call, candidates=tuple(found), total=total)

    def _looked_up(self, question: Lookup) -> Cards:
        """On another thread: a large catalogue takes its time."""
        return Cards(call=question.call, adapters=tuple(self._known(question.names)))

    def _known(self, names: Sequence[str]) -> Iterator[Adapter]:
        """Raises `SharedName`."""
        for name in names:
            with suppress(UnknownName):  # left out of the answer, as the frame says
                yield self._engine.cards.find(name)
