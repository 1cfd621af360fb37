"""Prompts from a file: lines of text, the miniature's questions, PartiPrompts' table, COCO's captions.

A file is read as a stream and may have a million lines; which prompts are taken depends on
their words alone (the smallest hashes), so the same file gives the same ones in any order.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

import msgspec

from stylus_engine.errors import BadEvaluation
from stylus_engine.model import LIMITS
from stylus_engine.model.noun import Noun
from stylus_engine.opening import opened

Stated = tuple[tuple[str, ...], ...]


class Ask(Noun, frozen=True, kw_only=True):
    """One prompt and what is known about it. Of each entry of `needs` one card is wanted."""

    id: str
    prompt: str
    part: str = ""
    kind: str = ""
    category: str = ""
    needs: Stated = ()
    truth: dict[str, str] = msgspec.field(default_factory=dict[str, str])

    @property
    def needy(self) -> bool:
        """Whether it is known to need an adapter."""
        return bool(self.needs)

    @property
    def stated(self) -> bool:
        """Whether anybody said what it needs, nothing perhaps; of a bare prompt nobody did."""
        return bool(self.part or self.truth or self.needs)


class Questions(NamedTuple):
    """What a file gave; `same` lines stood there before, `long` ones are over the limit of a prompt."""

    asks: tuple[Ask, ...]
    same: int = 0
    long: int = 0


class _Caption(msgspec.Struct, frozen=True):
    id: int
    caption: str


class _Coco(msgspec.Struct, frozen=True):
    annotations: list[_Caption]


def read(path: Path, most: int, part: str = "", kind: str = "") -> Questions:
    """At most `most` different prompts, of this part and kind where they are known. Raises `BadEvaluation`."""
    seen: set[bytes] = set()
    counts = {"same": 0, "long": 0}
    fitting = (ask for ask in _stream(path) if part in {"", ask.part} and kind in {"", ask.kind})
    try:
        asks = nsmallest(most, _fresh(fitting, seen, counts), key=lambda ask: _hash(ask.prompt))
    except OSError as error:
        raise BadEvaluation(path=str(path), why=error.strerror or str(error)) from error
    if not asks:
        which = " ".join(filter(None, ("no", part, kind, "prompt")))
        raise BadEvaluation(path=str(path), why=f"there is {which} in it")
    if twice := [one for one, count in Counter(ask.id for ask in asks).items() if count > 1]:
        raise BadEvaluation(path=str(path), why=f"two prompts in it have the id {twice[0]}")
    return Questions(tuple(asks), counts["same"], counts["long"])


def _fresh(asks: Iterable[Ask], seen: set[bytes], counts: dict[str, int]) -> Iterator[Ask]:
    for ask in asks:
        name = _hash(" ".join(ask.prompt.casefold().split()))
        if len(ask.prompt) > LIMITS.prompt:
            counts["long"] += 1
        elif name in seen:
            counts["same"] += 1
        else:
            seen.add(name)
            yield ask


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _stream(path: Path) -> Iterator[Ask]:
    readers = {".jsonl": _records, ".tsv": _table, ".json": _captions}
    return readers.get(path.suffix.lower(), _plain)(path)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that hold something, decoded one by one: a bad byte is told with its line."""
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise BadEvaluation(path=str(path), why=f"line {number} is not UTF-8") from error
            if text.strip():
                yield number, text


def _plain(path: Path) -> Iterator[Ask]:
    for number, text in _lines(path):
        yield _ask(path, number, prompt=text.strip())


def _records(path: Path) -> Iterator[Ask]:
    for number, text in _lines(path):
        try:
            yield msgspec.json.decode(text, type=Ask)
        except msgspec.MsgspecError as error:
            raise BadEvaluation(path=str(path), why=f"line {number}: {error}") from error


def _table(path: Path) -> Iterator[Ask]:
    """PartiPrompts: a column `Prompt`, perhaps a `Category`."""
    rows = csv.DictReader(
        (text for _, text in _lines(path)), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    if "Prompt" not in (rows.fieldnames or ()):
        raise BadEvaluation(path=str(path), why="its first line names no column «Prompt»")
    for number, row in enumerate(rows, 2):
        if prompt := (row["Prompt"] or "").strip():
            yield _ask(path, number, prompt=prompt, category=row.get("Category") or "")


def _captions(path: Path) -> Iterator[Ask]:
    """COCO: `annotations`, each with an id and a caption. Read whole: it is one value."""
    try:
        with opened(path) as file:
            found = msgspec.json.decode(file.read(), type=_Coco).annotations
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadEvaluation(path=str(path), why=str(error)) from error
    except RecursionError as error:
        raise BadEvaluation(path=str(path), why="it is nested absurdly deep") from error
    for one in found:
        if one.caption.strip():
            yield _ask(path, one.id, prompt=one.caption.strip())


def _ask(path: Path, number: int, prompt: str, category: str = "") -> Ask:
    return Ask(id=f"{path.stem}-{number}", prompt=prompt, category=category)
