"""One aiohttp application on a loopback port, and what it was asked."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Place:
    """A server under way: its address, and method, path with query, and headers of each request."""

    url: str
    asked: list[web.Request] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.path_qs for request in self.asked]

    def headers(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.asked]


@asynccontextmanager
async def serving(answer: Handler, host: str = "127.0.0.1") -> AsyncGenerator[Place, None]:
    """Every path is answered by `answer`."""
    place = Place("")

    async def noted(request: web.Request) -> web.StreamResponse:
        place.asked.append(request)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", noted)
    server = TestServer(app, host=host)
    await server.start_server()
    place.url = str(server.make_url("/")).rstrip("/")
    try:
        yield place
    finally:
        await server.close()


async def cut(
    request: web.Request, data: bytes, promised: int, **headers: str
) -> web.StreamResponse:
    """Promise `promised` bytes, send `data`, hang up."""
    response = web.StreamResponse(headers={"Content-Length": str(promised), **headers})
    await response.prepare(request)
    await response.write(data)
    assert request.transport is not None
    request.transport.close()
    return response
