"""Answers that were good, by what was asked: the newest in memory, all in a store where there is one.

What is remembered names cards, not the short ids of one question, and is judged anew when
it is used again: a card that is gone or not allowed any more does not come back this way.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

import msgspec

from stylus_engine.composition.asking import VERSION
from stylus_engine.composition.judging import Judged
from stylus_engine.composition.menu import Menu
from stylus_engine.composition.reading import Proposal, Read
from stylus_engine.errors import StylusError
from stylus_engine.model import Dropped, Query
from stylus_engine.model.noun import Noun

MOST = 512  # answers in memory


class Store(Protocol):
    """Bytes by key, kept beyond this process. Both methods may block, and raise a `StylusError`."""

    def remembered(self, key: str) -> bytes | None:
        """What was kept under this key."""
        ...

    def remember(self, key: str, value: bytes) -> None:
        """Keep it; a newer one replaces it."""
        ...


class _Kept(Noun, frozen=True, kw_only=True):
    concept: str
    card_id: str
    strength: str
    why: str


class Answer(Noun, frozen=True, kw_only=True):
    """One good answer: what stood, and what did not."""

    kept: tuple[_Kept, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    def read(self, menu: Menu) -> Read:
        """As proposals for today's menu. A card that is not on it falls as one that was not offered."""
        ids = {offer.adapter.card_id: offer.id for offer in menu.offers}
        return Read(
            tuple(
                Proposal(one.concept, ids.get(one.card_id, one.card_id), one.strength, one.why)
                for one in self.kept
            )
        )


def answer_of(judged: Judged, menu: Menu) -> Answer:
    """What to remember of an answer."""
    kept = tuple(_Kept(concept=p.concept, card_id=menu.by_id[p.id].adapter.card_id,
                       strength=p.strength, why=p.why) for p in judged.stood)  # fmt: skip
    return Answer(kept=kept, dropped=judged.dropped)


def key(query: Query, menu: Menu, catalogue: str, model: str, *, checked: bool) -> str:
    """The same for prompts that differ in case and spaces only, as long as all else is the same.

    What was offered is part of it: an index that is still being built offers less of
    the same catalogue.
    """
    prompt = " ".join(query.prompt.casefold().split())
    offered = sorted(offer.adapter.card_id for offer in menu.offers)
    asker = (sorted(query.pinned), sorted(query.banned), query.k)
    rest = (query.family, query.policy, asker, offered)
    asked = msgspec.json.encode((VERSION, prompt, catalogue, model, checked, rest))
    return f"composer:{hashlib.sha256(asked).hexdigest()}"


class Memory:
    """The answers. A store that fails is no reason not to draw: then nothing is remembered there."""

    def __init__(self, store: Store | None = None, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._newest: OrderedDict[str, Answer] = OrderedDict()

    async def recall(self, name: str) -> Answer | None:
        """What is known under this key."""
        if name in self._newest:
            self._newest.move_to_end(name)
            return self._newest[name]
        found = next(_decoded(await self._stored(name)), None)
        if found is not None:
            self._keep(name, found)
        return found

    async def keep(self, name: str, answer: Answer) -> None:
        """Remember it."""
        self._keep(name, answer)
        if self._store is None:
            return
        try:
            await asyncio.to_thread(self._store.remember, name, msgspec.json.encode(answer))
        except StylusError:
            return

    def _keep(self, name: str, answer: Answer) -> None:
        self._newest[name] = answer
        self._newest.move_to_end(name)
        while len(self._newest) > self._most:
            self._newest.popitem(last=False)

    async def _stored(self, name: str) -> bytes | None:
        if self._store is None:
            return None
        try:
            return await asyncio.to_thread(self._store.remembered, name)
        except StylusError:
            return None


def _decoded(data: bytes | None) -> Iterator[Answer]:
    """Nothing for what an older version wrote, or a disk spoiled."""
    if data is None:
        return
    try:
        yield msgspec.json.decode(data, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
