"""What the judge is given and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import NamedTuple

Thing = Mapping[str, object]
"""A JSON object."""

Path = tuple[str | int, ...]
"""Where something stands in a body: ("data", "embeds", 0, "title")."""

MIB = 1 << 20


class Operation(StrEnum):
    """The requests whose bodies are judged; path parameters do not matter here."""

    CALLBACK = "callback"  # POST /interactions/{id}/{token}/callback
    FOLLOWUP = "followup"  # POST /webhooks/{app}/{token}
    WEBHOOK_EDIT = "webhook.edit"  # PATCH /webhooks/{app}/{token}/messages/{id or @original}
    MESSAGE_CREATE = "message.create"  # POST /channels/{id}/messages
    MESSAGE_EDIT = "message.edit"  # PATCH /channels/{id}/messages/{id}
    COMMANDS_PUT = "commands.put"  # PUT  …/commands, global or of one guild
    COMMANDS_CREATE = "commands.create"  # POST …/commands
    COMMANDS_EDIT = "commands.edit"  # PATCH …/commands/{id}
    DM_CREATE = "dm.create"  # POST /users/@me/channels


class MessageFlag(IntFlag):
    """Only the flags that a rule reads."""

    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    COMPONENTS_V2 = 1 << 15


class Upload(NamedTuple):
    """One part `files[n]` of a multipart request; size in bytes."""

    filename: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a body alone does not say.

    Attributes:
        files: the parts `files[n]`, by n.
        message: the message that is edited, or that the pressed component stands on,
            as Discord shows it; None where there is none (a command's answer).
        interaction: type of the interaction that is answered: 2 command, 3 component,
            4 autocomplete, 5 modal; None: not known, its rules are silent.
        focused: type of the option that is being completed: 3 string, 4 integer, 10 number.
        upload_limit: most bytes of one file.
        request_size: bytes of the whole request, 0 where not known.
        commands: what is registered in this scope before the request.
        created_today: commands made in this scope in the last 24 hours.
    """

    files: Mapping[int, Upload] = field(default_factory=dict[int, Upload])
    message: Thing | None = None
    interaction: int | None = None
    focused: int | None = None
    upload_limit: int = 10 * MIB
    request_size: int = 0
    commands: Sequence[Thing] = ()
    created_today: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that Discord would refuse.

    `code` and `status` are Discord's JSON code and the HTTP status; `error` names the kind
    of mistake within 50035 (BASE_TYPE_MAX_LENGTH …); `rule` is who found it.
    """

    path: Path
    error: str
    message: str
    code: int = 50035
    status: int = 400
    rule: str = ""
