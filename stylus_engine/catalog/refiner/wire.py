"""A chat completion as bytes, taken apart: strict about what is needed, indifferent to the rest. Pure."""

from typing import NamedTuple

import msgspec

from stylus_engine.catalog.refiner.budget import Used
from stylus_engine.errors import SourceOdd

MOST_USED = 10_000_000  # tokens of one call; a server that claims more is not believed


class Reply(NamedTuple):
    """What was answered. `fault`: why it cannot be used, "" when it may be read."""

    text: str
    fault: str
    used: Used


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: object = None


def heard(content: bytes, estimate: Used, source: str) -> Reply:
    """A reply. Raises `SourceOdd` for bytes that are no chat completion."""
    try:
        found = msgspec.json.decode(content, type=_Completion)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = "it is no chat completion; is the base_url right?"
        raise SourceOdd(source=source, why=why) from error
    choice = found.choices[0] if found.choices else _Choice(_Message())
    return Reply(choice.message.content or "", _fault(choice), _used(found.usage, estimate))


def _fault(choice: _Choice) -> str:
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return "refused"
    if choice.finish_reason == "length":
        return "the answer was cut off; be shorter"
    return "" if (choice.message.content or "").strip() else "the answer was empty"


def _used(usage: object, estimate: Used) -> Used:
    """What the server counted, where it is believable; else the estimate."""
    try:
        found = msgspec.convert(usage, _Usage)
    except msgspec.ValidationError:
        return estimate
    counts = (found.prompt_tokens, found.completion_tokens)
    return Used(*counts) if all(0 <= count <= MOST_USED for count in counts) else estimate
