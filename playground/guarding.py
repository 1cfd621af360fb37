"""Other pages of the same browser stay out: this port is open while somebody plays.

A web site may send requests to loopback.  It cannot hide where it comes from (`Origin`),
and a name that it points at loopback (DNS rebinding) stands in `Host`.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# A file that somebody attached is looked at, never run: not even on its own address.
FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer clients that are no browser, and the page itself; nobody else."""
    if not _ours(request):
        return web.json_response({"error": "This port answers its own page only."}, status=403)
    return await handler(request)


def _ours(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if _name(f"//{request.host}") not in LOOPBACK:
        return False
    return origin is None or urlsplit(origin).netloc == request.host


def _name(address: str) -> str | None:
    """The host's name without its port; None for what is no address."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
