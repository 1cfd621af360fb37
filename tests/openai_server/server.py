"""The server itself: routes, the record of what was asked, and answers put on the wire."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.openai_server.answers import Answer, Dropped, Raw, Said, error
from tests.openai_server.batches import BatchDoors
from tests.openai_server.checking import Asked, Traits, pictures, refusals

Answering = Answer | Sequence[Answer] | Callable[[Asked], Answer]


class Server:
    """`async with` it. `answering`: one answer for all, one after another (the last stays), or a function."""

    def __init__(self, answering: Answering, traits: Traits | None = None) -> None:
        self.answering = answering
        self.traits = traits or Traits()
        self.asked: list[Asked] = []
        self.batched: list[Asked] = []
        self.busy = 0
        self.busiest = 0
        self.reached = asyncio.Event()  # something was asked
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._completions)
        app.router.add_get("/v1/models", self._models)
        self.batching = BatchDoors(self._batched)
        app.router.add_routes(self.batching.routes())
        self._server = TestServer(app)

    @property
    def url(self) -> str:
        """To be used as `base_url`."""
        return str(self._server.make_url("/v1"))

    @property
    def heard(self) -> list[Asked]:
        """What was asked and not refused."""
        return [asked for asked in self.asked if not asked.refused]

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    async def _models(self, request: web.Request) -> web.Response:
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "test"}
            for name in self.traits.models
        ]
        return web.json_response({"object": "list", "data": data})

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await _json(request)
        wrong = next(refusals(body, request.headers, self.traits), None)
        asked = Asked(
            body if isinstance(body, dict) else {},
            request.headers,
            wrong.message if wrong else "",
            tuple(pictures(body)),
        )
        self.asked.append(asked)
        self.reached.set()
        if wrong is not None:
            told = "Bad Request" if self.traits.mute else wrong.message
            data = error(told, wrong.code, wrong.param)
            return web.Response(body=data, status=wrong.status, content_type="application/json")
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            return await self._answer(request, asked)
        finally:
            self.busy -= 1

    async def _answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        answer = self._chosen(asked)
        if isinstance(answer, Dropped):
            return await _dropped(request)
        await asyncio.sleep(answer.seconds)
        if isinstance(answer, Raw):
            return web.Response(
                body=answer.body,
                status=answer.status,
                content_type=answer.kind,
                headers=answer.headers,
            )
        if asked.body.get("stream"):
            return await _streamed(request, asked, answer)
        return web.json_response(_completion(asked, answer))

    def _batched(self, body: dict) -> tuple[int, dict]:
        """One line of a batch: refused as a call would be, else answered as one."""
        key = {"Authorization": f"Bearer {self.traits.key}"}
        wrong = next(refusals(body, key, self.traits), None)
        asked = Asked(body, {}, wrong.message if wrong else "", tuple(pictures(body)))
        if wrong is not None:
            return wrong.status, json.loads(error(wrong.message, wrong.code, wrong.param))
        self.batched.append(asked)
        answer = self._chosen(asked)
        if isinstance(answer, Said):
            return 200, _completion(asked, answer)
        return 500, json.loads(error("The server had an error."))

    def _chosen(self, asked: Asked) -> Answer:
        if callable(self.answering):
            return self.answering(asked)
        if isinstance(self.answering, Said | Raw | Dropped):
            return self.answering
        return self.answering[min(len(self.heard), len(self.answering)) - 1]


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError:
        return None


def _completion(asked: Asked, answer: Said) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": answer.text}
    choice = {
        "index": 0,
        "message": message | {"refusal": answer.refusal, "annotations": []},
        "logprobs": None,
        "finish_reason": answer.finish,
    }
    told = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "choices": [choice]}
    told |= {"model": asked.body["model"], "system_fingerprint": None}
    if (usage := _usage(asked, answer)) is not None:
        told["usage"] = usage
    return told | answer.more


def _usage(asked: Asked, answer: Said) -> object:
    """A quarter of the characters, and 100 a picture, as long as the answer says nothing else."""
    if answer.usage == "counted":
        words = sum(len(text) for _, text in asked.messages)
        counts = (words // 4 + 100 * len(asked.pictures), len(answer.text or "") // 4)
    elif isinstance(answer.usage, tuple):
        counts = answer.usage
    else:
        return answer.usage
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return dict(zip(names, (*counts, sum(counts)), strict=True))


async def _streamed(request: web.Request, asked: Asked, answer: Said) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for event in (*_events(asked, answer), "[DONE]"):
        line = event if isinstance(event, str) else json.dumps(event)
        await response.write(f"data: {line}\n\n".encode())
        await asyncio.sleep(answer.pace)
        if answer.torn and isinstance(event, dict) and _last(event):
            return _torn(request, response)
    await response.write_eof()
    return response


def _events(asked: Asked, answer: Said) -> Iterator[dict[str, object]]:
    told: dict[str, object] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
    told["model"] = asked.body["model"]
    text = answer.text or ""
    size = max(7, len(text) // 500)
    pieces: Iterable[str] = (text[at : at + size] for at in range(0, len(text), size))
    for piece in pieces:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        yield told | {"choices": [choice]}
    if answer.refusal is not None:
        choice = {"index": 0, "delta": {"refusal": answer.refusal}, "finish_reason": None}
        yield told | {"choices": [choice]}
    yield told | {"choices": [{"index": 0, "delta": {}, "finish_reason": answer.finish}]}
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        yield told | {"choices": [], "usage": _usage(asked, answer)}


def _last(event: dict) -> bool:
    """Whether all of the text was sent."""
    return any(choice["finish_reason"] for choice in event["choices"])


def _torn(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response


async def _dropped(request: web.Request) -> web.StreamResponse:
    """Promises more bytes than come."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id": "chatcmpl-1", "choi')
    if request.transport is not None:
        request.transport.close()
    return response
