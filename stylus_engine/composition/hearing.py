"""A body of bytes as it comes in, as an answer: a stream of events or one JSON object. Pure.

The raw bytes are read and not the client's objects: those trust their server, and turn
HTML into a string and a missing list into None.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

MOST_BYTES = 4 * 2**20  # of one answer; a token of a stream takes about 250
MOST_TEXT = 65_536  # characters; reading looks at no more
MOST_LINE = 2**18  # bytes of one event
BROKE_OFF = "it broke off with an error"
BEGINNING = 4096  # bytes; by these it is told what a body is
MOST_TOLD = 2000  # characters of what an error says
MOST_USED = 10_000_000  # tokens of one call; a server that claims more is not believed

_EVENTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")


class Reply(NamedTuple):
    """What was answered. `fault`: what is wrong with it even before it is read, "" for nothing.

    `odd`: it is no answer of a chat server at all.  `used`: tokens as the server counted
    them, 0 when it did not say.  `status`: of an error that came in a good answer's stead.
    `unsaid`: it was cut off before it began; all its room went into thoughts.
    """

    text: str
    fault: str = ""
    refused: bool = False
    odd: bool = False
    used: int = 0
    status: int = 0
    unsaid: bool = False


class _Part(msgspec.Struct):
    content: object = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Part | None = None
    delta: _Part | None = None
    finish_reason: str | None = None

    @property
    def part(self) -> _Part:
        return self.message or self.delta or _Part()


class _Piece(msgspec.Struct):
    """One of several that some servers make a text of; thoughts are another `type`."""

    type: str = "text"
    text: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    code: int | str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    """A whole completion or one chunk of it."""

    choices: list[_Choice] | None = None
    usage: object = None
    error: object = None


class Hearing:
    """Feed it bytes. `text`: what was said so far; `done`: nothing more will come; `full`: hear no more.

    `stream`: its server says that events come; one that does not say so may send them too.
    """

    def __init__(self, *, stream: bool) -> None:
        self.text = ""
        self.done = False
        self.full = False
        self._stream = stream
        self._rest = bytearray()
        self._size = 0
        self._finish = ""
        self._refusal = ""
        self._fault = ""
        self._status = 0
        self._heard_any = False
        self._used = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        self._size += len(piece)
        self._rest += piece
        if self._size <= BEGINNING + len(piece):
            self._stream = self._stream or bool(_EVENTS.match(self._rest[:BEGINNING]))
        if self._stream:
            for line in self._lines():
                self._line(line)
        if self._size > MOST_BYTES or len(self.text) > MOST_TEXT or self._too_long:
            self._fault = self._fault or "the answer was far too long"
            self.full = True

    def close(self) -> Reply:
        """All that there is. A body that is no completion has a fault and no text."""
        if self._stream:
            self._line(self._last)
        elif not self.full:
            self._completion(bytes(self._rest).removeprefix(BOM_UTF8))
        if not self._heard_any:
            self._fault = self._fault or "it held no answer"
        odd = not self._heard_any and not self.full
        text, wrong = self.text[:MOST_TEXT], self._wrong()
        unsaid = self._finish == "length" and _only_thought(text)
        return Reply(text, wrong, self._refused, odd, self._used, self._status, unsaid)

    @property
    def _refused(self) -> bool:
        return bool(self._refusal) or self._finish == "content_filter"

    @property
    def _last(self) -> bytes:
        """The event that no line break ended, where it is whole; one that was torn says nothing."""
        line = bytes(self._rest).rstrip()
        return line if line.endswith((b"}", b"]")) else b""

    @property
    def _too_long(self) -> bool:
        return self._stream and len(self._rest) > MOST_LINE

    def _lines(self) -> Iterator[bytes]:
        """Whole lines; what is unfinished waits."""
        *whole, rest = re.split(rb"[\r\n]", self._rest)
        self._rest = bytearray(rest)
        yield from map(bytes, whole)

    def _line(self, told: bytes) -> None:
        """Comments, event names and blank lines say nothing to us."""
        line = told.removeprefix(BOM_UTF8).strip()
        if self.done or not line.startswith(b"data:"):
            return
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            self.done = True
        elif data:
            self._completion(data)

    def _completion(self, data: bytes) -> None:
        try:
            found = msgspec.json.decode(data, type=_Completion)
            said = [_text(choice.part.content) for choice in (found.choices or ())[:1]]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._fault = self._fault or "it is no chat completion; is the base_url right?"
            return
        if found.error is not None:
            self._fault, self._status = _told(found.error)
        self._used = _used(found.usage) or self._used
        for choice, text in zip(found.choices or (), said, strict=False):
            self._heard(choice, text)

    def _heard(self, choice: _Choice, text: str) -> None:
        self._heard_any = True
        self.text += text
        self._refusal += choice.part.refusal or ""
        self._finish = choice.finish_reason or self._finish

    def _wrong(self) -> str:
        if self._fault:
            return self._fault
        if self._refused:
            return "the model declined"
        if self._finish == "length":
            return "the answer was cut off; be shorter"
        return "" if self.text.strip() else "the answer was empty"


def _text(content: object) -> str:
    """Raises `msgspec.ValidationError` for what is no text and no pieces of one."""
    if content is None or isinstance(content, str):
        return content or ""
    pieces = msgspec.convert(content, list[_Piece])
    return "".join(piece.text for piece in pieces if piece.type == "text")


def _only_thought(text: str) -> bool:
    """Whether no answer was begun yet."""
    low = text.casefold()
    return "{" not in text or (low.lstrip().startswith("<think") and "</think" not in low)


def _told(error: object) -> tuple[str, int]:
    """What an error says of itself, and its status where it has one."""
    try:
        found = msgspec.convert({"message": error} if isinstance(error, str) else error, _Error)
    except msgspec.ValidationError:
        found = _Error()
    status = found.code if isinstance(found.code, int) and 400 <= found.code <= 599 else 0
    said = found.message[:MOST_TOLD].strip()
    return f"{BROKE_OFF}: {said}" if said else BROKE_OFF, status


def _used(usage: object) -> int:
    """Tokens in and out together, where they are believable."""
    try:
        found = msgspec.convert(usage, _Usage)
    except msgspec.ValidationError:
        return 0
    counts = (found.prompt_tokens, found.completion_tokens)
    return sum(counts) if all(0 <= count <= MOST_USED for count in counts) else 0
