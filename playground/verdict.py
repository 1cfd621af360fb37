"""The two judges: our own table of limits, and Discord's OpenAPI document where it lies."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from playground import rules
from playground.files import Upload
from playground.journal import Journal, complaints
from playground.rules import Context, Finding, Operation
from playground.shapes import Json, Refused, as_json, invalid_form, is_json, is_list

if TYPE_CHECKING:
    from playground.openapi import Spec

PREFIX = "/api/v10"
REFUSED = 400


def opened(document: Path | None) -> "Spec | None":
    """The OpenAPI judge; None without a document."""
    if document is None:
        return None
    from playground.openapi import Spec

    return Spec(document)


class Verdict:
    """Asks both; what they say of a request refuses it, what they say of us is written down."""

    def __init__(self, spec: "Spec | None", journal: Journal) -> None:
        self.spec = spec
        self.journal = journal

    def rules(self, operation: Operation, body: object, context: Context) -> list[Finding]:
        return rules.judge(operation, body, context)

    def request(self, method: str, path: str, body: object, content_type: str) -> list[str]:
        if self.spec is None:
            return []
        asked = _numbered_rights(body)
        return self.spec.request(method, path.removeprefix(PREFIX), asked, content_type)

    def answer(self, method: str, path: str, status: int, body: object) -> list[str]:
        if self.spec is None:
            return []
        told = _without_form_errors(body) if status >= REFUSED else _as_replies(body)
        return self.spec.response(method, path.removeprefix(PREFIX), status, told)

    def event(self, name: str, data: Json) -> None:
        """Judge the objects inside a gateway event; complaints are ours to mend."""
        if self.spec is None:
            return
        said = [
            f"{schema}: {sentence}"
            for schema, thing in _objects(name, data)
            for sentence in self.spec.schema(schema, _as_replies(thing))
        ]
        if said:
            row: Json = {"direction": "event", "method": "WS", "path": name, "status": 0}
            self.journal.write({**row, "body": data, "findings": complaints(said)})


def _numbered_rights(body: object) -> object:
    """The document wants `default_member_permissions` as a number; Discord's docs send text, it takes both."""
    if is_list(body):
        return [_numbered_rights(command) for command in body]
    if not is_json(body) or not str(body.get("default_member_permissions") or "").isdigit():
        return body
    return body | {"default_member_permissions": int(body["default_member_permissions"])}


def _without_form_errors(body: object) -> object:
    """The document wants numbers as codes of form errors; Discord says words (BASE_TYPE_…)."""
    return {k: v for k, v in body.items() if k != "errors"} if is_json(body) else body


def _as_replies(body: object) -> object:
    """The document knows references to answered messages alone (0); Discord refers to forwarded ones with 1."""
    if is_list(body):
        return [_as_replies(each) for each in body]
    if not is_json(body) or "message_snapshots" not in body:
        return body
    return body | {"message_reference": as_json(body["message_reference"]) | {"type": 0}}


def refused(findings: list[Finding]) -> Refused:
    """The rules' findings in Discord's words."""
    status, body = rules.refusal(findings)
    told = dict(body)
    code, message = told.pop("code"), told.pop("message")
    return Refused(status, int(str(code)), str(message), extra=told)


def refused_by_document(said: list[str]) -> Refused:
    return invalid_form(("_openapi",), "OPENAPI", "; ".join(said))


def rows(findings: list[Finding]) -> list[Json]:
    """Findings as the journal keeps them."""
    return [
        {"code": found.code, "message": found.message, "path": list(found.path)}
        for found in findings
    ]


def sizes(files: Mapping[int, Upload]) -> dict[int, rules.Upload]:
    return {n: rules.Upload(file.filename, len(file.data)) for n, file in files.items()}


Objects = list[tuple[str, object]]


def _objects(event: str, data: Json) -> Objects:
    """Which parts of an event the document has a schema for."""
    read = READERS.get(event)
    return read(data) if read else []


def _of_ready(data: Json) -> Objects:
    return [("UserPIIResponse", data["user"])]


def _of_guild(data: Json) -> Objects:
    found: Objects = [("GuildResponse", data)]
    found += [("GuildRoleResponse", role) for role in data["roles"]]
    found += [("GuildMemberResponse", member) for member in data["members"]]
    found += [("ThreadResponse", thread) for thread in data["threads"]]
    return found + [("GuildChannelResponse", channel) for channel in data["channels"]]


def _of_thread(data: Json) -> Objects:
    return [("ThreadResponse", data)]


def _of_message(data: Json) -> Objects:
    return [("MessageResponse", data)]


def _of_interaction(data: Json) -> Objects:
    found: Objects = []
    if "member" in data:
        found.append(("GuildMemberResponse", data["member"]))
        below = "thread_metadata" in data["channel"]
        found.append(("ThreadResponse" if below else "GuildChannelResponse", data["channel"]))
    else:
        found.append(("UserResponse", data["user"]))
        found.append(("PrivateChannelResponse", data["channel"]))
    if "message" in data:
        found.append(("MessageResponse", data["message"]))
    resolved = data.get("data", {}).get("resolved", {})
    found += [("UserResponse", user) for user in resolved.get("users", {}).values()]
    found += [("MessageResponse", each) for each in resolved.get("messages", {}).values()]
    files = resolved.get("attachments", {}).values()
    return found + [("MessageAttachmentResponse", each) for each in files]


READERS: dict[str, Callable[[Json], Objects]] = {
    "READY": _of_ready,
    "GUILD_CREATE": _of_guild,
    "THREAD_UPDATE": _of_thread,
    "MESSAGE_CREATE": _of_message,
    "MESSAGE_UPDATE": _of_message,
    "INTERACTION_CREATE": _of_interaction,
}
