"""Which addresses are gone: those that say so, and no others."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stylus_engine.catalog.dead import dead_addresses
from stylus_engine.catalog.orders import Step
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.model import Adapter


async def answer(request: web.Request) -> web.Response:
    status = int(request.match_info["status"])
    return web.Response(status=status, body=b"12345678")


@pytest.mark.asyncio
async def test_only_404_and_410_are_gone():
    app = web.Application()
    app.router.add_get("/{status}", answer)
    steps: list[Step] = []
    async with TestServer(app) as server, Web(Rules(allow_loopback=True, tries=1)) as door:
        cards = [
            Adapter(
                card_id=f"t:{status}:1", name=str(status), family_declared="sd1",
                url=str(server.make_url(f"/{status}")),
            )
            for status in (200, 401, 403, 404, 410, 500)
        ]  # fmt: skip
        inside = Adapter(
            card_id="t:inside:1", name="i", family_declared="sd1", url="https://10.0.0.1/x"
        )
        gone = [each async for each in dead_addresses(door, [*cards, inside], steps.append)]
    assert [(each.problem, each.name) for each in gone] == [
        ("address gone", "404"),
        ("address gone", "410"),
    ]
    assert "(404)" in gone[0].detail
    assert steps[-1] == Step(done=7, of=7, skipped=2, name="i")
