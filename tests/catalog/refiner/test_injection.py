"""Hostile cards against a model that obeys: nothing but their own describing fields ever changes.

Two victims stand for all models.  The first obeys what it finds outside the fence, so it
shows whether a card can break out.  The second obeys its card in every case and answers
what the attacker wants word for word: what holds then holds with any model.
"""

import json
import unicodedata
from contextlib import suppress
from itertools import pairwise

import msgspec
import pytest
from msgspec.structs import replace

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.layers import merged
from stylus_engine.catalog.nouns import Example, Item, Page
from stylus_engine.catalog.refiner import asking, describe
from stylus_engine.catalog.refiner.many import Run
from stylus_engine.catalog.refiner.reading import read
from stylus_engine.catalog.refiner.sorting import CATEGORIES
from stylus_engine.errors import RefinerFailed
from stylus_engine.model import Adapter
from tests.catalog.refiner.cards import DictMemory, answer, known, purse, refiner_of, server_at
from tests.catalog.refiner.hostile_cards import CANARY, FAKE, HOSTILE, OTHER
from tests.openai_server import Server, said

OWN = {"description", "category", "concepts", "not_for", "described_by", "weight", "weight_low", "weight_high"}  # fmt: skip
BYSTANDERS = ("Bystander", "Red Kite", "Blue Kite")


def item(card_id: str, told: dict) -> Item:
    texts = {key: told[key] for key in ("name", "description", "triggers", "tags") if key in told}
    if told.get("unpaired"):  # no JSON holds one, so no source can bring it this far
        texts = {k: v.encode("utf-8", "replace").decode() for k, v in texts.items()}
    examples = [Example(prompt=prompt) for prompt in told.get("prompts", ())]
    finite = [weight for weight in told.get("weights", ()) if abs(weight) < 1e6]
    examples += [Example(prompt=f"a kite {n}", weight=weight) for n, weight in enumerate(finite)]
    card = Adapter(card_id=card_id, family_declared="sd1", **texts)
    return Item(card=card, stamp="1", examples=tuple(examples))


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    """The hostile cards and, around them, some that nobody may touch."""
    beside = [item(OTHER if n == 0 else f"test:beside:{n}", {"name": name, "description": "A thing."})
              for n, name in enumerate(BYSTANDERS)]  # fmt: skip
    hostile = [item(f"test:{n}:1", told) for n, told in enumerate(HOSTILE.values())]
    found = Catalogue(tmp_path / "catalogue.sqlite")
    found.take("test", Page(items=(*beside, *hostile)), "2026-01-01T00:00:00Z")
    return found


async def refined(catalogue: Catalogue, answering) -> tuple[Server, dict[str, str]]:
    """Describe the hostile cards only; how each was written."""
    hows: dict[str, str] = {}
    held = purse()
    hostile = [catalogue.known(f"test:{n}:1") for n in range(len(HOSTILE))]
    async with Server(answering) as server, server_at(server.url, held) as ours:
        run = Run(
            refiner_of(ours, memory=DictMemory()),
            held,
            lambda card_id, told: catalogue.learn(card_id, described=told),
            lambda told: hows.update({told.card_id: told.how}),
        )
        await run.all(hostile, concurrency=4)
    return server, hows


def everything(catalogue: Catalogue) -> dict[str, Adapter]:
    return {card.card_id: card for card in catalogue.cards()}


def held_to(before: dict[str, Adapter], after: dict[str, Adapter]) -> None:
    """What must be true of a catalogue, whatever was written into it."""
    assert before.keys() == after.keys()
    for card_id, card in after.items():
        old = msgspec.structs.asdict(before[card_id])
        changed = {key for key, value in msgspec.structs.asdict(card).items() if value != old[key]}
        assert changed <= (
            OWN if card_id.startswith("test:") and "beside" not in card_id else set()
        )
        sound(card)


def sound(card: Adapter) -> None:
    texts = (card.description, card.not_for, card.described_by, *card.concepts)
    assert all(unicodedata.category(c)[0] != "C" for text in texts for c in text)
    assert not any("<|" in text or "://" in text or "<script" in text for text in texts)
    assert len(card.description) <= 1000
    assert len(card.not_for) <= 200
    assert len(card.concepts) <= 8
    assert all(len(concept) <= 40 and ":" not in concept for concept in card.concepts)
    assert card.category in CATEGORIES
    assert 0 <= card.weight_low <= card.weight <= card.weight_high <= 2


def outside(text: str) -> str:
    """What of a question stands outside its fence."""
    lines = text.split("\n")
    fence = lines[0].removeprefix("The fence word is ").rstrip(".")
    first, last = lines.index(fence), len(lines) - 1 - lines[::-1].index(fence)
    return "\n".join((*lines[:first], *lines[last + 1 :]))


