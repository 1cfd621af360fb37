"""Cards to describe, answers to give, and a memory, for the tests of this room."""

import json
from typing import Any

from msgspec.structs import replace

from stylus_engine.catalog.nouns import Example, Probed
from stylus_engine.catalog.refiner.budget import Budget, Prices, Purse
from stylus_engine.catalog.refiner.model import Memory, ModelRefiner
from stylus_engine.catalog.refiner.server import Endpoint, Server
from stylus_engine.catalog.rows import Known
from stylus_engine.model import Adapter
from tests import openai_server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
GOOD = {
    "adds": "A small winged dragon with round eyes, as from a picture book.",
    "category": "subject",
    "concepts": ["storybook dragon", "winged dragon"],
    "not_for": "Photographs.",
    "weight": 0.8,
    "weight_low": 0.6,
    "weight_high": 1.1,
    "caveats": ["Changes the background a little."],
}


def answer(**changes: object) -> str:
    return json.dumps(GOOD | changes)


def known(
    name: str = "Storybook Dragon",
    description: str = "A small winged dragon with horns, as from a picture book.",
    *,
    card_id: str = "test:17:1",
    examples: tuple[Example, ...] = (),
    probed: Probed | None = None,
    **fields: Any,
) -> Known:
    card = Adapter(card_id=card_id, name=name, family_declared="sd1", description=description)
    card = replace(card, **fields)
    return Known(
        card_id=card_id,
        card=card,
        said=card,
        source="test",
        raw=b"{}",
        examples=examples,
        probed=probed,
        described=None,
        checked=None,
    )


def prompted(*prompts: str, weight: float | None = None) -> tuple[Example, ...]:
    return tuple(Example(prompt=prompt, weight=weight) for prompt in prompts)


class DictMemory(dict[str, bytes]):
    """What a catalogue remembers, without a disk."""

    def remembered(self, key: str) -> bytes | None:
        return self.get(key)

    def remember(self, key: str, value: bytes) -> None:
        self[key] = value


def purse(tokens: int = 0, money: float = 0.0, **prices: float) -> Purse:
    return Purse(Budget(tokens=tokens, money=money), Prices(**prices))


def server_at(url: str, held: Purse | None = None, key: str = "sk-test", **changes: Any) -> Server:
    endpoint = Endpoint(model="a-model", base_url=url, timeout=5.0, retries=0)
    return Server(replace(endpoint, **changes), key, held or purse())


def showing(*pictures: bytes):
    async def pictures_of(known: Known):
        return pictures

    return pictures_of


def refiner_of(server: Server, *pictures: bytes, memory: Memory | None = None) -> ModelRefiner:
    return ModelRefiner(server, DictMemory() if memory is None else memory, showing(*pictures))


async def refined(
    answering, *pictures: bytes, traits: openai_server.Traits | None = None, card=None
):
    """What became of one card, and the server it was asked of."""
    async with openai_server.Server(answering, traits) as server, server_at(server.url) as ours:
        return await refiner_of(ours, *pictures).describe(card or known()), server
