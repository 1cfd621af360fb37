"""Many cards by batches: pack what the budget allows, send, wait, read, and pack again.

    out already? -> wait -> answers -> cards ... -> pack -> write down -> begin -> wait -> ...

Every answer passes `reading`.  One that cannot be used is written by the rules, as that
of a single call is after its repair; one that did not come leaves its card for another run.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import NamedTuple

from msgspec.structs import replace

from stylus_engine.catalog.refiner import asking, batch, reading, rules
from stylus_engine.catalog.refiner.batch import Told
from stylus_engine.catalog.refiner.budget import Purse, Used
from stylus_engine.catalog.refiner.ledger import Ledger, Line, Pending, said
from stylus_engine.catalog.refiner.many import Run
from stylus_engine.catalog.refiner.model import ModelRefiner, Refined
from stylus_engine.catalog.refiner.posting import Batch, Post
from stylus_engine.catalog.refiner.server import Server
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import (
    RefinerFailed,
    SourceRefused,
    SourceSilent,
    UnknownName,
)

MOST_LINES = 20_000  # of one batch; OpenAI takes 50,000 and 200 MB
MOST_BYTES = 90 * 10**6
GONE = frozenset({404, 410})
UNWANTED = frozenset({400, 404, 410, 422})  # what is said to a file that was kept for too long
Waits = Callable[[Batch], None]


class Pace(NamedTuple):
    """Seconds between two looks, each half as long again as the one before; and looks that may fail in a row."""

    first: float = 5.0
    most: float = 60.0
    failures: int = 20


class Parcels:
    """Describes cards by batches. `share`: what a token of a batch costs, of its price."""

    def __init__(  # noqa: PLR0913 - the parts that `assembly` puts together
        self,
        server: Server,
        refiner: ModelRefiner,
        ledger: Ledger,
        run: Run,
        purse: Purse,
        *,
        share: float,
        waits: Waits,
        pace: Pace | None = None,
    ) -> None:
        self._server = server
        self._refiner = refiner
        self._ledger = ledger
        self._run = run
        self._purse = purse
        self._share = share
        self._waits = waits
        self._pace = pace or Pace()
        self._post = Post(server)

    async def all(self, ids: Callable[[], Iterable[str]], known: Callable[[str], Known]) -> None:
        """What is out is fetched first; then all of `ids()`, in as many batches as it takes.

        Raises `BudgetSpent`, `RefinerFailed`, `BadSource`, and what keeping raises.
        """
        pending = await asyncio.to_thread(self._ledger.read)
        begun = await self._begun(pending) if pending is not None else None
        if begun is not None:
            await self._collect(begun, known)
        left = list(await asyncio.to_thread(lambda: list(ids())))
        while left:
            left = await self._turn(left, known)

    async def _turn(self, ids: list[str], known: Callable[[str], Known]) -> list[str]:
        """One batch of the first of these; those that are still to come. Raises `BudgetSpent` where none fits."""
        packed, taken, full = _Pack(self._server.endpoint.most), 0, False
        while taken < len(ids) and not packed.enough and not full:
            made = await self._line(await asyncio.to_thread(known, ids[taken]))
            full = made is not None and not self._purse.room(packed.with_(made.line), self._share)
            if made is not None and not full:
                packed.add(made)
            taken += not full
        if packed.lines:
            await self._collect(await self._sent(packed), known)
        elif full:
            raise self._purse.spent()
        return [*ids[taken:], *packed.twins]

    async def _line(self, known: Known) -> "_Made | None":
        """A card as a line; None: it was described at once, which finds out how this server is asked."""
        if known.card is None:
            return None
        asked = await self._refiner.ask(known)
        way = self._server.way(asked)
        if way is None or await self._refiner.remembers(asked):
            await self._run.one(known)
            return None
        endpoint = self._server.endpoint
        line = Line(card_id=known.card_id, said=said(asked), tokens_in=asked.tokens)
        raw = batch.request(asked, endpoint.model, endpoint.most, way)
        return _Made(batch.digest(asked), line, raw)

    # --- out and back --------------------------------------------------------------------

    async def _sent(self, packed: "_Pack") -> Pending:
        file = await self._post.upload(packed.raw)
        pending = Pending(file=file, lines=packed.lines)
        await asyncio.to_thread(self._ledger.write, pending)
        return await self._named(pending, await self._post.begin(file))

    async def _named(self, pending: Pending, begun: Batch) -> Pending:
        pending = replace(pending, batch=begun.id)
        await asyncio.to_thread(self._ledger.write, pending)
        return pending

    async def _begun(self, pending: Pending) -> Pending | None:
        """A batch that a killed run had written down: it may have begun, or not yet.

        None where the server wants no batch of that file (any more): nothing was paid, its cards are asked anew.
        """
        if pending.batch:
            return pending
        found = await self._post.find(pending.file)
        try:
            return await self._named(pending, found or await self._post.begin(pending.file))
        except SourceRefused as error:
            if error.status not in UNWANTED:
                raise
            await asyncio.to_thread(self._ledger.write, None)
            return None

    async def _collect(self, pending: Pending, known: Callable[[str], Known]) -> None:
        """Wait for it, then lay its answers over their cards. Kept before it is forgotten."""
        try:
            over = await self._over(pending.batch)
        except SourceRefused as error:
            if error.status in GONE:  # nobody will ever have its answers
                await asyncio.to_thread(self._ledger.write, None)
            raise
        missing = dict(pending.lines)
        async with aclosing(self._answers(over, pending)) as answers:
            async for told in answers:
                line = missing.pop(told.digest, None)
                if line is not None:
                    await self._one(line, told, known)
        why = await self._leave(over, missing)
        await asyncio.to_thread(self._ledger.write, None)
        if len(missing) == len(pending.lines):
            raise RefinerFailed(why=why)

    async def _leave(self, over: Batch, missing: dict[str, Line]) -> str:
        """Tell of each card without an answer, in the server's words; the last of them."""
        why = over.why
        async with aclosing(self._post.lines(over.error_file_id if missing else None)) as lines:
            whys = {told.digest: told.why async for raw in lines if (told := batch.complaint(raw))}
        for digest, line in missing.items():
            why = whys.get(digest, over.why)
            self._run.left(line.card_id, why)
        return why

    async def _over(self, name: str) -> Batch:
        """As it is when nothing more will come. A server that is silent for a while is asked again."""
        pause, silent = self._pace.first, 0
        while True:
            try:
                found = await self._post.look(name)
            except SourceSilent:
                silent += 1
                if silent > self._pace.failures:
                    raise
            else:
                silent = 0
                self._waits(found)
                if found.over:
                    return found
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self._pace.most)

    async def _answers(self, over: Batch, pending: Pending) -> AsyncGenerator[Told, None]:
        """Each usable line once, and its bill."""
        seen: set[str] = set()
        async with aclosing(self._post.lines(over.output_file_id)) as lines:
            async for raw in lines:
                told = batch.told(raw, pending.estimate)
                if told is None or told.digest in seen:
                    continue
                seen.add(told.digest)
                used = told.reply.used
                self._purse.paid(used, self._share, calls=1, guessed=used.guessed)
                yield told

    async def _one(self, line: Line, told: Told, known: Callable[[str], Known]) -> None:
        """Describe one card by its answer; a card that says something else by now waits for another."""
        try:
            card = await asyncio.to_thread(known, line.card_id)
        except UnknownName:
            return
        model = self._server.endpoint.model
        if card.card is None or said(asking.ask(card, (), model)) != line.said:
            self._run.left(line.card_id, "its card has changed meanwhile")
            return
        refined = _refined(card, told, model)
        if refined.how == "model":
            await self._refiner.remember(f"{asking.KEY}{told.digest}", told.reply.text)
        await self._run.keep(refined)


