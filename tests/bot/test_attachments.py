"""Files that people bring, when Discord does not hand them out."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from bot.attachments import fetch, fetch_picture
from stylus_engine.errors import SourceSilent


@pytest.mark.asyncio
@pytest.mark.parametrize("fetching", [fetch, fetch_picture])
async def test_a_picture_that_is_gone_is_not_called_no_picture(fetching: Any):
    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=404, text="This content is no longer available.")

    pages = web.Application()
    pages.add_routes([web.get("/fox.png", gone)])
    runner = web.AppRunner(pages)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        for url in (f"http://127.0.0.1:{port}/fox.png", "http://127.0.0.1:1/fox.png"):
            with pytest.raises(SourceSilent, match=r"fox\.png.*could not be fetched"):
                await fetching(SimpleNamespace(filename="fox.png", size=500, url=url))
    finally:
        await runner.cleanup()
