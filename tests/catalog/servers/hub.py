"""A strict stand-in of the Hugging Face Hub: listing, single repositories, files by Range.

Shapes of research/adapters.md 1.5.  That it answers as the hub's own client expects is
tested with that client (`test_hub.py`).
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.catalog.servers.civitai import Fault, refuse, reply
from tests.catalog.servers.serving import Place, serving

LISTED = {"filter", "sort", "limit", "expand", "search", "author", "cursor"}
EXPANDED = {
    *("author", "cardData", "disabled", "downloads", "gated", "lastModified", "library_name"),
    *("likes", "pipeline_tag", "private", "sha", "siblings", "tags"),
}
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def when(number: int) -> str:
    at = BEGAN + timedelta(hours=number)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def repository(number: int, *files: str, **fields: Any) -> dict[str, Any]:
    """Repository `painter/ink-NUMBER`, changed `number` hours after the first."""
    names = ("README.md", *(files or ("pytorch_lora_weights.safetensors",)))
    base = "stabilityai/stable-diffusion-xl-base-1.0"
    return {
        "_id": f"{number:024x}",
        "id": f"painter/ink-{number}",
        "author": "painter",
        "sha": COMMIT,
        "private": False,
        "disabled": False,
        "gated": False,
        "pipeline_tag": "text-to-image",
        "library_name": "diffusers",
        "tags": ["diffusers", "lora", "text-to-image", f"base_model:adapter:{base}", "ink"],
        "downloads": 100 + number,
        "likes": 5,
        "lastModified": when(number),
        "cardData": {
            "license": "apache-2.0",
            "base_model": base,
            "instance_prompt": "ink wash",
            "tags": ["lora", "watercolour"],
            "widget": [
                {"text": "an ink wash fox", "output": {"url": "images/fox 1.png"}},
                {"text": "-", "output": {"url": "https://cdn-lfs.huggingface.co/a.png"}},
            ],
        },
        "siblings": [{"rfilename": name} for name in names],
    } | fields


class HubServer:
    """`repositories` newest last; `files` are bytes by name; `faults` as Civitai's stand-in."""

    def __init__(self, *repositories: dict[str, Any], page: int = 100) -> None:
        self.repositories = list(repositories)
        self.page = page
        self.files: dict[str, bytes] = {}
        self.revisions: dict[str, str] = {}  # branches and tags besides `main`, and their commits
        self.faults: list[Fault | None] = []
        self.most_siblings = 10**6  # where a record's list of files is cut
        self.cdn = ""
        self.place = Place("")
        self._given: set[str] = set()

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator["HubServer", None]:
        async with serving(self._answer) as self.place:
            yield self

    @property
    def url(self) -> str:
        return self.place.url

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            return await fault(request)
        return self._found(request) or refuse(
            404, "Sorry, we can't find the page you are looking for."
        )

    def _found(self, request: web.Request) -> web.Response | None:
        match [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]:
            case ["api", "models"]:
                return self._list(request)
            case ["api", "models", owner, name]:
                return self._one(f"{owner}/{name}")
            case ["api", "models", owner, name, "revision", revision] if revision in self.revisions:
                return self._one(f"{owner}/{name}", sha=self.revisions[revision])
            case ["api", "models", owner, name, "tree", commit] if commit in self._commits:
                return self._tree(request, f"{owner}/{name}")
            case [_, _, "resolve", commit, *path] if commit in self._commits:
                return self._file(request, "/".join(path))
        return None

    @property
    def _commits(self) -> set[str]:
        return {COMMIT, "main", *self.revisions.values()}

    def _one(self, name: str, **fields: str) -> web.Response:
        found = [self._cut(each | fields) for each in self.repositories if each["id"] == name]
        # Private, gated and missing are told alike.
        return reply(found[0]) if found else refuse(401, "Invalid username or password.")

    def _cut(self, record: dict[str, Any]) -> dict[str, Any]:
        return record | {"siblings": record["siblings"][: self.most_siblings]}

    def _tree(self, request: web.Request, name: str) -> web.Response:
        """Files and folders, sorted; each page tells where the next one is."""
        if set(request.query) - {"recursive", "expand", "cursor"}:
            return refuse(400, f"unknown: {sorted(request.query)}")
        files = next(e["siblings"] for e in self.repositories if e["id"] == name)
        found = [
            {"type": "file", "oid": "0" * 40, "size": 1, "path": each["rfilename"]}
            for each in files
        ]
        folders = {each["path"].rpartition("/")[0] for each in found} - {""}
        found += [{"type": "directory", "oid": "0" * 40, "size": 0, "path": f} for f in folders]
        return self._page(request, sorted(found, key=lambda each: each["path"]), 1000)

    def _list(self, request: web.Request) -> web.Response:
        query = request.query
        if set(query) - LISTED or set(query.getall("expand", [])) - EXPANDED:
            return refuse(400, f"unknown: {sorted(query)}")
        if query.get("sort") != "lastModified" or not 1 <= int(query.get("limit", "1")) <= 1000:
            return refuse(400, "sort or limit")
        if query.get("cursor", "") not in {"", *self._given}:
            return refuse(400, "Invalid cursor")
        wanted = set(query.getall("filter", []))
        found = [
            self._expanded(self._cut(each), query.getall("expand", []))
            for each in sorted(self.repositories, key=lambda e: e["lastModified"], reverse=True)
            if wanted <= {*each["tags"], each["pipeline_tag"]}
            and query.get("search", "") in each["id"]
            and query.get("author", each["author"]) == each["author"]
        ]
        return self._page(request, found, min(self.page, int(query.get("limit", "100"))))

    def _page(self, request: web.Request, found: list[dict[str, Any]], size: int) -> web.Response:
        start = int(request.query.get("cursor", "c0")[1:])
        end = start + size
        response = web.Response(
            body=json.dumps(found[start:end]).encode(), content_type="application/json"
        )
        if end < len(found):
            self._given.add(f"c{end}")
            following = request.url.update_query(cursor=f"c{end}")
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response

    def _expanded(self, record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        return {key: value for key, value in record.items() if key in {"_id", "id", *fields}}

    def _file(self, request: web.Request, name: str) -> web.Response:
        if self.cdn:
            return web.Response(status=302, headers={"Location": f"{self.cdn}/{name}?Signature=x"})
        if name not in self.files:
            return refuse(404, "Entry not found")
        return ranged(request, self.files[name])


def ranged(request: web.Request, data: bytes) -> web.Response:
    """The part of `data` that was asked for."""
    span = request.http_range
    if span.start is None:
        return web.Response(body=data)
    piece = data[span.start : span.stop]
    said = f"bytes {span.start}-{span.start + len(piece) - 1}/{len(data)}"
    return web.Response(status=206, body=piece, headers={"Content-Range": said})
