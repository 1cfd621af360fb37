"""The body of a request: JSON, or a form with `payload_json` and `files[n]`."""

import json
import re
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from playground import rules, verdict
from playground.files import Upload
from playground.play import PLAY
from playground.shapes import Refused

CHUNK = 256 * 1024
FILE = re.compile(r"files\[(\d+)\]")
JSON, MULTIPART, URLENCODED = (
    "application/json",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
)


@dataclass(slots=True)
class Read:
    """`body` None: there was none."""

    body: object = None
    files: dict[int, Upload] = field(default_factory=dict[int, Upload])
    size: int = 0
    content_type: str = ""


async def read(request: web.Request) -> Read:
    """Raises 50109 for broken JSON, 50035 for another type, 413 for too much."""
    try:
        return await _read(request)
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, 40005, "Request entity too large") from None


async def _read(request: web.Request) -> Read:
    if request.content_type == MULTIPART:
        return await _form(request)
    raw = await request.read()
    if not raw:
        return Read(content_type=request.content_type)
    if request.content_type == JSON:
        return Read(_decoded(raw), size=len(raw), content_type=JSON)
    if request.content_type == URLENCODED:
        pairs = await request.post()
        body = {name: str(value) for name, value in pairs.items()}
        return Read(body, size=len(raw), content_type=URLENCODED)
    raise verdict.refused([rules.content_type(request.content_type)])


async def _form(request: web.Request) -> Read:
    """A form without `payload_json` is an empty body with files.

    Read part by part: aiohttp's `post()` would leave its temporary files open at the limit.
    """
    most = request.app[PLAY].settings.request_limit
    made = Read(body={}, content_type=MULTIPART)
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = await _bytes(part, most - made.size)
        made.size += len(data)
        _take(made, part, data)
    return made


async def _bytes(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(data))
    return bytes(data)


def _take(made: Read, part: BodyPartReader, data: bytes) -> None:
    numbered = FILE.fullmatch(part.name or "")
    if part.name == "payload_json":
        made.body = _decoded(data)
    elif numbered:
        made.files[int(numbered[1])] = Upload(part.filename or "unknown", data)


def _decoded(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):  # a thousand brackets are no JSON either
        raise verdict.refused([rules.UNREADABLE]) from None
