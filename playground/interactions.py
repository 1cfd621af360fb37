"""Interactions: one record each, from the person's press to the dead token."""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from playground.messages import Message
from playground.shapes import Json, unknown
from playground.world import Channel, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 4, 5, 6, 7, 8, 9

State: TypeAlias = Literal["waiting", "answered", "expired"]


@dataclass(slots=True, eq=False)
class Interaction:
    """`original` is the message that @original means; `source` the one that was pressed.

    `loading` is true between a deferral and the first thing that fills it.
    """

    id: int
    kind: int
    made_at: float
    user: User
    channel: Channel
    data: Json
    locale: str
    name: str = ""
    source: Message | None = None
    parent: "Interaction | None" = None
    focused: int | None = None  # type of the option that is being completed
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    state: State = "waiting"
    callback: int | None = None
    original: int | None = None
    loading: bool = False
    modal: Json | None = None
    modal_open: bool = False
    choices: list[Json] | None = None
    error: str | None = None
    token_dead: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, state: State) -> None:
        self.state = state
        self.settled.set()

    def shown(self) -> Json:
        """As people are told of it."""
        body: Json = {"id": str(self.id), "state": self.state, "type": self.callback}
        body |= {"kind": self.kind, "user": str(self.user.id), "channel": str(self.channel.id)}
        if self.modal is not None:
            body["modal"] = self.modal
        if self.original is not None:
            body["message_id"] = str(self.original)
        return body | ({"error": self.error} if self.error else {})


@dataclass(slots=True)
class Interactions:
    """All of them, by id and by token."""

    by_id: dict[int, Interaction] = field(default_factory=dict[int, Interaction])
    by_token: dict[str, Interaction] = field(default_factory=dict[str, Interaction])

    def add(self, interaction: Interaction) -> Interaction:
        self.by_id[interaction.id] = interaction
        self.by_token[interaction.token] = interaction
        return interaction

    def to_answer(self, id_: int, token: str) -> Interaction:
        """Raises 10062 for what is not there."""
        found = self.by_id.get(id_)
        if found is None or not secrets.compare_digest(found.token.encode(), token.encode()):
            raise unknown("interaction")
        return found
