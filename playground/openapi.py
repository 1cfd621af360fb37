"""Discord's own OpenAPI document as a judge of every request, every answer and every event.

    spec = Spec(path)
    spec.request("POST", "/channels/1/messages", body, "application/json")  -> sentences
    spec.response("POST", "/channels/1/messages", 200, body)                -> sentences
    spec.schema("MessageResponse", thing)                                   -> sentences

No sentence = nothing to say.  A multipart request is given as its `payload_json`.  Paths are
real ones, below /api/v10 and without a query.  Validators are made when first asked for.
Source: https://github.com/discord/discord-api-spec (MIT); the document is not part of this house.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast
from urllib.parse import quote

import jsonschema_rs
from jsonschema_rs import Registry, ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

Json = Mapping[str, object]
JSON = "application/json"
ASKED, ANSWERED = "urn:discord:asked", "urn:discord:answered"
INT32: Json = {"minimum": -(2**31), "maximum": 2**31 - 1}
SNOWFLAKE_PATTERN = "^(0|[1-9][0-9]*)$"
LOOSE_SNOWFLAKE: Json = {
    "type": ["string", "integer"],
    "pattern": SNOWFLAKE_PATTERN,
    "minimum": 0,
    "maximum": 2**64 - 1,
}
"""Discord reads a number where it writes a string; every library sends `"id": 0` in attachments."""

LONGEST_SENTENCE = 300
BROKEN = 500


class Spec:
    """One OpenAPI document, read once.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON.
    """

    def __init__(self, path: Path) -> None:
        self._document = _thing(_bounded(json.loads(path.read_bytes())))
        self._paths = _walk(self._document, "paths")
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        asked, answered = _loosened(self._document), dict(self._document)
        self._registry = Registry([(ASKED, asked), (ANSWERED, answered)])

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Paths as patterns; those with fewer holes first: @original before {message_id}."""
        found = sorted(self._paths, key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(p))), p) for p in found]

    def request(self, method: str, path: str, body: object, content_type: str = JSON) -> list[str]:
        """What is wrong with a request; `body` is None where nothing was sent."""
        steps = self._operation(method, path)
        if not steps:
            return [f"{method} {path}: not in the document"]
        asked = _walk(self._document, *steps, "requestBody")
        if body is None or not asked:
            return ["a body is required"] if body is None and asked.get("required") else []
        media = content_type.partition(";")[0].strip().lower()
        if media not in _walk(asked, "content"):
            return [f"Content-Type {media!r}: not in the document"]
        at = (*steps, "requestBody", "content", media, "schema")
        return self._judge(ASKED, at, body)

    def response(self, method: str, path: str, status: int, body: object) -> list[str]:
        """What is wrong with an answer; `body` is None where it is empty.

        A failing server (5xx) may say anything: the document does not speak of it.
        """
        steps = self._operation(method, path)
        if not steps or status >= BROKEN:
            return [] if steps else [f"{method} {path}: not in the document"]
        held = _walk(self._document, *steps, "responses")
        code = next((code for code in (str(status), f"{status // 100}XX") if code in held), None)
        if code is None:
            return [f"status {status}: not in the document"]
        at = self._followed((*steps, "responses", code))
        if JSON not in _walk(self._document, *at, "content"):
            return [] if body is None else [f"status {status}: no body is foreseen"]
        return self._judge(ANSWERED, (*at, "content", JSON, "schema"), body)

    def schema(self, name: str, thing: object) -> list[str]:
        """What is wrong with an object by a schema's name.

        Raises:
            KeyError: the document has no such schema.
        """
        at = ("components", "schemas", name)
        _walk(self._document, *at[:2])[name]
        return self._judge(ANSWERED, at, thing)

    def _operation(self, method: str, path: str) -> tuple[str, ...]:
        """Where an operation stands; () where there is none."""
        verb = method.lower()
        for pattern, template in self._templates:
            if pattern.fullmatch(path) and verb in _walk(self._paths, template):
                return ("paths", template, verb)
        return ()

    def _followed(self, steps: tuple[str, ...]) -> tuple[str, ...]:
        """Shared answers stand among the components, with a reference at the operation."""
        reference = _walk(self._document, *steps).get("$ref")
        return tuple(reference.split("/")[1:]) if isinstance(reference, str) else steps

    def _judge(self, resource: str, steps: tuple[str, ...], value: object) -> list[str]:
        address = f"{resource}#{_pointer(steps)}"
        if address not in self._validators:
            self._validators[address] = self._made(address)
        errors = self._validators[address].iter_errors(value)
        return [said for error in errors for said in _told(error)]

    def _made(self, address: str) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            {"$ref": address}, registry=self._registry, validate_formats=True, mask="the value"
        )


