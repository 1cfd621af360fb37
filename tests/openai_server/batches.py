"""The batch doors of the server: files up, batches begun, answers in a file, as strict as OpenAI's."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from tests.openai_server.answers import error

Ask = Callable[[dict], tuple[int, dict]]  # a body -> status and body of the answer


class BatchDoors:
    """Files and batches by name. `looks`: how many looks at a batch before it is over."""

    def __init__(self, ask: Ask, looks: int = 0) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.looked = 0
        self.reached = asyncio.Event()  # somebody looked
        self.looks = looks
        self.ends = "completed"  # or expired: then half of its lines have answers
        self.silent = 0  # so many looks are answered with 503
        self.torn = 0  # so many files break off in the middle
        self.uploads = True  # False: a server that knows no batches
        self._ask = ask

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.post("/v1/files", self._upload)
        yield web.get("/v1/files/{name}/content", self._content)
        yield web.post("/v1/batches", self._begin)
        yield web.get("/v1/batches", self._list)
        yield web.get("/v1/batches/{name}", self._look)

    async def _upload(self, request: web.Request) -> web.Response:
        if not self.uploads:
            return _refused(404, "Not Found")
        form = await request.post()
        if form.get("purpose") != "batch":
            return _refused(400, "Invalid value for 'purpose'.")
        file = form["file"]
        assert isinstance(file, web.FileField)
        if not file.filename.endswith(".jsonl"):
            return _refused(400, f"Invalid extension {file.filename}. Supported formats: 'jsonl'.")
        name = f"file-{len(self.files)}"
        self.files[name] = file.file.read()
        return web.json_response({"id": name, "object": "file", "purpose": "batch"})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        found = self.files.get(request.match_info["name"])
        if found is not None and self.torn:
            self.torn -= 1
            return await _half(request, found)
        return _refused(404, "No such File object.") if found is None else web.Response(body=found)

    async def _begin(self, request: web.Request) -> web.Response:
        told = await request.json()
        if told.keys() != {"input_file_id", "endpoint", "completion_window"}:
            return _refused(400, f"Unknown parameters among {sorted(told)}.")
        if told["completion_window"] != "24h" or told["input_file_id"] not in self.files:
            return _refused(400, "Invalid completion_window or input_file_id.")
        name = f"batch_{len(self.batches)}"
        batch = {"id": name, "object": "batch", "status": "validating", "errors": None, **told}
        self.batches[name] = batch
        return web.json_response(batch)

    async def _list(self, request: web.Request) -> web.Response:
        data = list(self.batches.values())[::-1]
        return web.json_response({"object": "list", "data": data, "has_more": False})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["name"])
        if batch is None:
            return _refused(404, "No batch found.")
        self.looked += 1
        self.reached.set()
        if self.looked <= self.silent:
            return _refused(503, "The server is overloaded.")
        if self.looked <= self.looks:
            batch["status"] = "in_progress"
        elif batch["status"] in {"validating", "in_progress"}:
            self._finish(batch)
        return web.json_response(batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        if wrong := _wrong(lines, batch["endpoint"]):
            batch |= {"status": "failed", "errors": {"object": "list", "data": [wrong]}}
            return
        asked = lines[: len(lines) // 2] if self.ends == "expired" else lines
        answers = [(line["custom_id"], *self._ask(line["body"])) for line in asked]
        good = [each for each in answers if each[1] == 200]
        bad = [each for each in answers if each[1] != 200]
        batch["status"] = self.ends
        batch["output_file_id"] = self._file(good)
        batch["error_file_id"] = self._file(bad)
        counts = {"total": len(lines), "completed": len(good), "failed": len(bad)}
        batch["request_counts"] = counts

    def _file(self, answers: list[tuple[str, int, dict]]) -> str | None:
        """Not in the order of the questions, as OpenAI warns."""
        if not answers:
            return None
        name = f"file-{len(self.files)}"
        told = [
            {"id": "r", "custom_id": custom, "error": None, "response": {"status_code": status, "body": body}}
            for custom, status, body in reversed(answers)
        ]  # fmt: skip
        self.files[name] = "\n".join(map(json.dumps, told)).encode()
        return name


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Promises all of it."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _wrong(lines: list[dict], endpoint: str) -> dict | None:
    """Why a whole file is refused."""
    if any(line.keys() != {"custom_id", "method", "url", "body"} for line in lines):
        return {"code": "invalid_request", "message": "A line has other fields."}
    if len({line["custom_id"] for line in lines}) < len(lines):
        return {"code": "duplicate_custom_id", "message": "A custom_id stands there twice."}
    if any((line["method"], line["url"]) != ("POST", endpoint) for line in lines):
        return {"code": "mismatched_url", "message": "A url is not that of the batch."}
    if len({line["body"]["model"] for line in lines}) > 1:
        return {"code": "mismatched_model", "message": "All requests must be for one model."}
    return None


def _refused(status: int, message: str) -> web.Response:
    return web.Response(body=error(message), status=status, content_type="application/json")
