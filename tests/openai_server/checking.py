"""What a server was asked, and why it refuses that."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.openai_server.schemas import complaints

PARAMETERS = {
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n",
    "seed", "stop", "stream", "stream_options", "response_format", "user", "frequency_penalty",
    "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "tools", "tool_choice",
    "reasoning_effort", "metadata", "store", "service_tier", "prompt_cache_key", "safety_identifier",
}  # fmt: skip
MAGIC = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF", "gif": b"GIF8"}


@dataclass(frozen=True, slots=True)
class Traits:
    """What this server can do. `modern`: a reasoning model's names and limits of parameters."""

    models: tuple[str, ...] = ("a-model",)
    formats: frozenset[str] = frozenset({"json_schema", "json_object"})
    sees: bool = True
    modern: bool = False
    key: str = ""  # "": anybody may ask
    streams: bool = True
    counts: bool = True  # knows stream_options
    room: int = 0  # tokens of a question and its answer; 0: any number
    mute: bool = False  # says "Bad Request" and not why


class Refusal(NamedTuple):
    status: int
    message: str
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    body: dict
    headers: Mapping[str, str]
    refused: str = ""
    pictures: tuple[tuple[str, bytes], ...] = field(default=())

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and text of each message."""
        return [(m["role"], _text(m.get("content"))) for m in self.body["messages"]]

    @property
    def system(self) -> str:
        return "\n".join(text for role, text in self.messages if role in {"system", "developer"})

    @property
    def user(self) -> str:
        return "\n".join(text for role, text in self.messages if role == "user")

    @property
    def form(self) -> str:
        """`json_schema`, `json_object` or ""."""
        return (self.body.get("response_format") or {}).get("type", "")


def refusals(body: object, headers: Mapping[str, str], traits: Traits) -> Iterator[Refusal]:
    """Everything that is wrong with a request, the gravest first."""
    if traits.key and headers.get("Authorization") != f"Bearer {traits.key}":
        given = headers.get("Authorization", "").removeprefix("Bearer ")
        yield Refusal(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
    if not isinstance(body, dict):
        yield Refusal(400, "We could not parse the JSON body of your request.")
        return
    if body.get("model") not in traits.models:
        told = f"The model `{body.get('model')}` does not exist or you do not have access to it."
        yield Refusal(404, told, "model_not_found")
    yield from _parameters(body, traits)
    yield from _messages(body.get("messages"), traits)
    yield from _format(body, traits)
    yield from _room(body, traits)


def _room(body: dict, traits: Traits) -> Iterator[Refusal]:
    """In the words of llama.cpp; a token is about four characters, or less in tests than anywhere."""
    asked = sum(len(str(message.get("content"))) for message in body["messages"]) // 4
    if traits.room and asked > traits.room:
        told = f"request ({asked} tokens) exceeds the available context size ({traits.room} tokens), try increasing it"
        yield Refusal(400, told, "exceed_context_size_error")


def pictures(body: object) -> Iterator[tuple[str, bytes]]:
    """Kind and bytes of every picture that can be read."""
    for part in _parts(body):
        if part.get("type") == "image_url":
            found = _decoded(part)
            if found is not None:
                yield found


def _parameters(body: dict, traits: Traits) -> Iterator[Refusal]:
    for name in sorted(body.keys() - PARAMETERS):
        yield Refusal(400, f"Unrecognized request argument supplied: {name}", param=name)
    both = {"max_tokens", "max_completion_tokens"} <= body.keys()
    if both or (traits.modern and "max_tokens" in body):
        told = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        yield Refusal(400, told, "unsupported_parameter", "max_tokens")
    if traits.modern and body.get("temperature", 1) != 1:
        told = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
        yield Refusal(400, told, "unsupported_value", "temperature")
    if not 0 <= body.get("temperature", 0) <= 2:
        yield Refusal(400, "Invalid 'temperature': it lies between 0 and 2.")
    if "stream_options" in body and not (traits.counts and body.get("stream")):
        yield Refusal(400, "Unknown parameter: 'stream_options'.", param="stream_options")
    if body.get("stream") and not traits.streams:
        yield Refusal(400, "stream is not supported", param="stream")


def _messages(messages: object, traits: Traits) -> Iterator[Refusal]:
    if not isinstance(messages, list) or not messages:
        yield Refusal(400, "Invalid 'messages': empty array.", param="messages")
        return
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if message.get("role") not in {"system", "developer", "user", "assistant", "tool"}:
            yield Refusal(400, f"Invalid value: '{message.get('role')}'.", param=f"{where}.role")
        if message.get("content") is None and message.get("role") != "assistant":
            yield Refusal(400, f"Invalid value for 'content': {where} is null.")
        for part in _parts({"messages": [message]}):
            yield from _part(part, message, where, traits)


def _part(part: dict, message: dict, where: str, traits: Traits) -> Iterator[Refusal]:
    if part.get("type") == "text":
        if not isinstance(part.get("text"), str):
            yield Refusal(400, f"Missing required parameter: '{where}.content.text'.")
    elif part.get("type") == "image_url":
        if not traits.sees:
            yield Refusal(
                400, "Invalid content type. image_url is only supported by certain models."
            )
        elif message.get("role") != "user":
            yield Refusal(400, "Image URLs are only allowed for messages with role 'user'.")
        elif _decoded(part) is None:
            told = "You uploaded an unsupported image. Please make sure your image is valid."
            yield Refusal(400, told, "invalid_image_format")
    else:
        yield Refusal(400, f"Invalid value: '{part.get('type')}'. Supported: 'text', 'image_url'.")


def _format(body: dict, traits: Traits) -> Iterator[Refusal]:
    wanted = body.get("response_format")
    if wanted is None or wanted == {"type": "text"}:
        return
    kind = wanted.get("type")
    if kind not in traits.formats:
        told = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
        yield Refusal(400, told, param="response_format")
    elif kind == "json_object" and "json" not in str(body.get("messages")).lower():
        told = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        yield Refusal(400, told, param="messages")
    elif kind == "json_schema":
        given = wanted.get("json_schema") or {}
        for why in complaints(given.get("name"), given.get("strict"), given.get("schema")):
            told = f"Invalid schema for response_format '{given.get('name')}': {why}"
            yield Refusal(400, told, param="response_format")


def _parts(body: object) -> Iterator[dict]:
    messages = body.get("messages") if isinstance(body, dict) else None
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content")
        if isinstance(content, list):
            yield from content


def _decoded(part: dict) -> tuple[str, bytes] | None:
    """Only base64 is taken: a test server fetches nothing."""
    url = (part.get("image_url") or {}).get("url", "")
    found = re.fullmatch(r"data:image/(jpeg|png|webp|gif);base64,([A-Za-z0-9+/]+=*)", url)
    if found is None:
        return None
    try:
        data = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return None
    return (found[1], data) if data.startswith(MAGIC[found[1]]) else None


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""
