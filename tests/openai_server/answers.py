"""What a server may answer, well or badly."""

import json
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Said:
    """A chat completion. `usage`: (in, out); None: not told; anything else is sent as it is.

    Of a stream: `pace` seconds between its pieces; `torn`: its connection ends after the text.
    """

    text: str | None
    finish: str = "stop"
    refusal: str | None = None
    usage: object = "counted"
    seconds: float = 0.0
    more: dict[str, object] = field(default_factory=dict)  # fields that other servers add
    pace: float = 0.0
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """Any bytes with any status."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection ends in the middle of the answer."""


Answer: TypeAlias = Said | Raw | Dropped


def said(text: object, **changes: object) -> Said:
    """A completion; what is no text is sent as JSON."""
    words = text if isinstance(text, str) or text is None else json.dumps(text)
    return Said(words, **changes)  # pyright: ignore[reportArgumentType] - the fields of `Said` by name


def cut_off(text: str) -> Said:
    """It ran into max_tokens."""
    return Said(text, finish="length")


def refusing(words: str = "I cannot help with that.") -> Said:
    """The model declines, as structured output tells it."""
    return Said(None, refusal=words)


def html(words: str = "502 Bad Gateway", status: int = 200) -> Raw:
    """A proxy's page."""
    page = f"<!doctype html><html><body><h1>{words}</h1></body></html>"
    return Raw(page.encode(), status, "text/html")


def failing(
    status: int, message: str = "It is not your fault.", retry_after: float | None = None
) -> Raw:
    """An error as OpenAI words it."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Raw(error(message), status, headers=headers)


def error(message: str, code: str | None = None, param: str | None = None) -> bytes:
    """The body of an error."""
    told = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return json.dumps({"error": told}).encode()
