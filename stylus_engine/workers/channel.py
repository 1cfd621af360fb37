"""Frames over a socket: four bytes of length, big-endian, then msgpack. Both sides, one page.

What comes from the other side is never trusted: a length is judged before a byte
of it is read, and what does not decode as a frame of the expected direction ends
the conversation.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar, cast

import msgspec

from stylus_engine.errors import StylusError
from stylus_engine.workers.frames import MOST_BYTES, FromWorker, ToWorker

_LENGTH = struct.Struct(">I")
Incoming = TypeVar("Incoming")
Outgoing = TypeVar("Outgoing")


class ChannelBroken(ConnectionError):
    """The other side is gone in the middle of a frame, or says what is no frame.

    No `StylusError`: no person reads it; whoever hears it lets go of the other process.
    """


class FrameTooLong(ValueError):
    """More was to be said than one frame may hold. Nothing was sent; the conversation goes on."""


class Channel(Generic[Incoming, Outgoing]):
    """One end of a conversation. Sending is safe from many tasks, receiving belongs to one."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        incoming: "msgspec.msgpack.Decoder[Incoming]",
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = incoming
        self._encoder = msgspec.msgpack.Encoder()
        self._most = most_bytes
        self._sending = asyncio.Lock()

    async def send(self, frame: Outgoing) -> None:
        """Hand one frame to the system. Raises `ChannelBroken`, `FrameTooLong`."""
        data = self._encoder.encode(frame)
        if len(data) > self._most:
            raise FrameTooLong(f"a frame of {len(data)} bytes; {self._most} is the most")
        async with self._sending:
            try:
                self._writer.writelines((_LENGTH.pack(len(data)), data))
                await self._writer.drain()
            except (OSError, RuntimeError) as error:  # RuntimeError: the transport is closed
                raise ChannelBroken(str(error) or type(error).__name__) from error

    async def receive(self) -> Incoming | None:
        """The next frame, `None` at the end of the conversation. Raises `ChannelBroken`."""
        head = await self._exactly(_LENGTH.size)
        if head is None:
            return None
        (length,) = cast("tuple[int]", _LENGTH.unpack(head))
        if length > self._most:
            raise ChannelBroken(f"a frame of {length} bytes is announced; {self._most} is the most")
        body = await self._exactly(length)
        if body is None:
            raise ChannelBroken("the other side ended before a frame that it had announced")
        return self._decoded(body)

    async def frames(self) -> AsyncGenerator[Incoming, None]:
        """Every frame until the conversation ends. Raises `ChannelBroken`."""
        while (frame := await self.receive()) is not None:
            yield frame

    def close(self) -> None:
        """Say no more. The other side reads the end of file."""
        self._writer.close()

    async def _exactly(self, count: int) -> bytes | None:
        """`count` bytes, `None` when there is not even one of them."""
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return None
            raise ChannelBroken("the other side ended in the middle of a frame") from error
        except OSError as error:
            raise ChannelBroken(str(error)) from error

    def _decoded(self, body: bytes) -> Incoming:
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, StylusError, ValueError, RecursionError) as error:
            raise ChannelBroken(f"not a frame: {str(error)[:200]}") from error


async def to_worker(sock: socket.socket) -> Channel[FromWorker, ToWorker]:
    """The bot's end of `sock`."""
    reader, writer = await asyncio.open_connection(sock=sock)
    return Channel(reader, writer, msgspec.msgpack.Decoder(FromWorker))


async def to_bot(sock: socket.socket) -> Channel[ToWorker, FromWorker]:
    """The worker's end of `sock`."""
    reader, writer = await asyncio.open_connection(sock=sock)
    return Channel(reader, writer, msgspec.msgpack.Decoder(ToWorker))
