"""A cable between us and the tests' PostgreSQL that can be cut, or lie dead without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url


class Cable:
    """Carries bytes both ways while `flows`; `url` leads through it."""

    def __init__(self, url: str) -> None:
        there = make_url(url)
        self._socket = f"{there.query['host']}/.s.PGSQL.5432"
        self._where = there.set(query={"ssl": "disable"}, host="127.0.0.1")
        self.flows = asyncio.Event()
        self.flows.set()
        self.port = 0

    @property
    def url(self) -> str:
        return self._where.set(port=self.port).render_as_string()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        with suppress(OSError):
            answers, questions = await asyncio.open_unix_connection(self._socket)
            ways = (self._one_way(reader, questions), self._one_way(answers, writer))
            tasks = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in tasks:
                    each.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                questions.close()
                writer.close()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.flows.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cable(url: str) -> AsyncIterator[Cable]:
    laid, ends = Cable(url), set[asyncio.Task[None]]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ends.add(task)
        with suppress(asyncio.CancelledError):
            await laid.carry(reader, writer)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        server.close()
        for each in ends:
            each.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
