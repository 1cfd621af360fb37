"""Every address of the people's API on one page."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.people import changing, doing, reading
from playground.people.wishes import Wrong
from playground.shapes import Refused

API = "/playground/api"
PAGE = Path(__file__).resolve().parents[1] / "page"


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """People are told in one sentence what is wrong."""
    try:
        return await handler(request)
    except Wrong as wrong:
        return web.json_response({"error": str(wrong)}, status=wrong.status)
    except Refused as refused:
        return web.json_response({"error": str(refused)}, status=refused.status)


Simple = Callable[[web.Request], Awaitable[web.StreamResponse]]


def doors() -> list[web.RouteDef]:
    gets: dict[str, Simple] = {
        "world": reading.world,
        "channels/{channel}/messages": reading.messages,
        "interactions/{id}": doing.interaction,
        "modals": doing.open_modals,
        "events": reading.events,
        "journal": reading.journal,
    }
    posts: dict[str, Simple] = {
        "messages": changing.write,
        "forward": changing.forward,
        "attachments": changing.upload,
        "slash": doing.slash,
        "autocomplete": doing.autocomplete,
        "menu": doing.menu,
        "press": doing.press,
        "submit": doing.submit,
        "delete": changing.delete,
        "dm": changing.open_direct,
        "faults": changing.add_fault,
        "gateway": changing.gateway,
        "permissions": changing.rights,
        "thread": changing.thread,
        "clock": changing.clock,
        "settings": changing.settings,
    }
    return [
        *(web.get(f"{API}/{path}", handler) for path, handler in gets.items()),
        *(web.post(f"{API}/{path}", handler) for path, handler in posts.items()),
        web.delete(f"{API}/faults", changing.clear_faults),
        web.get("/playground/", _page),
        web.get("/playground", _to_page),
    ]


async def _page(_: web.Request) -> web.StreamResponse:
    """The chat page."""
    index = PAGE / "index.html"
    if not index.is_file():
        raise Wrong("The page is not installed.", 404)
    return web.FileResponse(index, headers={"Cache-Control": "no-cache"})


async def _to_page(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/playground/")
