"""Files by signed links. A link that is forged or too old leads nowhere."""

from aiohttp import web

from playground.guarding import FILE_HEADERS
from playground.play import PLAY

GONE = "This content is no longer available."


async def attachment(request: web.Request) -> web.Response:
    """Answers /cdn/attachments/{channel}/{id}/{filename}?ex=…&is=…&hm=… with the file."""
    store = request.app[PLAY].store
    id_ = request.match_info["id"]
    found = store.files.get(int(id_)) if id_.isdigit() else None
    query = request.query
    seal = (query.get("ex", ""), query.get("is", ""), query.get("hm", ""))
    if found is None or found.filename != request.match_info["filename"]:
        return web.Response(status=404, text=GONE)
    if str(found.channel) != request.match_info["channel"] or not store.valid(found.id, *seal):
        return web.Response(status=404, text=GONE)
    kind = found.content_type or "application/octet-stream"
    headers = {"Content-Type": kind, "Cache-Control": "private, max-age=3600"}
    return web.Response(body=found.data, headers=headers | FILE_HEADERS)
