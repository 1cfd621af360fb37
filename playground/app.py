"""The web application: REST, gateway, files, people, page. Loopback only."""

from aiohttp import web

from playground import cdn
from playground.gateway.socket import Connection
from playground.guarding import only_from_here
from playground.people import routes as people
from playground.play import PLAY, Play
from playground.rest import door

HOST = "127.0.0.1"
FORM_EDGES = 64 * 1024  # boundaries and headers of a form do not count as its size


def application(play: Play) -> web.Application:
    limit = play.settings.request_limit + FORM_EDGES
    app = web.Application(client_max_size=limit, middlewares=[only_from_here, people.plainly])
    app[PLAY] = play
    app.add_routes(door.doors())
    app.add_routes(people.doors())
    app.add_routes([web.get("/gw/", gateway), web.get("/gw", gateway)])
    app.add_routes([web.get("/cdn/attachments/{channel}/{id}/{filename}", cdn.attachment)])
    if people.PAGE.is_dir():
        app.add_routes([web.static("/playground/static", people.PAGE)])
    return app


async def gateway(request: web.Request) -> web.StreamResponse:
    """JSON frames, zipped where `zlib-stream` is asked for: hikari takes no others then."""
    if request.query.get("encoding", "json") != "json":
        return web.Response(status=400, text="Only JSON is spoken here.")
    socket = web.WebSocketResponse(timeout=1.0, max_msg_size=0, compress=False)
    await socket.prepare(request)
    await Connection(request.app[PLAY], socket, request).serve()
    return socket


async def listen(play: Play) -> web.AppRunner:
    """Start listening; the caller cleans the runner up. The play knows its address after."""
    runner = web.AppRunner(application(play), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, HOST, play.settings.port)
    await site.start()
    port = runner.addresses[0][1]
    play.lives_at(f"http://{HOST}:{port}")
    return runner
