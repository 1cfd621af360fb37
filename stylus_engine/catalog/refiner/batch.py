"""Many cards in one file for a server's batch endpoint, at half the price; its answers fill the memory.

A batch is another way to the same memory: after `taken` a usual run finds every answer
there, checks it as it checks any, and asks only for what is missing.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.asking import Ask
from stylus_engine.catalog.refiner.budget import Used
from stylus_engine.catalog.refiner.model import Memory
from stylus_engine.catalog.refiner.ways import Way
from stylus_engine.catalog.refiner.wire import heard
from stylus_engine.errors import SourceOdd

PATH = "/v1/chat/completions"
MOST_LINE = 2**20  # bytes of one answer
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Taken(NamedTuple):
    """What a file of answers held. `odd`: lines that are none, or hold none."""

    kept: int
    odd: int
    tokens_in: int
    tokens_out: int


class _Response(msgspec.Struct):
    body: msgspec.Raw
    status_code: int = 0


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None


def request(asked: Ask, model: str, most: int, way: Way | None = None) -> bytes:
    """One line of the file to upload; its id is the hash by which the answer is remembered."""
    body = asking.body(asked, (), way or Way(), model, most, asking.new_fence)
    told = {
        "custom_id": asked.key.removeprefix(asking.KEY),
        "method": "POST",
        "url": PATH,
        "body": body,
    }
    return msgspec.json.encode(told) + b"\n"


def taken(lines: Iterable[bytes], memory: Memory) -> Taken:
    """Remember the answers of a file that came back. What is odd is counted and left out."""
    kept = odd = tokens_in = tokens_out = 0
    for line in lines:
        answer = _answer(line)
        if answer is None:
            odd += bool(line.strip())
            continue
        digest, text, used = answer
        memory.remember(f"{asking.KEY}{digest}", text.encode("utf-8", "replace"))
        kept, tokens_in = kept + 1, tokens_in + used.tokens_in
        tokens_out += used.tokens_out
    return Taken(kept, odd, tokens_in, tokens_out)


def _answer(line: bytes) -> tuple[str, str, Used] | None:
    """Hash, text and cost of a line; None for what is none."""
    if len(line) > MOST_LINE:
        return None
    try:
        found = msgspec.json.decode(line, type=_Line)
        body = bytes(found.response.body) if found.response else b""
        reply = heard(body, Used(0, 0, guessed=True), "the batch")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, SourceOdd):
        return None
    usable = _DIGEST.fullmatch(found.custom_id) and not reply.fault
    return (found.custom_id, reply.text, reply.used) if usable else None