# --- the document ----------------------------------------------------------------


def _thing(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _walk(start: Json, *steps: str) -> Json:
    """The object at the end of these steps; empty where there is none."""
    for step in steps:
        start = _thing(start.get(step))
    return start


def _pointer(steps: tuple[str, ...]) -> str:
    """A JSON pointer as the fragment of a URI."""
    escaped = (step.replace("~", "~0").replace("/", "~1") for step in steps)
    return "".join("/" + quote(step, safe="~") for step in escaped)


def _bounded(value: object) -> object:
    """The document with `format: int32` said as bounds: validators take formats for text only."""
    if isinstance(value, list):
        return [_bounded(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    held = {name: _bounded(item) for name, item in cast("dict[str, object]", value).items()}
    return {**INT32, **held} if held.get("format") == "int32" else held


def _loosened(document: Json) -> dict[str, object]:
    """The document as requests are judged by it: ids may be numbers."""
    components = _walk(document, "components")
    schemas = {**_walk(components, "schemas"), "SnowflakeType": LOOSE_SNOWFLAKE}
    return {**document, "components": {**components, "schemas": schemas}}


# --- what it says ----------------------------------------------------------------


def _told(error: ValidationError) -> Iterator[str]:
    """Of a union only what the branch that was meant says, and all values that are allowed."""
    branches = _branches(error)
    if not branches:
        yield _sentence(error.instance_path, error.message)
        return
    meant = min(branches, key=lambda branch: _strangeness(error, branch))
    path = meant[0].instance_path
    allowed = [value for branch in branches for value in _allowed(branch, path)]
    if _allowed(meant, path):
        yield _sentence(path, f"the value is none of {', '.join(map(str, allowed))}")
    else:
        yield from (said for inner in meant for said in _told(inner))


def _allowed(branch: list[ValidationError], path: Sequence[str | int]) -> list[object]:
    """The values that a branch would have taken at this path."""
    found: list[object] = []
    for error in branch:
        if error.instance_path == path and isinstance(error.kind, Kind.Enum):
            found += error.kind.options
        elif error.instance_path == path and isinstance(error.kind, Kind.Constant) and not found:
            found.append(error.kind.expected_value)
    return found


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The branches of a union that failed, each with its errors."""
    if isinstance(error.kind, Kind.AnyOf | Kind.OneOfNotValid):
        return [branch for branch in error.kind.context if branch]
    return []


def _strangeness(error: ValidationError, branch: list[ValidationError]) -> tuple[int, int]:
    """How little a branch was meant: another kind of value, another `type`, then more errors."""
    here = list(error.instance_path)
    other_kind = any(isinstance(e.kind, Kind.Type) and e.instance_path == here for e in branch)
    typed = [*here, "type"]
    other_type = any(e.instance_path == typed for e in branch)
    return 2 * other_kind + other_type, len(branch)


def _sentence(path: Sequence[str | int], complaint: str) -> str:
    """Path and complaint: "data.components[0].label: the value is longer than 80 characters"."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    where = "".join(steps).removeprefix(".") or "body"
    return f"{where}: {complaint}"[:LONGEST_SENTENCE]
