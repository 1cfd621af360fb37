"""The one way in: what may go wrong on purpose, who may enter, both judges, the journal."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from playground.faults import Fault
from playground.journal import complaints, without_secrets
from playground.limits import limited
from playground.play import PLAY, Play
from playground.rest.call import Call, Route
from playground.rest.reading import Read, read
from playground.rest.routes import ROUTES
from playground.shapes import Answer, Json, Refused
from playground.verdict import PREFIX

log = logging.getLogger(__name__)
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Visit:
    """One request on its way through."""

    play: Play
    route: Route
    request: web.Request
    began: float = field(default_factory=time.time)
    came: Read = field(default_factory=Read)
    notes: list[Json] = field(default_factory=list[Json])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    fault: Fault | None = None


def doors() -> list[web.RouteDef]:
    """All endpoints, and the answers for what is none."""
    known = [web.route(route.method, _pattern(route), _opening(route)) for route in ROUTES]
    return [*known, web.route("*", PREFIX + "/{rest:.*}", _nothing_there)]


def _pattern(route: Route) -> str:
    return PREFIX + route.path


def _opening(route: Route) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await _through(Visit(request.app[PLAY], route, request))

    return handle


async def _nothing_there(request: web.Request) -> web.StreamResponse:
    play = request.app[PLAY]
    answer = Answer(404, {"message": "404: Not Found", "code": 0})
    visit = Visit(play, Route(request.method, request.path, lambda _: answer), request)
    _write(visit, answer.status)
    return _response(visit, answer)


async def _through(visit: Visit) -> web.StreamResponse:
    """Faults, then the answer, then the journal, then faults again."""
    if visit.play.limits.banned():
        return _banned(visit)
    visit.fault = visit.play.faults.take(visit.request.method, visit.request.path)
    if visit.fault is not None and visit.fault.kind == "drop_before":
        return _cut(visit, 0)
    answer = await _answered(visit)
    visit.play.limits.count_invalid(answer.status)
    if visit.fault is not None and visit.fault.kind == "drop_after":
        return _cut(visit, answer.status)
    _write(visit, answer.status)
    return _response(visit, answer)


async def _answered(visit: Visit) -> Answer:
    try:
        answer = await _fault(visit) or await _handled(visit)
        _judge_answer(visit, answer)
    except Refused as refused:
        answer = Answer(refused.status, refused.body, refused.headers)
        if visit.fault is None:
            _judge_answer(visit, answer)
    except Exception as error:
        log.exception("The stand-in failed at %s", visit.route.path)
        visit.notes.append({"code": "fault", "message": repr(error), "path": []})
        answer = Answer(500, {"message": "500: Internal Server Error", "code": 0})
    return answer


async def _fault(visit: Visit) -> Answer | None:
    """What was ordered to go wrong before the effect."""
    fault = visit.fault
    if fault is None:
        return None
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "limit":
        raise limited(fault.seconds, {}, scope="user", code=fault.code)
    if fault.kind == "status":
        body = {"message": f"{fault.status}: A fault on demand", "code": fault.code}
        return Answer(fault.status, body)
    return None


async def _handled(visit: Visit) -> Answer:
    play, request, route = visit.play, visit.request, visit.route
    _enter(visit)
    visit.came = await read(request)
    objections = _objections(visit)
    call = Call(
        play=play,
        method=request.method,
        path=request.path,
        places=request.match_info,
        query=request.query,
        body=visit.came.body,
        files=visit.came.files,
        size=visit.came.size,
        notes=visit.notes,
        operation=route.operation,
        objections=objections,
    )
    if route.operation is None:
        call.judge()
    return route.handler(call)


def _enter(visit: Visit) -> None:
    """Token first, limits after: a stranger fills no bucket."""
    play, route, request = visit.play, visit.route, visit.request
    if not route.free:
        _known(play, request)
        play.limits.take_global()
    majors = "/".join(request.match_info[name] for name in route.majors)
    visit.headers = play.limits.take(f"{route.method} {route.path}", majors)


def _known(play: Play, request: web.Request) -> None:
    said = request.headers.get("Authorization", "")
    if not said.startswith("Bot ") or not play.token_is(said):
        raise Refused(401, 0, "401: Unauthorized")
    if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
        raise Refused(403, 40333, "internal network error")


def _objections(visit: Visit) -> list[str]:
    """What the document says against the request."""
    came = visit.came
    request = visit.request
    verdict = visit.play.verdict
    return verdict.request(request.method, request.path, came.body, came.content_type)


def _judge_answer(visit: Visit, answer: Answer) -> None:
    """What the document says of our own answer is written down as our fault."""
    if visit.fault is not None and visit.fault.kind in {"status", "limit"}:
        return
    request = visit.request
    play = visit.play
    said = play.verdict.answer(request.method, request.path, answer.status, answer.body)
    if said:
        row: Json = {"direction": "answer", "method": request.method, "status": answer.status}
        row |= {"path": without_secrets(request.path), "body": answer.body}
        play.journal.write(row | {"at": time.time(), "findings": complaints(said)})


def _write(visit: Visit, status: int) -> None:
    now = time.time()
    row: Json = {
        "direction": "request",
        "at": visit.began,
        "method": visit.request.method,
        "path": without_secrets(visit.request.path),
        "status": status,
        "ms": round((now - visit.began) * 1000, 1),
        "body": visit.came.body,
        "files": [[file.filename, len(file.data)] for file in visit.came.files.values()],
        "findings": visit.notes,
    }
    if visit.fault is not None:
        row["fault"] = visit.fault.kind
    visit.play.journal.write(row | _whose(visit))


def _whose(visit: Visit) -> Json:
    """Which interaction a token belongs to, since the token itself is not written down."""
    places = visit.request.match_info
    known = visit.play.interactions.by_token.get(places.get("webhook_token", ""))
    named = str(known.id) if known else places.get("interaction_id")
    return {"interaction": named} if named else {}


def _banned(visit: Visit) -> web.Response:
    """Ten thousand refusals in ten minutes: not Discord answers, its edge does, and in plain text."""
    _write(visit, 429)
    return web.Response(status=429, text="error code: 1015", headers={"Retry-After": "600"})


def _cut(visit: Visit, status: int) -> web.StreamResponse:
    """The wire is cut; status 0 in the journal when nothing had happened yet."""
    _write(visit, status)
    if visit.request.transport is not None:
        visit.request.transport.abort()
    return web.Response(status=500)


def _response(visit: Visit, answer: Answer) -> web.Response:
    """Content-Type is exactly application/json: a charset makes discord.py read text."""
    headers = {**visit.headers, **answer.headers}
    if answer.status == 204:
        return web.Response(status=204, headers=headers)
    raw = json.dumps(answer.body, ensure_ascii=False).encode()
    return web.Response(
        status=answer.status, body=raw, content_type="application/json", headers=headers
    )
