"""What the tests of the language model's composer share: cards, a menu, answers, a composer on a server."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

from stylus_engine.composition.llm import LlmComposer, Manner
from stylus_engine.composition.speaking import Endpoint, Server
from stylus_engine.model import Adapter, Candidate, Query, Request
from stylus_engine.planning.concepts import concepts
from tests.openai_server import Server as OpenAI

PROMPT = "a Pencil  sketch of a dragon at sunset, without snow"
SHELF = (
    ("Graphite", "style", "Pencil sketch", ("graphite",)),
    ("Wyrm", "subject", "dragon", ("wyrm",)),
    ("Dusk", "light", "sunset", ()),
    ("Winter", "place", "dragon", ("snow",)),
    ("Drake", "subject", "dragon", ()),
)


def card(name, category="subject", **fields):
    known = {"card_id": f"t:{name}:1", "name": name, "family_declared": "f", "category": category,
             "path": "/x", "description": f"Draws {name.lower()}.", "weight_high": 0.9}  # fmt: skip
    return Adapter(**(known | fields))


def candidate(adapter, concept, similarity=0.6, cluster=None):
    return Candidate(
        adapter=adapter,
        concept=concept,
        similarity=similarity,
        rank=1,
        cluster=hash(adapter.card_id) if cluster is None else cluster,
    )


def shelf(prompt=PROMPT):
    """Ids a1 … a5 in the order of `SHELF`."""
    return tuple(
        candidate(card(name, category, triggers=triggers), concept, 0.9 - n / 10)
        for n, (name, category, concept, triggers) in enumerate(SHELF)
    )


def query(prompt=PROMPT, **fields):
    return Query(prompt=prompt, concepts=concepts(prompt), family="f", **fields)


def answer(*tasks):
    """`("dragon", "a2", ("a5", "weaker"))` -> the JSON of an answer."""
    return json.dumps({"tasks": [_task(*task) for task in tasks]})


def _task(concept, *ids):
    pairs = [(one, "usual") if isinstance(one, str) else one for one in ids]
    adapters = [{"id": one, "strength": strength, "why": "suits it"} for one, strength in pairs]
    return {"concept": concept, "adapters": adapters}


GOOD = answer(("pencil sketch", "a1"), ("dragon", "a2", ("a5", "weaker")), ("sunset", "a3"))
WANTED = [("Pencil  sketch", ["Graphite"]), ("dragon", ["Wyrm", "Drake"]), ("sunset", ["Dusk"])]


class Composing:
    """A composer that speaks with `server` through the real client."""

    def __init__(self, server, speaker, composer):
        self.server, self.speaker, self.composer = server, speaker, composer
        self.seconds = 0.0

    def hurry(self, timeout):
        """From now on a plan has so many seconds."""
        self.composer._manner = replace(self.composer._manner, timeout=timeout)

    async def plan(self, prompt=PROMPT, candidates=None, **fields):
        began = time.perf_counter()
        found = shelf() if candidates is None else candidates
        plan = await self.composer.compose(Request(prompt=prompt), query(prompt, **fields), found)
        self.seconds = time.perf_counter() - began
        return plan


@asynccontextmanager
async def composing(answering, traits=None, memory=None, key="", tries=2, **manner):
    async with OpenAI(answering, traits) as server:
        asking: dict = {"timeout": 3.0} | manner
        manner = Manner(**asking)
        endpoint = Endpoint(
            model="a-model", base_url=server.url, timeout=manner.timeout, tries=tries, wait=0.01
        )
        speaker = Server(endpoint, lambda: key)
        try:
            yield Composing(server, speaker, LlmComposer(speaker, "a-model", manner, memory))
        finally:
            await speaker.close()
            await asyncio.sleep(0)


def lit(plan):
    return [(task.concept, [c.adapter.name for c in task.choices]) for task in plan.tasks]


def told(plan):
    return [f"{one.what}: {one.why}" for one in plan.dropped]