class _Made(NamedTuple):
    digest: str
    line: Line
    raw: bytes


class _Pack:
    """Lines of one batch to be, and what they may cost. `most`: tokens of an answer."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tokens_in = 0
        self._size = 0
        self.lines: dict[str, Line] = {}
        self.raw: list[bytes] = []
        self.twins: list[str] = []

    @property
    def enough(self) -> bool:
        """Whether a server takes no more at once."""
        return len(self.lines) >= MOST_LINES or self._size >= MOST_BYTES

    def with_(self, line: Line) -> Used:
        """What it may cost with this line too."""
        return Used(self._tokens_in + line.tokens_in, self._most * (len(self.lines) + 1))

    def add(self, made: _Made) -> None:
        """Two cards of the same words and pictures are one line, and the first one's; the others wait for its answer."""
        if made.digest in self.lines:
            self.twins.append(made.line.card_id)
            return
        self.lines[made.digest] = made.line
        self.raw.append(made.raw)
        self._tokens_in += made.line.tokens_in
        self._size += len(made.raw)


def _refined(known: Known, told: Told, model: str) -> Refined:
    """By the model, or by the rules where its answer cannot be used."""
    described, why = None, told.reply.fault
    if not why:
        try:
            described = reading.read(told.reply.text, model, known)
        except RefinerFailed as error:
            why = error.why
    return Refined(
        card_id=known.card_id,
        name=known.said.name,
        how="rules" if described is None else "model",
        described=described or rules.describe(known),
        why=why,
    )