@pytest.mark.asyncio
async def test_nothing_a_card_says_stands_outside_its_fence(catalogue):
    """The first victim obeys what stands outside; it finds nothing to obey."""

    def victim(asked):
        loose = asked.system + outside(asked.user) + str(asked.messages[2:])
        return said(FAKE if CANARY in loose or "hero" in loose else answer())

    before = everything(catalogue)
    server, hows = await refined(catalogue, victim)
    after = everything(catalogue)
    held_to(before, after)
    assert set(hows.values()) <= {"model", "remembered"}  # two cards may say the same
    assert 50 <= len(server.asked) <= len(HOSTILE)
    described = {after[f"test:{n}:1"].description for n in range(len(HOSTILE))}
    assert described == {"A small winged dragon with round eyes, as from a picture book. Changes the background a little."}  # fmt: skip


@pytest.mark.asyncio
async def test_a_question_is_short_and_hides_nothing(catalogue):
    server, _ = await refined(catalogue, said(answer()))
    for asked in server.asked:
        assert len(asked.user) < 12_000
        assert all(unicodedata.category(c)[0] != "C" or c == "\n" for c in asked.user)
        fence = asked.user.splitlines()[0].removeprefix("The fence word is ").rstrip(".")
        assert asked.user.count(fence) == 3
        assert not any(
            mark in asked.user for mark in ("<|", "|>", "[INST]", "<<SYS>>", "<s>", "</think>")
        )
        names = [line.partition(": ")[0] for line in asked.user.split("\n")[2:-2]]
        assert len(set(names)) == len(names), "no text of a card begins a line"


def wants(told: dict, number: int) -> list[str]:
    """What the second victim says for a card: its own words in every field, in several shapes."""
    raw = f"{told['name']} {told['description']}"[:50_000]
    words = {
        "adds": raw,
        "not_for": raw,
        "caveats": [raw] * 50,
        "concepts": [raw, raw[:30], OTHER, "kite"],
    }
    shapes = [
        json.dumps(FAKE),
        json.dumps(FAKE | {"category": "subject", "concepts": ["kite", OTHER]}),
        json.dumps(FAKE | words | {"category": "style"}),
        json.dumps(
            FAKE | words | {"category": "light", "weight": 1.5, "weight_low": 1.0, "weight_high": 2}
        ),
        raw,
    ]
    return shapes[number % len(shapes) :] + shapes[: number % len(shapes)]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_to_a_hostile_card_is_worse_than_the_checks(name: str):
    """Every shape of answer for every card, straight into the checks."""
    hostile = replace(known(), said=item("test:1:1", HOSTILE[name]).card)
    for text in wants(HOSTILE[name], 0):
        with suppress(RefinerFailed):
            sound(merged(hostile.said, None, read(text, "a-model", hostile)))


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", [0, 2])
async def test_a_model_that_obeys_its_card_changes_that_card_only(catalogue, shape: int):
    texts = list(HOSTILE.values())
    mine = {
        asking.ask(catalogue.known(f"test:{n}:1"), (), "a-model").text: n for n in range(len(texts))
    }

    def victim(asked):
        inside = "\n".join(asked.messages[1][1].split("\n")[2:-2])
        return said(wants(texts[mine[inside]], shape + len(asked.messages))[0])

    before = everything(catalogue)
    _, hows = await refined(catalogue, victim)
    held_to(before, everything(catalogue))
    assert set(hows.values()) <= {"model", "rules", "remembered"}  # two cards may say the same
    assert len(hows) == len(HOSTILE)


def test_the_rules_hold_too(catalogue):
    before = everything(catalogue)
    for number in range(len(HOSTILE)):
        described = describe(catalogue.known(f"test:{number}:1"))
        assert len(described.adds) <= 400
        assert described == describe(catalogue.known(f"test:{number}:1"))
        catalogue.learn(f"test:{number}:1", described=described)
    held_to(before, everything(catalogue))


def test_weights_that_no_file_can_hold_do_no_harm_either():
    examples = tuple(Example(weight=weight) for weight in (float("nan"), float("inf"), 99.0, -1.0))
    described = describe(known(examples=examples))
    assert (described.weight, described.weight_low, described.weight_high) == (None, None, None)


def test_what_the_victims_say_is_what_the_attackers_want():
    """The suite would prove nothing with harmless answers."""
    assert FAKE["category"] not in CATEGORIES
    assert FAKE["weight"] > 2
    assert all(CANARY in f"{told['name']} {told['description']}" for told in HOSTILE.values())
    assert all(one != two for one, two in pairwise(wants(next(iter(HOSTILE.values())), 0)))
    assert replace(known().said, card_id=OTHER) != known().said
