"""One connection: HELLO, the client's frames judged one by one, and a writer that never blocks others."""

import asyncio
import contextlib
import json
import time
import zlib
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from playground.gateway.intents import KNOWN, PRIVILEGED
from playground.gateway.sessions import Session, Sessions
from playground.settings import Settings
from playground.shapes import Json, as_json, is_json

MOST_BYTES, MOST_SENDS, SEND_WINDOW = 4096, 120, 60.0
HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT = 1, 2, 3, 4, 6, 7
MEMBERS, INVALID, HELLO, ACK = 8, 9, 10, 11
GOODBYES = {1000, 1001}
FATAL = {4004, 4010, 4011, 4012, 4013, 4014}  # no session survives them
MISSED_BEATS = 1.5
VERSION = "10"


class Closed(Exception):
    """Ends the connection with one of Discord's close codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Host(Protocol):
    """What the gateway asks of the rest."""

    settings: Settings
    sessions: Sessions

    def token_is(self, token: str) -> bool: ...
    def guilds_of(self, shard: tuple[int, int]) -> int: ...
    def identified(self, session: Session) -> None: ...
    def resumed(self, session: Session) -> None: ...
    def may_identify(self) -> bool: ...
    def members_asked(self, session: Session, asked: Json) -> None: ...
    def online_changed(self) -> None: ...


class Connection:
    """A client's socket, from HELLO to its close code."""

    def __init__(self, host: Host, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.host = host
        self.socket = socket
        self.transport = request.transport
        self.session: Session | None = None
        self.silent = False
        self.closing: int | None = None
        # zstd is answered in plain text: the standard library has it from 3.14 on only.
        zipped = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if zipped else None
        self._version = request.query.get("v", VERSION)
        self._beat = asyncio.Event()
        self._outgoing: asyncio.Queue[str | Closed] = asyncio.Queue()
        self._sends: deque[float] = deque()

    async def serve(self) -> None:
        """Until either side is done. The session stays unless the goodbye ends it."""
        self.say(HELLO, {"heartbeat_interval": int(self.host.settings.heartbeat_seconds * 1000)})
        if self._version != VERSION:
            self.close(4012, "Invalid API version.")
        tasks = [asyncio.create_task(each) for each in (self._read(), self._write(), self._watch())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await self._finish([end for end in ends if isinstance(end, Exception)])

    # --- out

    def send(self, text: str) -> None:
        """Queue one frame; a silent line swallows it, the session keeps it."""
        if not self.silent:
            self._outgoing.put_nowait(text)

    def say(self, op: int, data: object = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int, reason: str = "") -> None:
        """Close after what is queued."""
        self._outgoing.put_nowait(Closed(code, reason))

    def drop(self) -> None:
        """The wire is cut: no close frame."""
        if self.transport is not None:
            self.transport.abort()

    async def _write(self) -> None:
        while True:
            item = await self._outgoing.get()
            if isinstance(item, Closed):
                raise item
            await self._send(item)

    async def _send(self, text: str) -> None:
        """Plain, or one flushed block of the connection's zlib stream."""
        if self._zlib is None:
            await self.socket.send_str(text)
            return
        packed = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)

    async def _finish(self, ends: Sequence[Exception]) -> None:
        """Say the close code and hear the client's, then give the session back.

        Nobody else reads by now: only so the closing handshake is whole, and the client
        sees our code instead of a lost connection.
        """
        closed = next((end for end in ends if isinstance(end, Closed)), None)
        if closed is not None:
            self.closing = closed.code
            with contextlib.suppress(ConnectionError, asyncio.TimeoutError):
                await self.socket.close(code=closed.code, message=closed.reason.encode())
        self._leave()
        for end in ends:
            if not isinstance(end, Closed | ConnectionError):
                raise end

    async def _watch(self) -> None:
        """A client that forgets its heartbeat is cut off; its session may be resumed.

        Not `wait_for`: on 3.11 it swallows a cancellation that comes together with a beat.
        """
        patience = self.host.settings.heartbeat_seconds * MISSED_BEATS
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(patience):
                    await self._beat.wait()
                self._beat.clear()
        raise Closed(4000, "Heartbeat missed.")

    # --- in

    async def _read(self) -> None:
        async for frame in self.socket:
            self._count(time.monotonic())
            self._take(_decoded(frame))

    def _count(self, now: float) -> None:
        self._sends.append(now)
        while self._sends and now - self._sends[0] > SEND_WINDOW:
            self._sends.popleft()
        if len(self._sends) > MOST_SENDS:
            raise Closed(4008, "You are being rate limited.")

    def _take(self, frame: Json) -> None:
        op, data = frame.get("op"), frame.get("d")
        if op == HEARTBEAT:
            self._beat.set()
            self.say(ACK)
        elif op == IDENTIFY:
            self._identify(as_json(data))
        elif op == RESUME:
            self._resume(as_json(data))
        elif op in {PRESENCE, VOICE, MEMBERS, 31}:
            self._ask(op, as_json(data))
        else:
            raise Closed(4001, "Unknown opcode.")

    def _ask(self, op: object, data: Json) -> None:
        if self.session is None:
            raise Closed(4003, "Not authenticated.")
        if op == MEMBERS:
            self.host.members_asked(self.session, data)

    def _identify(self, data: Json) -> None:
        if self.session is not None:
            raise Closed(4005, "Already authenticated.")
        if not self.host.token_is(str(data.get("token", ""))):
            raise Closed(4004, "Authentication failed.")
        shard = _shard(data.get("shard", [0, 1]))
        if self.host.guilds_of(shard) > self.host.settings.guilds_per_shard:
            raise Closed(4011, "Sharding required.")
        intents = self._intents(data.get("intents"))
        if not self.host.may_identify():
            self.say(INVALID, data=False)
            return
        self._join(self.host.sessions.begin(intents, shard))
        self.host.identified(self._joined())

    def _intents(self, asked: object) -> int:
        if not isinstance(asked, int) or isinstance(asked, bool) or asked < 0 or asked & ~KNOWN:
            raise Closed(4013, "Invalid intent(s).")
        if asked & PRIVILEGED and not self.host.settings.privileged:
            raise Closed(4014, "Disallowed intent(s).")
        return asked

    def _resume(self, data: Json) -> None:
        if self.session is not None:
            raise Closed(4005, "Already authenticated.")
        if not self.host.token_is(str(data.get("token", ""))):
            raise Closed(4004, "Authentication failed.")
        session = self.host.sessions.find(str(data.get("session_id", "")))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int):
            self.say(INVALID, data=False)
            return
        if seq > session.seq:
            raise Closed(4007, "Invalid seq.")
        missed = session.missed(seq)
        if missed is None:
            self.host.sessions.end(session)
            self.say(INVALID, data=False)
            return
        self._join(session)
        for text in missed:
            self.send(text)
        self.host.resumed(session)

    def _join(self, session: Session) -> None:
        old = session.line
        session.line = self
        session.left_at = None
        self.session = session
        if isinstance(old, Connection):
            old.session = None
            old.close(4000, "Resumed elsewhere.")
        self.host.online_changed()

    def _joined(self) -> Session:
        if self.session is None:
            raise Closed(4003, "Not authenticated.")
        return self.session

    def _leave(self) -> None:
        """Give the session back, or end it where the goodbye says so."""
        session, self.session = self.session, None
        if session is None or session.line is not self:
            return
        session.line = None
        session.left_at = time.time()
        said = self.socket.close_code
        if self.closing in FATAL or (self.closing is None and said in GOODBYES):
            self.host.sessions.end(session)
        self.host.online_changed()


def _decoded(frame: WSMessage) -> Json:
    """JSON in a text or a binary frame, of at most 4096 bytes."""
    if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
        raise Closed(WSCloseCode.PROTOCOL_ERROR, "Unreadable frame.")
    raw = frame.data.encode() if isinstance(frame.data, str) else bytes(frame.data)
    if len(raw) > MOST_BYTES:
        raise Closed(4002, "Payload too long.")
    try:
        decoded = json.loads(raw)
    except (ValueError, RecursionError):
        raise Closed(4002, "Error while decoding payload.") from None
    if not is_json(decoded):
        raise Closed(4002, "Error while decoding payload.")
    return decoded


def _shard(asked: object) -> tuple[int, int]:
    match asked:
        case [int(number), int(count)] if 0 <= number < count:
            return number, count
        case _:
            raise Closed(4010, "Invalid shard.")
