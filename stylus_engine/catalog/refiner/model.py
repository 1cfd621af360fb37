"""A description by a model: asked, checked, asked once more, and where that fails written by the rules."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol, TypeAlias

from stylus_engine.catalog.nouns import Described
from stylus_engine.catalog.refiner import asking, reading, rules
from stylus_engine.catalog.refiner.asking import Ask, Turn
from stylus_engine.catalog.refiner.server import Server
from stylus_engine.catalog.refiner.wire import Reply
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import RefinerFailed, SourceRefused
from stylus_engine.model.noun import Noun

How: TypeAlias = Literal["model", "remembered", "rules", "failed"]
# The preview pictures of a card as JPEG, PNG or WebP of at most 512 px, best first; whoever
# hands them in has fetched, checked and shrunk them.
Pictures: TypeAlias = Callable[[Known], Awaitable[Sequence[bytes]]]


class Memory(Protocol):
    """Answers that cost something, by the hash of what was asked; the catalogue is one."""

    def remembered(self, key: str) -> bytes | None:
        """The answer, None when there is none."""
        ...

    def remember(self, key: str, value: bytes) -> None:
        """Keep it."""
        ...


class Refined(Noun, frozen=True, kw_only=True):
    """What became of one card. `why`: for people, when it was not the model."""

    card_id: str
    name: str
    how: How
    described: Described | None = None
    why: str = ""


class ModelRefiner:
    """Describes one card at a time with a model that sees; remembers what it was told."""

    def __init__(self, server: Server, memory: Memory, pictures: Pictures) -> None:
        self._server = server
        self._memory = memory
        self._pictures = pictures

    async def describe(self, known: Known) -> Refined:
        """Never raises for what a card or an answer says: then the rules write, and it is said.

        Raises `SourceSilent`, `SourceOdd`, `SourceRefused` for the server, `BudgetSpent`,
        and what the memory raises.
        """
        asked = await self.ask(known)
        before = await self._remembered(asked, known)
        if before is not None:
            return _refined(known, "remembered", before)
        try:
            text, described = await self._answered(asked, known)
        except RefinerFailed as error:
            return _refined(known, "rules", rules.describe(known), error.why)
        except SourceRefused as error:
            if not self._server.blames_the_card(error):
                raise
            return _refined(known, "rules", rules.describe(known), f"refused, {error.why}")
        await self.remember(asked.key, text)
        return _refined(known, "model", described)

    async def ask(self, known: Known) -> Ask:
        """The question about a card, with its pictures."""
        return asking.ask(known, await self._pictures(known), self._server.endpoint.model)

    async def remembers(self, asked: Ask) -> bool:
        """Whether somebody answered this before."""
        return await asyncio.to_thread(self._memory.remembered, asked.key) is not None

    async def remember(self, key: str, text: str) -> None:
        """Keep an answer that can be used."""
        await asyncio.to_thread(self._memory.remember, key, text.encode("utf-8", "replace"))

    async def _remembered(self, asked: Ask, known: Known) -> Described | None:
        """A remembered answer passes the same checks as a fresh one, and is forgotten when it fails."""
        text = await asyncio.to_thread(self._memory.remembered, asked.key)
        if text is None:
            return None
        try:
            return self._read(text.decode("utf-8", "replace"), known)
        except RefinerFailed:
            return None

    async def _answered(self, asked: Ask, known: Known) -> tuple[str, Described]:
        """The answer and what it says, after at most one repair. Raises `RefinerFailed`."""
        reply = await self._server.say(asked)
        try:
            return reply.text, self._usable(reply, known)
        except RefinerFailed as error:
            if reply.fault == "refused":
                raise
            again = await self._server.say(asked, [Turn(reply.text, error.why)])
        return again.text, self._usable(again, known)

    def _usable(self, reply: Reply, known: Known) -> Described:
        if reply.fault:
            raise RefinerFailed(why=reply.fault)
        return self._read(reply.text, known)

    def _read(self, text: str, known: Known) -> Described:
        return reading.read(text, self._server.endpoint.model, known)


def _refined(known: Known, how: How, described: Described, why: str = "") -> Refined:
    return Refined(
        card_id=known.card_id, name=known.said.name, how=how, described=described, why=why
    )
