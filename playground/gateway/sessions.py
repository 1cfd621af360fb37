"""Sessions: numbered events, kept for those who come back."""

import json
import secrets
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from playground.gateway.intents import hears, told
from playground.shapes import Json
from playground.snowflakes import shard_of

KEPT_EVENTS = 5000


class Line(Protocol):
    """The open socket of a session."""

    def send(self, text: str) -> None: ...


@dataclass(slots=True, eq=False)
class Session:
    """`kept` holds (seq, frame) of the last events; `line` is None while nobody is connected."""

    id: str
    intents: int
    shard: tuple[int, int]
    line: Line | None = None
    seq: int = 0
    left_at: float | None = None
    kept: deque[tuple[int, str]] = field(
        default_factory=lambda: deque[tuple[int, str]](maxlen=KEPT_EVENTS)
    )

    def hears_of(self, guild: int | None) -> bool:
        number, count = self.shard
        return shard_of(guild, count) == number

    def tell(self, event: str, data: Json) -> None:
        """Number it, keep it, and send it if somebody is there."""
        self.seq += 1
        frame = json.dumps({"op": 0, "s": self.seq, "t": event, "d": data})
        self.kept.append((self.seq, frame))
        if self.line is not None:
            self.line.send(frame)

    def missed(self, since: int) -> list[str] | None:
        """What came after `since`; None when some of it is no longer kept."""
        oldest = self.kept[0][0] if self.kept else self.seq + 1
        if since + 1 < oldest:
            return None
        return [frame for seq, frame in self.kept if seq > since]


@dataclass(slots=True)
class Sessions:
    """All sessions of the one bot."""

    bot: int
    resume_seconds: float
    by_id: dict[str, Session] = field(default_factory=dict[str, Session])

    def begin(self, intents: int, shard: tuple[int, int]) -> Session:
        session = Session(secrets.token_hex(16), intents, shard)
        self.by_id[session.id] = session
        return session

    def end(self, session: Session) -> None:
        self.by_id.pop(session.id, None)

    def find(self, id_: str) -> Session | None:
        """A session that may still be resumed."""
        self._forget(time.time())
        return self.by_id.get(id_)

    def open(self) -> list[Session]:
        return [session for session in self.by_id.values() if session.line is not None]

    def tell(self, event: str, data: Json, *, guild: int | None, everywhere: bool = False) -> None:
        """To each session whose shard and intents let it hear; `everywhere` skips both."""
        self._forget(time.time())
        for session in self._hearers(event, guild, everywhere=everywhere):
            seen = told(session.intents, event, data, guild=guild is not None, bot=self.bot)
            session.tell(event, seen)

    def _hearers(self, event: str, guild: int | None, *, everywhere: bool) -> Iterator[Session]:
        for session in self.by_id.values():
            if not session.hears_of(guild):
                continue
            if everywhere or hears(session.intents, event, guild=guild is not None):
                yield session

    def _forget(self, now: float) -> None:
        for session in list(self.by_id.values()):
            left = session.left_at
            if session.line is None and left is not None and now - left > self.resume_seconds:
                self.end(session)
