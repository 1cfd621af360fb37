"""Recall against exact search, and policy as part of the question."""

import asyncio

import numpy as np
import pytest

from stylus_engine.model import Licence, Policy, Query
from stylus_engine.planning.concepts import concepts
from stylus_engine.retrieval import building, rows
from stylus_engine.retrieval import index as index_room
from stylus_engine.retrieval import retriever as retriever_room
from stylus_engine.retrieval.fusion import Pair, chosen, clusters, fused
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import (
    ABSENT,
    IndexRetriever,
    NoRetriever,
    PaperRetriever,
)
from stylus_engine.retrieval.where import allowed
from tests.retrieval.fakes import FAMILY, WordEmbedder, build, card

pytestmark = pytest.mark.asyncio
WORDS = [
    "dragon",
    "robot",
    "castle",
    "snail",
    "rocket",
    "teapot",
    "sunset",
    "storm",
    "neon",
    "chalk",
    "mosaic",
    "woodcut",
]
OPEN = Licence(name="CC0", commercial=True)


def shelf():
    """500 cards of which 3 are allowed: the others fail one clause each."""
    flaws = (
        {"family_declared": "sdxl"}, {"family_detected": "sd1"}, {"rating": "r"}, {"minor": True},
        {"real_person": True}, {"health": "quarantined"}, {"path": None}, {"kind": "ia3"}, {"kind": "embedding", "tags": ("negative",)},
        {"kind": "ia3"}, {"kind": "oft"}, {"kind": "glora"}, {"kind": "full"},
        {"kind": "unsupported"}, {"category": "speed"},
    )  # fmt: skip
    good = [card(n, f"{WORDS[n]} good", licence=OPEN) for n in range(3)]
    bad = [card(n, WORDS[n % 12], **flaws[n % len(flaws)]) for n in range(3, 500)]
    return [*good, *bad]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    index = CardIndex(tmp_path_factory.mktemp("index"), WordEmbedder())
    asyncio.run(build(index, shelf()))
    return index


def ask(prompt, **fields):
    return Query(prompt=prompt, concepts=concepts(prompt), family=FAMILY, **fields)


async def test_three_allowed_of_five_hundred_are_three_not_starved(index):
    found = await IndexRetriever(index).recall(ask("chalk mosaic woodcut storm neon"))
    assert {c.adapter.card_id for c in found} == {"test:0:1", "test:1:1", "test:2:1"}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"banned": ("test:0:1",)}, {"test:1:1", "test:2:1"}),
        ({"policy": Policy(commercial_only=True)}, {"test:0:1", "test:1:1", "test:2:1"}),
        ({"pinned": ("test:3:1", "test:5:1", "test:6:1")}, {"test:0:1", "test:1:1", "test:2:1"}),
        ({"banned": ("' OR 1=1 --", "x' OR 'a'='a")}, {"test:0:1", "test:1:1", "test:2:1"}),
    ],
)
async def test_policy_bans_and_hostile_ids(index, fields, left):
    found = await IndexRetriever(index).recall(ask("a dragon and a robot", **fields))
    assert {c.adapter.card_id for c in found} == left


async def test_no_flawed_card_passes_under_any_policy(index):
    query = ask("dragon robot castle", policy=Policy(most_rating="x"))
    view = await index.view()
    numbers = await view.among(tuple(c.card_id for c in shelf()), allowed(query))
    answer = (await view.told(numbers)).values()
    passed = {row.card_id for row in answer}
    by_rating = {c.card_id for c in shelf() if c.rating == "r"}
    assert passed == {"test:0:1", "test:1:1", "test:2:1"} | by_rating
    assert all(row.card for row in answer)


async def test_another_family_sees_only_its_own(index):
    found = await IndexRetriever(index).recall(
        Query(prompt="dragon", concepts=(), family="sdxl", k=40)
    )
    assert found
    assert {c.adapter.family for c in found} == {"sdxl"}


async def test_dense_equals_exact_search_and_similarity_is_the_cosine(tmp_path):
    embedder = WordEmbedder()
    rng = np.random.default_rng(0)
    cards = [card(n, " ".join(rng.choice(WORDS, 3))) for n in range(300)]
    index = CardIndex(tmp_path, embedder)
    await build(index, cards)
    questions = await embedder.embed(["dragon at sunset", "neon mosaic", "a storm"])
    exact = questions @ (await embedder.embed([rows.text_of(c) for c in cards])).T
    view = await index.view()
    answer = await view.dense(questions, allowed(ask("x")), 40)
    for numbers, scores in zip(answer, exact, strict=True):
        found = (await view.told(numbers)).values()
        got = sorted((float(scores[int(row.card_id.split(":")[1])]) for row in found), reverse=True)
        assert np.allclose(got, np.sort(scores)[::-1][:40], atol=1e-5)  # recall@40 = 1, ties aside
    for c in await IndexRetriever(index).recall(ask("dragon at sunset")):
        near = await embedder.embed([c.concept or "dragon at sunset", rows.text_of(c.adapter)])
        assert c.similarity == pytest.approx(float(near[0] @ near[1]), abs=1e-5)


