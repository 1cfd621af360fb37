"""A server with answers laid out beforehand, and a hasty `Web` that asks it."""

from contextlib import asynccontextmanager

from aiohttp import web as http

from stylus_engine.catalog.web import Rules, Web
from tests.catalog.servers.serving import serving

HASTY = Rules(
    allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0,
    wait_most=0.3, connect=2, idle=0.5, total=1.5,
)  # fmt: skip


@asynccontextmanager
async def asking(answer, rules=HASTY, **kw):
    async with serving(answer) as there, Web(rules, **kw) as web:
        yield there, web


def answers(*bodies, **kw):
    """A handler that gives these answers in turn, the last one for ever."""
    left = list(bodies)

    async def answer(request):
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, tuple):
            status, body, headers = found
            return http.Response(status=status, body=body, headers=headers)
        return await found(request)

    return answer


def reply(body=b"{}", status=200, **headers):
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}
