"""Two pages for machines on loopback: /healthz for whoever restarts the bot, /metrics for Prometheus."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TypeAlias

from aiohttp import web

from bot.metrics import Metrics, Snapshot
from stylus_engine.errors import BadSettings

Look: TypeAlias = Callable[[], Awaitable[Snapshot]]

HOST = "127.0.0.1"
TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' exposition format


@asynccontextmanager
async def health_pages(port: int, metrics: Metrics, look: Look) -> AsyncGenerator[None, None]:
    """Serve both until the block ends; port 0 serves nothing. Raises `BadSettings` for a taken port."""
    if not port:
        yield
        return
    runner = web.AppRunner(_pages(metrics, look), access_log=None)
    await runner.setup()
    try:
        await _listen(runner, port)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        why = f"port {port} of this machine is taken; choose another, or 0 for none"
        raise BadSettings(where="health.port", why=why) from error


def _pages(metrics: Metrics, look: Look) -> web.Application:
    async def healthz(_: web.Request) -> web.Response:
        now = await look()
        status = 200 if now.healthy else 503
        return web.json_response({"healthy": now.healthy} | asdict(now), status=status)

    async def scraped(_: web.Request) -> web.Response:
        return web.Response(body=metrics.page(await look()), headers={"Content-Type": TEXT})

    pages = web.Application()
    pages.add_routes([web.get("/healthz", healthz), web.get("/metrics", scraped)])
    return pages