@pytest.mark.parametrize("wide", [2000, 60])
async def test_a_coarse_index_finds_what_exact_search_finds_under_any_policy(
    tmp_path, monkeypatch, wide
):
    """With 60 the rare family starves at first, and is asked for once more with policy inside."""
    monkeypatch.setattr(building, "MANY", 500)
    monkeypatch.setattr(building, "HUGE", 500)
    monkeypatch.setattr(index_room, "WIDE", wide)
    embedder, rng = WordEmbedder(dimensions=256), np.random.default_rng(0)
    rare = [{"family_declared": "sdxl"} if n % 25 == 0 else {} for n in range(1500)]
    cards = [card(n, " ".join(rng.choice(WORDS, 3)), **fields) for n, fields in enumerate(rare)]
    index = CardIndex(tmp_path, embedder)
    await build(index, cards)
    questions = await embedder.embed(["dragon at sunset", "neon mosaic", "a storm"])
    exact = questions @ (await embedder.embed([rows.text_of(c) for c in cards])).T
    view, shares = await index.view(), []
    for family in (FAMILY, "sdxl"):
        query = Query(prompt="x", concepts=(), family=family)
        mine = [c.family == family for c in cards]
        for numbers, scores in zip(
            await view.dense(questions, allowed(query), 20), exact, strict=True
        ):
            found = await view.told(numbers)
            got = [float(scores[int(found[n].card_id.split(":")[1])]) for n in numbers]
            assert {found[n].card.family for n in numbers} == {family}
            best = np.sort(scores[mine])[::-1][:20]
            assert len(got) == 20
            assert np.allclose(got, sorted(got, reverse=True), atol=1e-5)
            shares.append(np.mean(np.array(got) >= best[-1] - 1e-5))
    assert np.mean(shares) > 0.97


async def test_k_holds_and_every_concept_keeps_its_best(index, tmp_path):
    wide = CardIndex(tmp_path, WordEmbedder())
    await build(wide, [card(n, WORDS[n % 12]) for n in range(240)])
    query = ask("dragon, robot, castle, snail, rocket, teapot", k=8)
    found = await IndexRetriever(wide).recall(query)
    assert len(found) == 8
    assert {c.concept for c in found} >= {"dragon", "robot", "castle", "snail", "rocket", "teapot"}
    assert len({(c.adapter.card_id, c.concept) for c in found}) == 8


async def test_a_name_nobody_can_embed_is_found_by_its_words(tmp_path):
    class Blind(WordEmbedder):
        async def embed(self, texts):
            return await super().embed(["same"] * len(texts))

    index = CardIndex(tmp_path, Blind())
    cards = [card(n, f"filler{n}") for n in range(100)]
    await build(index, [*cards, card(900, "Cross-Stitch", triggers=("usagi_tsukino",))])
    for prompt in ("a cross stitch", "usagi_tsukino on a beach", "crossstitch!"):
        found = await IndexRetriever(index).recall(ask(prompt))
        assert "test:900:1" in {c.adapter.card_id for c in found}, prompt
    again = Query(prompt="dragon, " * 99 + "usagi_tsukino", concepts=(), family=FAMILY)
    found = await IndexRetriever(index).recall(again)
    assert "test:900:1" in {c.adapter.card_id for c in found}


async def test_pinned_is_always_offered_also_without_words(tmp_path):
    index = CardIndex(tmp_path, WordEmbedder())
    await build(index, [card(n, WORDS[n % 12]) for n in range(200)])
    for prompt in ("🐉🔥", "a robot"):
        found = await IndexRetriever(index).recall(ask(prompt, pinned=("test:199:1",), k=3))
        assert "test:199:1" in {c.adapter.card_id for c in found}
        assert len(found) <= 3


async def test_more_pins_than_there_is_room_for_fill_it_and_no_more(tmp_path):
    index = CardIndex(tmp_path, WordEmbedder())
    await build(index, [card(n, WORDS[n % 12]) for n in range(60)])
    pins = tuple(f"test:{n}:1" for n in range(50, 55))
    found = await IndexRetriever(index).recall(ask("a robot", pinned=pins, k=3))
    assert len(found) == 3
    assert {c.adapter.card_id for c in found} <= set(pins)


