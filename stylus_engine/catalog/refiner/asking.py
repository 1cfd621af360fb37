"""One card as a question: what of it is said, how it is fenced, by what it is remembered. Pure but for the fence.

Ids, paths, addresses and authors' names are not in it.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from stylus_engine.catalog.nouns import Example
from stylus_engine.catalog.refiner import budget, rules
from stylus_engine.catalog.refiner.plain import plain
from stylus_engine.catalog.refiner.schema import INSTRUCTIONS, SCHEMA, VERSION
from stylus_engine.catalog.refiner.ways import Way
from stylus_engine.catalog.rows import Known
from stylus_engine.model import Adapter

KEY: Final = "refiner:"  # before the hash by which an answer is remembered
MOST_PICTURES: Final = 10
MOST_PICTURE: Final = 2**20  # bytes; one of 512 px has a tenth of it
MOST_DESCRIPTION: Final = 2400  # characters
MOST_PROMPT: Final = 320
MOST_LIST: Final = 24
MOST_ECHO: Final = 2000  # characters of a bad answer that are shown to the model again
_KINDS: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"RIFF....WEBP", "webp"),
)
Body: TypeAlias = dict[str, object]


class Ask(NamedTuple):
    """What is asked about one card. `pictures` are data URLs; `fence` is another one for each call."""

    text: str
    pictures: tuple[str, ...]
    key: str

    @property
    def tokens(self) -> int:
        """About what it costs to ask, an answer not counted."""
        words = (
            budget.tokens(INSTRUCTIONS) + budget.tokens(self.text) + 400
        )  # the schema, the frame
        return words + budget.PICTURE_TOKENS * len(self.pictures)


class Turn(NamedTuple):
    """An answer that could not be used, and why."""

    said: str
    why: str


def ask(known: Known, pictures: Sequence[bytes], model: str) -> Ask:
    """The question about a card; pictures that are none, or too large, are left out."""
    shown = [picture for picture in pictures[:MOST_PICTURES] if _kind(picture)]
    text = "\n".join(_lines(known))
    digests = [hashlib.sha256(picture).hexdigest() for picture in shown]
    asked = json.dumps([VERSION, INSTRUCTIONS, SCHEMA, model, text, digests])
    key = f"{KEY}{hashlib.sha256(asked.encode('utf-8', 'replace')).hexdigest()}"
    return Ask(text, tuple(map(_data_url, shown)), key)


def body(
    asked: Ask, turns: Sequence[Turn], way: Way, model: str, most: int, fence: Callable[[], str]
) -> Body:
    """The JSON of a chat completion. `most`: tokens of the answer."""
    told: Body = {"model": model, "messages": list(_messages(asked, turns, way, fence()))}
    if way.modern:
        told["max_completion_tokens"] = most
    else:
        told |= {"max_tokens": most, "temperature": 0}
    if way.form == "schema":
        named = {"name": "description", "strict": True, "schema": SCHEMA}
        told["response_format"] = {"type": "json_schema", "json_schema": named}
    elif way.form == "json":
        told["response_format"] = {"type": "json_object"}
    return told


def new_fence() -> str:
    """A word that no card can know."""
    return f"fence-{secrets.token_hex(8)}"


def _messages(asked: Ask, turns: Sequence[Turn], way: Way, fence: str) -> Iterator[Body]:
    yield {"role": "system", "content": INSTRUCTIONS}
    text = (
        f"The fence word is {fence}.\n{fence}\n{asked.text}\n{fence}\n"
        "Describe this adapter as one JSON object."
    )
    if asked.pictures and way.sees:
        shown = ({"type": "image_url", "image_url": {"url": url}} for url in asked.pictures)
        yield {"role": "user", "content": [{"type": "text", "text": text}, *shown]}
    else:
        yield {"role": "user", "content": text}
    for turn in turns:
        yield {"role": "assistant", "content": plain(turn.said, MOST_ECHO) or "(nothing)"}
        again = f"That cannot be used: {turn.why}. Answer again with the one JSON object only."
        yield {"role": "user", "content": again}


def _lines(known: Known) -> Iterator[str]:
    """A line for each thing that is known; no text of a card can begin a line of its own."""
    card = rules.facts(known)
    told = {
        "title": plain(card.name, 120),
        "base model": plain(f"{card.family} {card.base}", 60),
        "kind of file": card.kind,
        "trigger words": _listed(card.triggers),
        "tags": _listed(card.tags),
        "its range of weights": f"{card.weight_low:g} to {card.weight_high:g}",
        "weights in example pictures": _weights(known.examples),
        "description": plain(card.description, MOST_DESCRIPTION),
        "commonest words of its training captions": _captions(known, card),
    }
    yield from (f"{name}: {text}" for name, text in told.items() if text)
    for number, prompt in enumerate(_prompts(known.examples), start=1):
        yield f"prompt of example {number}: {prompt}"


def _listed(texts: Sequence[str]) -> str:
    return "; ".join(filter(None, (plain(text, 80) for text in texts[:MOST_LIST])))


def _captions(known: Known, card: Adapter) -> str:
    """Training tags, where the card has tags of its own: else they are told as its tags."""
    tags = known.probed.tags if known.probed is not None else ()
    return "" if tags == card.tags else _listed(tags)


def _weights(examples: Sequence[Example]) -> str:
    found = [example.weight for example in examples if example.weight is not None]
    return ", ".join(f"{weight:g}" for weight in found[:MOST_LIST])


def _prompts(examples: Sequence[Example]) -> Iterator[str]:
    told = (plain(example.prompt, MOST_PROMPT) for example in examples[:MOST_PICTURES])
    yield from dict.fromkeys(filter(None, told))


def _kind(picture: bytes) -> str:
    """What a picture says it is by its first bytes, "" for what is none or too large."""
    if len(picture) > MOST_PICTURE:
        return ""
    return next((kind for head, kind in _KINDS if re.match(head, picture, re.DOTALL)), "")


def _data_url(picture: bytes) -> str:
    return f"data:image/{_kind(picture)};base64,{base64.b64encode(picture).decode('ascii')}"
