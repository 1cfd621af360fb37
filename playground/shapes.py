"""What crosses the wire: JSON objects, refusals, answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = dict[str, Any]


def is_json(value: object) -> TypeGuard[Json]:
    """Whether a value from outside is an object; JSON's keys are always text."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def as_json(value: object) -> Json:
    """A copy of an object from outside; an empty one when it is none."""
    return dict(value) if is_json(value) else {}


def as_list(value: object) -> list[Any]:
    """A copy of a list from outside; an empty one when it is none."""
    return list(value) if is_list(value) else []


class Refused(Exception):
    """Discord says no: an HTTP status, its own code, a sentence, and where in the form."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: Json | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.body: Json = {"message": message, "code": code, **(extra or {})}
        if errors is not None:
            self.body["errors"] = errors


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `body` None is an empty one."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


NO_CONTENT = Answer(204)


def invalid_form(path: tuple[str | int, ...], error: str, message: str) -> Refused:
    """50035 with one complaint at `path`."""
    errors: Json = {"_errors": [{"code": error, "message": message}]}
    for step in reversed(path):
        errors = {str(step): errors}
    return Refused(400, 50035, "Invalid Form Body", errors=errors)


UNKNOWN = {
    "channel": (10003, "Unknown Channel"),
    "guild": (10004, "Unknown Guild"),
    "message": (10008, "Unknown Message"),
    "user": (10013, "Unknown User"),
    "webhook": (10015, "Unknown Webhook"),
    "interaction": (10062, "Unknown interaction"),
    "command": (10063, "Unknown application command"),
}


def unknown(what: str) -> Refused:
    """404 in Discord's words for a thing that is not there."""
    code, message = UNKNOWN[what]
    return Refused(404, code, message)
