"""One request as a handler sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from playground import verdict
from playground.files import Upload
from playground.journal import complaints
from playground.messages import Message
from playground.play import Play
from playground.posting import Form
from playground.rules import Context, Finding, Operation
from playground.shapes import Answer, Json, Refused, as_json, invalid_form, unknown
from playground.world import Channel, Guild


@dataclass(slots=True)
class Call:
    """`body` is the JSON of the request or of its `payload_json`; None where there was none.

    `notes` collects what the judges said, for the journal; `objections` are what the OpenAPI
    document has against the body.
    """

    play: Play
    method: str
    path: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: object = None
    files: dict[int, Upload] = field(default_factory=dict[int, Upload])
    size: int = 0
    notes: list[Json] = field(default_factory=list[Json])
    operation: Operation | None = None
    objections: list[str] = field(default_factory=list[str])

    # --- what the path names

    def id(self, name: str) -> int:
        """A snowflake of the path. Raises 50035 for anything else."""
        text = self.places[name]
        if not text.isdigit() or len(text) > 20:
            message = f'Value "{text}" is not snowflake.'
            raise invalid_form((name,), "NUMBER_TYPE_COERCE", message)
        return int(text)

    def channel(self) -> Channel:
        found = self.play.world.channels.get(self.id("channel_id"))
        if found is None:
            raise unknown("channel")
        return found

    def guild(self) -> Guild:
        found = self.play.world.guilds.get(self.id("guild_id"))
        if found is None:
            raise unknown("guild")
        return found

    def number(self, name: str, usual: int, least: int, most: int) -> int:
        """A number of the query between two bounds."""
        text = self.query.get(name)
        if text is None:
            return usual
        if not text.isdigit() or not least <= int(text) <= most:
            message = f"int value should be between {least} and {most}."
            raise invalid_form((name,), "NUMBER_TYPE_RANGE", message)
        return int(text)

    def snowflake(self, name: str) -> int | None:
        text = self.query.get(name)
        if text is not None and not text.isdigit():
            message = f'Value "{text}" is not snowflake.'
            raise invalid_form((name,), "NUMBER_TYPE_COERCE", message)
        return None if text is None else int(text)

    # --- the body

    def json(self) -> Json:
        return as_json(self.body)

    def form(self, key: str | None = None) -> Form:
        """The message in the body, or in its part `key`."""
        whole = self.json()
        return Form(as_json(whole.get(key)) if key else whole, self.files)

    def judge(self, context: Context | None = None) -> None:
        """Ask the table of limits, whose words are Discord's, then the document. Raises a refusal."""
        said = self._against_the_rules(context or self.context())
        self.notes += [*verdict.rows(said), *complaints(self.objections)]
        if said:
            raise verdict.refused(said)
        if self.objections:
            raise verdict.refused_by_document(self.objections)

    def _against_the_rules(self, context: Context) -> list[Finding]:
        if self.operation is None:
            return []
        return self.play.verdict.rules(self.operation, self.body, context)

    def context(self, message: Message | None = None, interaction: int | None = None) -> Context:
        return Context(
            files=verdict.sizes(self.files),
            message=self.play.shown(message) if message is not None else None,
            interaction=interaction,
            upload_limit=self.play.mischief.upload_limit,
            request_size=self.size,
        )


Handler: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` with {names}; `majors` are those that have a bucket each; `free` needs no bot token.

    The handler of a route with an `operation` asks the judge itself, when it knows the context.
    """

    method: str
    path: str
    handler: Handler
    majors: tuple[str, ...] = ()
    free: bool = False
    operation: Operation | None = None


def forbidden(message: str = "Missing Permissions", code: int = 50013) -> Refused:
    return Refused(403, code, message)


__all__ = ["Call", "Handler", "Route", "forbidden"]