async def test_look_alikes_share_a_cluster(tmp_path):
    index = CardIndex(tmp_path, WordEmbedder())
    await build(index, [card(0, "dragon"), card(1, "dragon"), card(2, "robot")])
    found = await IndexRetriever(index).recall(ask("a dragon and a robot"))
    cluster = {c.adapter.card_id: c.cluster for c in found}
    assert cluster["test:0:1"] == cluster["test:1:1"] != cluster["test:2:1"]


async def test_the_papers_recall_is_the_whole_prompts_cosine_and_nothing_else(index):
    found = await PaperRetriever(IndexRetriever(index)).recall(ask("a dragon at sunset"))
    whole = [c for c in found if not c.concept]
    assert len(whole) == 3
    assert [c.similarity for c in whole] == sorted((c.similarity for c in whole), reverse=True)


async def test_the_papers_recall_tells_each_card_once_more_for_the_concept_nearest_to_it(
    tmp_path, monkeypatch
):
    """Reckoned here from the vectors; what is pinned is told for its concept however far it is."""
    monkeypatch.setattr(retriever_room, "PAPER_DEPTH", 5)
    embedder, cards = WordEmbedder(), [card(n, f"{word} art") for n, word in enumerate(WORDS)]
    index = CardIndex(tmp_path, embedder)
    await build(index, cards)
    query = ask("a dragon, a storm at sunset", pinned=("test:1:1",))
    spans = [span.text for span in query.concepts]
    asked = await embedder.embed([query.prompt, *spans])
    near = asked @ (await embedder.embed([rows.text_of(c) for c in cards])).T
    best = [int(n) for n in np.argsort(-near[0])[:5]]
    found = await IndexRetriever(index).paper_recall(query)
    whole = [(c.rank, c.adapter.card_id) for c in found if not c.concept]
    assert whole == [(rank, cards[n].card_id) for rank, n in enumerate(best, start=1)]
    parts = [(c.adapter.card_id, c.concept) for c in found if c.concept]
    told = {(cards[n].card_id, spans[int(np.argmax(near[1:, n]))]) for n in {*best, 1}}
    assert 1 not in best
    assert set(parts) == told
    assert len(parts) == len(told)


async def test_base_recalls_nothing():
    assert not await NoRetriever().recall(ask("a dragon"))


async def test_an_adapter_keeps_its_nearest_concept_whatever_else_it_leads():
    leads = [Pair("a", 0, 1, 0.52), Pair("a", 3, 1, 0.48), Pair("a", 2, 1, 0.3)]
    nearest = Pair("a", 1, 2, 0.6)
    kept = chosen([*leads, nearest, Pair("b", 1, 1, 0.67)], 40)
    assert {*leads, nearest} <= set(kept)


async def test_fusion_is_plain_arithmetic():
    assert fused(["a", "b"], ["b", "c"]) == ["b", "a", "c"]
    assert fused([], []) == []
    pairs = [Pair("a", 1, 1, 0.1), Pair("b", 0, 2, 0.9), Pair("b", 0, 3, 0.8)]
    assert [p.card_id for p in chosen(pairs, 2)] == ["b", "a"]
    assert clusters([], np.zeros((0, 4), np.float32)) == {}


async def test_a_card_whose_file_is_not_here_must_be_nearer_to_be_preferred(tmp_path):
    index = CardIndex(tmp_path, WordEmbedder())
    far = {"path": None, "url": "https://hub.example/1"}
    await build(
        index, [card(1, "dragon", **far), card(2, "dragon"), card(3, "dragon sunset", **far)]
    )
    found = {c.adapter.card_id: c for c in await IndexRetriever(index).recall(ask("dragon"))}
    here, away = found["test:2:1"], found["test:1:1"]
    assert here.rank < away.rank
    assert here.similarity - away.similarity == pytest.approx(ABSENT, abs=1e-5)
    everywhere = IndexRetriever(index, present=lambda _: True)
    found = {c.adapter.card_id: c for c in await everywhere.recall(ask("dragon"))}
    assert found["test:1:1"].similarity == pytest.approx(found["test:2:1"].similarity, abs=1e-5)
    near = await IndexRetriever(index).recall(ask("dragon sunset"))
    assert near[0].adapter.card_id == "test:3:1"


async def test_what_a_refiner_found_it_adds_is_searched_by_meaning_and_by_words(tmp_path):
    index = CardIndex(tmp_path, WordEmbedder())
    fillers = [card(n, f"filler{n}") for n in range(60)]
    await build(index, [*fillers, card(900, "xq_v3", concepts=("stained glass", "lead lines"))])
    found = await IndexRetriever(index).recall(ask("stained glass"))
    assert found[0].adapter.card_id == "test:900:1"
    assert "stainedglass" in rows.heads_of(card(900, concepts=("stained glass",))).split()
