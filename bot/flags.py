"""Flags that people type into a prompt by habit: `--ar 3:2 --no text --seed 7 --count 2 --cfg 5`.

Phones turn two hyphens into one long dash and straight quotes into curly ones;
both are understood.  What is not understood stays in the prompt, word for word; `unread`
finds it there, so that it can be told.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from stylus_engine.model import LIMITS
from stylus_engine.planning.words import ADAPTERS, SETTINGS

LONGEST_SIDE = 3  # an aspect beyond 3:1 is not understood: no checkpoint draws it well
_DASH = "‐‑‒–—―−﹘﹣－"
# What other programs write beneath a picture is read as if it had dashes: `Negative prompt: …`, `Steps: 20, …`.
_LABEL = rf"(?=(?i:negative prompt\s*:)|{SETTINGS})"
_FLAG = re.compile(
    rf"(?<!\S)(?:-[-{_DASH}]|[{_DASH}][-{_DASH}]?|{_LABEL})([A-Za-z]+)(?i:(?<=negative) prompt)?(?=$|[\s=:])"
)
# Adapters and weights in a prompt, as other programs read them: `<lora:name:0.8>`, `(red dragon:1.3)`.
_SYNTAX = re.compile(rf"{ADAPTERS}|\([^()<>]{{0,100}}[^()<>0-9]:(?:[0-2](?:\.[0-9]+)?|\.[0-9]+)\)")
_LEAD = re.compile(r"[\s=:]*")
_WORD = re.compile(r"\S+")
_VALUE = re.compile(r"[\s=:]*(\S+)")
_QUOTED = re.compile('["\'“”„‟‘’‚«»]([^"“”„‟‘’‚«»]*)["\'“”„‟‘’«»]')
_ASPECT = re.compile(r"([0-9]{1,2})[:x×/∶]([0-9]{1,2})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}")
_GUIDANCE = re.compile(r"[0-9]{1,3}([.,][0-9]{1,3})?")
NAMES = {
    "ar": "aspect", "aspect": "aspect", "no": "negative", "negative": "negative",
    "seed": "seed", "count": "count", "n": "count",
    "guidance": "guidance", "cfg": "guidance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without its flags, and what they said; None = not said.

    `understood` are flags as they were typed.  Whether a `guidance` is too large, the
    request says.
    """

    prompt: str
    aspect: str | None = None
    negative: str | None = None
    seed: int | None = None
    count: int | None = None
    guidance: float | None = None
    understood: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What has been read so far; a flag that is said twice counts as it was said last."""

    kept: list[str] = field(default_factory=list[str])
    said: dict[str, str] = field(default_factory=dict[str, str])
    understood: list[str] = field(default_factory=list[str])


def read(text: str, *, most_count: int = 4) -> Flags:
    """Take the flags out of `text`. Never raises; a text without flags comes back as it is."""
    found = _found(text)
    if not found:
        return Flags(prompt=text)
    reading = _Reading(kept=[text[: found[0][0].start()]])
    for mark, tail in found:
        _take(mark, tail, reading, most_count)
    return _flags(reading)


def unread(prompt: str) -> tuple[str, ...]:
    """The flags that stand in a prompt which was read, as they were typed: nobody understood them.

    With what was said to those that have a name here (`--ar 9:1`), with a number to others.
    Then adapters and weights in other programs' syntax.
    """
    found = ((mark, _said(mark, tail)) for mark, tail in _found(prompt))
    told = (mark[0] + said for mark, said in found if said or not _dashed(mark))
    return (*told, *(each[0] for each in _SYNTAX.finditer(prompt)))


def _dashed(mark: re.Match[str]) -> bool:
    """Whether it may be prose ("a knight –brave and bold"): one dash, other than phones make of two hyphens."""
    return len(mark[0]) == len(mark[1]) + 1 and mark[0][0] != "—"


def _said(mark: re.Match[str], tail: str) -> str:
    word = _VALUE.match(tail)
    plain = word[1].rstrip(",.;") if word else ""
    mine = mark[1].lower() in NAMES or plain[:1].isdecimal()
    return f" {plain}" if plain and mine else ""


def _found(text: str) -> list[tuple[re.Match[str], str]]:
    """Each flag with all that stands behind it up to the next one."""
    marks = list(_FLAG.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [(mark, text[mark.end() : end]) for mark, end in zip(marks, ends, strict=False)]


def _take(mark: re.Match[str], tail: str, reading: _Reading, most_count: int) -> None:
    """One flag with all that stands behind it up to the next one."""
    name = NAMES.get(mark[1].lower())
    lead = _LEAD.match(tail)
    behind = tail[lead.end() :] if lead else tail
    value, rest = _split(name, behind)
    meant = _meaning(name, value, most_count)
    if name is None or meant is None:
        reading.kept.append(mark[0] + tail)
        return
    before = f"{reading.said[name]}, " if name == "negative" and name in reading.said else ""
    reading.said[name] = before + meant
    reading.understood.append(f"{mark[0]} {value}")
    reading.kept.append(rest)


def _split(name: str | None, behind: str) -> tuple[str, str]:
    """A flag's own words, and those that belong to the prompt again.

    `--no` takes everything up to the next flag, unless quotes say where it ends.
    """
    if quoted := _QUOTED.match(behind):
        return quoted[1].strip(), behind[quoted.end() :]
    if name == "negative":
        return behind.strip(), ""
    word = _WORD.match(behind)
    return (word[0], behind[word.end() :]) if word else ("", behind)


def _meaning(name: str | None, value: str, most_count: int) -> str | None:
    """The value in its plain form, None when it says nothing."""
    plain = unicodedata.normalize("NFKC", value).strip(" ,.;")
    if name == "aspect":
        return aspect(plain)
    if name == "negative":
        return value.strip(" ,;") or None
    if name == "guidance":
        return plain.replace(",", ".") if _GUIDANCE.fullmatch(plain) else None
    low, high = (1, most_count) if name == "count" else (0, LIMITS.seed)
    return plain if _NUMBER.fullmatch(plain) and low <= int(plain) <= high else None


def aspect(text: str) -> str | None:
    """`3:2`, `3x2` or `3/2` as `3:2`; None for anything else, and beyond `LONGEST_SIDE`."""
    found = _ASPECT.fullmatch(text)
    if not found:
        return None
    wide, high = int(found[1]), int(found[2])
    if not (0 < wide <= LONGEST_SIDE * high and 0 < high <= LONGEST_SIDE * wide):
        return None
    return f"{wide}:{high}"


def _flags(reading: _Reading) -> Flags:
    said = reading.said
    pieces = (piece.strip() for piece in reading.kept)
    return Flags(
        prompt=" ".join(piece for piece in pieces if piece),
        aspect=said.get("aspect"),
        negative=said.get("negative"),
        seed=int(said["seed"]) if "seed" in said else None,
        count=int(said["count"]) if "count" in said else None,
        guidance=float(said["guidance"]) if "guidance" in said else None,
        understood=tuple(reading.understood),
    )
