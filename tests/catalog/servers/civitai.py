"""A strict stand-in of Civitai's REST v1: shapes and rules of research/adapters.md 1.1-1.4.

What Civitai refuses is refused; what it silently ignores (unknown parameters, cursors of
one's own making) is refused too, so that nobody comes to rely on it.
"""

import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.catalog.servers.serving import Place, serving

LISTED = {"limit", "cursor", "ids", "types", "baseModels", "sort", "nsfw", "tag", "username"}
TYPES = {"LORA", "LoCon", "DoRA", "TextualInversion", "Hypernetwork", "Checkpoint", "Controlnet"}
IMAGES = {"limit", "cursor", "modelVersionId", "modelId", "withMeta", "nsfw", "sort"}
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


def sha256(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def when(number: int) -> str:
    """Model `number` came so many hours after the first."""
    at = BEGAN + timedelta(hours=number)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file(version: int, **fields: Any) -> dict[str, Any]:
    digest = sha256(version).upper()
    return {
        "id": version * 10,
        "name": f"file_{version}.safetensors",
        "type": "Model",
        "sizeKB": 147456.5,
        "primary": True,
        "pickleScanResult": "Success",
        "pickleScanMessage": "No Pickle imports",
        "virusScanResult": "Success",
        "virusScanMessage": None,
        "scannedAt": when(version),
        "metadata": {"format": "SafeTensor", "size": None, "fp": "fp16"},
        "hashes": {"AutoV1": digest[:8], "AutoV2": digest[:10], "SHA256": digest, "CRC32": "0A"},
        "downloadUrl": f"https://civitai.com/api/download/models/{version}",
    } | fields


def picture(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "url": f"https://image.civitai.com/x/{number}/width=450/{number}.jpeg",
        "nsfwLevel": 1,
        "width": 768,
        "height": 1280,
        "hash": "UOF~jNwG5QT076ngkCS$",
        "type": "image",
        "hasMeta": True,
        "hasPositivePrompt": True,
    } | fields


def version(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"v{number}",
        "createdAt": when(number),
        "updatedAt": when(number),
        "publishedAt": when(number),
        "status": "Published",
        "availability": "Public",
        "trainedWords": [f"trigger{number}"],
        "baseModel": "SD 1.5",
        "baseModelType": "Standard",
        "earlyAccessEndsAt": None,
        "usageControl": "Download",
        "description": None,
        "stats": {"downloadCount": 100 + number, "thumbsUpCount": 3, "thumbsDownCount": 0},
        "files": [file(number)],
        "images": [picture(number)],
        "downloadUrl": f"https://civitai.com/api/download/models/{number}",
    } | fields


def model(number: int, **fields: Any) -> dict[str, Any]:
    """Model `number` with one version, `number + 1000`."""
    return {
        "id": number,
        "name": f"Model {number}",
        "description": f"<p>Adds <b>thing {number}</b> to a picture.</p>",
        "type": "LORA",
        "nsfw": False,
        "nsfwLevel": 1,
        "availability": "Public",
        "allowNoCredit": True,
        "allowCommercialUse": "{Image,RentCivit}",
        "allowDerivatives": True,
        "allowDifferentLicense": True,
        "minor": False,
        "poi": False,
        "sfwOnly": False,
        "mode": None,
        "stats": {"downloadCount": 5000, "thumbsUpCount": 10, "rating": 0},
        "creator": {"username": "Painter", "image": None},
        "tags": ["style", "ink"],
        "modelVersions": [version(number + 1000)],
    } | fields


class Civitai:
    """`models` newest last; `faults` answer the next requests instead, in turn (None: no fault)."""

    def __init__(self, *models: dict[str, Any], page: int = 100) -> None:
        self.models = list(models)
        self.page = page  # a list page is never longer than this
        self.overlap = 0  # so many models of a page come again on the next
        self.faults: list[Fault | None] = []
        self.pictures: list[dict[str, Any]] = []
        self.token = "secret"  # noqa: S105 - of a stand-in
        self.cdn = ""
        self._given: set[str] = set()
        self.place = Place("")

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator["Civitai", None]:
        async with serving(self._answer) as self.place:
            yield self

    @property
    def url(self) -> str:
        return self.place.url

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            return await fault(request)
        assert request.headers["User-Agent"].startswith("Stylus/")
        return self._got(request) if request.method == "GET" else await self._posted(request)

    def _got(self, request: web.Request) -> web.Response:
        match request.path.strip("/").split("/"):
            case ["api", "v1", "models"]:
                return self._list(request)
            case ["api", "v1", "models", number]:
                return self._model(int(number))
            case ["api", "v1", "model-versions", number]:
                return self._version(int(number))
            case ["api", "v1", "images"]:
                return self._images(request)
            case ["api", "download", "models", number]:
                return self._download(request, int(number))
        return refuse(404, "Not found")

    async def _posted(self, request: web.Request) -> web.Response:
        match request.path.strip("/").split("/"):
            case ["api", "v1", "model-versions", "by-hash", "ids"]:
                return await self._ids(request)
            case ["api", "v1", "model-versions", "by-hash"]:
                return await self._by_hash(request)
        return refuse(404, "Not found")

    def _list(self, request: web.Request) -> web.Response:
        query = request.query
        if wrong := self._wrong(request):
            return refuse(400, wrong)
        found = [each for each in reversed(self.models) if not each.get("poi")]
        if "types" in query:
            found = [each for each in found if each.get("type") in query.getall("types")]
        if "baseModels" in query:
            found = [each for each in found if _bases(each) & set(query.getall("baseModels"))]
        if "ids" in query:
            wanted = {int(each) for each in query["ids"].split(",")}
            return reply({"items": [e for e in found if e["id"] in wanted], "metadata": {}})
        return self._page(found, query.get("cursor", ""))

    def _wrong(self, request: web.Request) -> str:
        query = request.query
        wrongs = {
            "a crawl with a token bypasses the cache": "Authorization" in request.headers,
            f"unknown: {sorted(set(query) - LISTED)}": bool(set(query) - LISTED),
            "limit": not 1 <= int(query.get("limit", "100")) <= 100,
            "types": bool(set(query.getall("types", [])) - TYPES),
            "a cursor that was never given": query.get("cursor", "") not in {"", *self._given},
        }
        return next((why for why, wrong in wrongs.items() if wrong), "")

    def _page(self, found: list[dict[str, Any]], cursor: str) -> web.Response:
        start = int(cursor.split("|")[1]) if cursor else 0
        end = start + self.page
        metadata: dict[str, Any] = {"currentPage": 1, "pageSize": self.page}
        if end < len(found):
            following = f"75363|{end - self.overlap}|{len(self._given)}"
            self._given.add(following)
            url = f"https://civitai.com/api/v1/models?cursor={following}"
            metadata |= {"nextCursor": following, "nextPage": url}
        return reply({"items": found[start:end], "metadata": metadata})

    def _model(self, number: int) -> web.Response:
        found = [each for each in self.models if each["id"] == number]
        return reply(found[0]) if found else refuse(404, f"No model with id {number}")

    def _whole(self, above: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        few = {key: above.get(key) for key in ("name", "type", "nsfw", "poi")}
        return {**inner, "modelId": above["id"], "model": few}

    def _version(self, number: int) -> web.Response:
        for above in self.models:
            for inner in above["modelVersions"]:
                if inner["id"] == number:
                    return reply(self._whole(above, inner))
        return refuse(404, f"No model version with id {number}")

    async def _ids(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if len(wanted) > 10_000 or not all(len(each) == 64 for each in wanted):
            return refuse(400, "at most 10,000 SHA256")
        hits = [(inner["id"], digest) for _, inner, digest in self._hashed() if digest in wanted]
        return reply([{"modelVersionId": number, "hash": digest} for number, digest in hits])

    async def _by_hash(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if len(wanted) > 100 or not all(len(each) == 64 for each in wanted):
            return refuse(400, "at most 100 SHA256")
        return reply([self._whole(m, v) for m, v, digest in self._hashed() if digest in wanted])

    def _hashed(self) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
        return [
            (above, inner, each["hashes"]["SHA256"])
            for above in self.models
            for inner in above["modelVersions"]
            for each in inner["files"]
            if each["hashes"].get("SHA256")
        ]

    def _images(self, request: web.Request) -> web.Response:
        query = request.query
        if set(query) - IMAGES or not 0 <= int(query.get("limit", "50")) <= 200:
            return refuse(400, "unknown parameter or limit")
        wanted = int(query["modelVersionId"])
        found = [each for each in self.pictures if wanted in each["modelVersionIds"]]
        if query.get("withMeta") != "true":
            found = [{**each, "meta": None} for each in found]
        return reply({"items": found, "metadata": {}})

    def _download(self, request: web.Request, number: int) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return refuse(401, "The creator of this asset requires you to be logged in")
        signed = f"{self.cdn}/{number}.safetensors?X-Amz-Signature=abc%2F"
        return web.Response(status=307, headers={"Location": signed})


def _bases(model: dict[str, Any]) -> set[str]:
    return {each["baseModel"] for each in model["modelVersions"]}


def reply(value: Any) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")


def refuse(status: int, why: str) -> web.Response:
    body = json.dumps({"error": why}).encode()
    return web.Response(status=status, body=body, content_type="application/json")


def fault(status: int = 200, body: bytes = b"", **headers: str) -> Fault:
    """A fault for `Civitai.faults`."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return answer
