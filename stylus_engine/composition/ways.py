"""How a server wants to be asked, found out once: schema -> JSON mode -> plain words, streamed or not, how much. Pure.

What a server says of its refusal chooses the step where it tells; silence walks down the
forms.  A way counts as found when an answer came back on it.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Form: TypeAlias = Literal["schema", "json", "plain"]
FORMS: Final[tuple[Form, ...]] = ("schema", "json", "plain")
ABOUT_ASKING: Final = frozenset({400, 406, 415, 422, 501})  # statuses that may mean: ask otherwise
LEAST_ROOM: Final = 600  # tokens; a smaller question holds hardly an adapter beside its rules
ANSWER: Final = 300  # tokens; what is kept for an answer
_TOKENS = re.compile(r"([0-9]{1,7}) tokens", re.IGNORECASE)
_OF_ROOM = re.compile(
    r"context (?:size|length|window|limit)|context_length|prompt is too long|max_new_tokens"
    r"|reduce (?:the length|the size|your message)|too many (?:input )?tokens"
    r"|(?:request|entity|content|payload) too large",
    re.IGNORECASE,
)
_OF_USAGE = re.compile(r"stream_options|include_usage", re.IGNORECASE)
_OF_STREAM = re.compile(r"stream", re.IGNORECASE)
_OF_NUMBERS = re.compile(r"max_tokens|max_completion_tokens|temperature", re.IGNORECASE)
_OF_FORM = re.compile(r"response_format|json_schema|json_object|schema|grammar", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Way:
    """`modern`: `max_completion_tokens` and no temperature, as reasoning models want it.

    `counts`: ask for the usage at the end of a stream.  `room`: tokens of a question, 0 =
    as many as it has; a server of one's own often has few thousand, shared by all who ask.
    `thinks`: the answer has room for thoughts, without which some never begin it.
    """

    form: Form = "schema"
    streams: bool = True
    counts: bool = True
    modern: bool = False
    room: int = 0
    thinks: bool = False

    @property
    def thoughtful(self) -> bool:
        """Whether an answer is given room for thoughts."""
        return self.modern or self.thinks


def lower(way: Way, complaint: str) -> Way | None:
    """The next way to try after a server refused this one; None when there is none."""
    if _OF_USAGE.search(complaint) and way.counts:
        return replace(way, counts=False)
    if _OF_NUMBERS.search(complaint) and not way.modern:
        return replace(way, modern=True)
    if _OF_FORM.search(complaint) and way.form != FORMS[-1]:
        return _plainer(way)
    if _OF_STREAM.search(complaint) and way.streams:
        return replace(way, streams=False)
    if way.form != FORMS[-1]:
        return _plainer(way)
    return replace(way, form=FORMS[0], streams=False) if way.streams else None


def narrower(way: Way, complaint: str, asked: int) -> Way | None:
    """The same with less than was asked (tokens), where a server had no room for that; else None.

    Its own number counts where it tells one, an answer's room taken off.  A question that
    is longer than its room already cannot become shorter.
    """
    told = [int(number) for number in _TOKENS.findall(complaint)]
    small = min([asked * 3 // 4, *(number - ANSWER for number in told if number > ANSWER)])
    stuck = 0 < way.room < asked
    return replace(way, room=small) if small >= LEAST_ROOM and not stuck else None


def full(complaint: str) -> bool:
    """Whether a refusal is about how long a question was."""
    return bool(_OF_ROOM.search(complaint))


def tells(complaint: str) -> bool:
    """Whether a refusal is about how a server was asked, and not about itself being ill."""
    patterns = (_OF_ROOM, _OF_USAGE, _OF_NUMBERS, _OF_FORM, _OF_STREAM)
    return any(pattern.search(complaint) for pattern in patterns)


def _plainer(way: Way) -> Way:
    return replace(way, form=FORMS[FORMS.index(way.form) + 1])
