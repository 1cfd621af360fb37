"""Many cards in one file for a server's batch endpoint, at half the price: the lines that go, the lines that come. Pure.

Ask -> request -> a line ... hours later ... a line -> told -> Told
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.asking import Ask
from stylus_engine.catalog.refiner.budget import Used
from stylus_engine.catalog.refiner.ways import Way
from stylus_engine.catalog.refiner.wire import Reply, heard
from stylus_engine.errors import SourceOdd

PATH = "/v1/chat/completions"
MOST_LINE = 2**20  # bytes of one answer
MOST_WHY = 200  # characters of what a server says of a line it refused
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Told(NamedTuple):
    """One line that came back, and to which question: the digest by which its answer is remembered."""

    digest: str
    reply: Reply


class Complaint(NamedTuple):
    """One line of the file of errors."""

    digest: str
    why: str


class _Response(msgspec.Struct):
    body: msgspec.Raw
    status_code: int = 0


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None


class _Error(msgspec.Struct):
    message: str = ""


class _Body(msgspec.Struct):
    error: _Error | None = None


class _Refusal(msgspec.Struct):
    body: _Body


class _Refused(msgspec.Struct):
    custom_id: str
    response: _Refusal | None = None
    error: _Error | None = None


def request(asked: Ask, model: str, most: int, way: Way) -> bytes:
    """One line of the file to upload; its id is the hash by which the answer is remembered."""
    body = asking.body(asked, (), way, model, most, asking.new_fence)
    told = {"custom_id": digest(asked), "method": "POST", "url": PATH, "body": body}
    return msgspec.json.encode(told) + b"\n"


def digest(asked: Ask) -> str:
    """What a line is called."""
    return asked.key.removeprefix(asking.KEY)


def told(line: bytes, estimate: Callable[[str], Used]) -> Told | None:
    """A line of answers; None for what is none. `estimate`: of the question with this digest."""
    if len(line) > MOST_LINE:
        return None
    try:
        found = msgspec.json.decode(line, type=_Line)
        body = bytes(found.response.body) if found.response else b""
        if not _DIGEST.fullmatch(found.custom_id):
            return None
        return Told(found.custom_id, heard(body, estimate(found.custom_id), "the batch"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, SourceOdd):
        return None


def complaint(line: bytes) -> Complaint | None:
    """A line of errors; None for what is none."""
    try:
        found = msgspec.json.decode(line, type=_Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    response = found.response or _Refusal(_Body(found.error or _Error()))
    why = clean.line((response.body.error or _Error()).message, MOST_WHY).rstrip(".")
    return Complaint(found.custom_id, why or "the server gave no answer")
