"""The thesaurus against what WordNet says, likeness against what people say, rerankers over a real socket."""

import asyncio
import gzip
import random

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from stylus_engine.errors import BadEmbedder
from stylus_engine.model import Query
from stylus_engine.planning.everyday import EVERYDAY
from stylus_engine.retrieval import meanings as meanings_room
from stylus_engine.retrieval.baselines import PhraseReranker, RandomRetriever, RerankRetriever
from stylus_engine.retrieval.crossing import CrossReranker
from stylus_engine.retrieval.embedder import LocalEmbedder, packaged
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.nouns import packed
from stylus_engine.retrieval.rerank_server import RemoteReranker
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.thesaurus import Thesaurus
from tests.retrieval.fakes import FAMILY, WordEmbedder, build, card

pytestmark = pytest.mark.asyncio
FLOOR = 0.45  # `Floors.meant`
SHELF = (
    card(0, "Storybook Dragon", tags=("dragon", "fantasy creature", "winged dragon")),
    card(1, "Garden Snail", tags=("snail", "shell", "slug")),
    card(2, "Long-neck Dino", tags=("dinosaur", "sauropod", "brontosaurus")),
    card(3, "Cathedral Glass", tags=("stained glass", "leaded glass"), triggers=("stained glass",)),
)
# Two meanings of WordNet's own data.noun and one made person, in its format.
LINES = """\
  1 This software and database is being provided to you
00000001 05 n 01 mollusk 0 000 | soft-bodied invertebrate; "a quoted mollusk"
00000002 05 n 02 snail 0 garden_snail 0 001 @ 00000001 n 0000 | a gastropod with a spiral shell
00000003 18 n 01 Ada 0 001 @i 00000001 n 0000 | a person
"""
# The index of words names the usual meaning of "snail" last in the file of meanings first.
USUAL = """\
  1 This software and database is being provided to you
snail n 2 1 @ 2 1 00000002 00000001
"""


@pytest.fixture(scope="module")
def local():
    return WordMeanings(LocalEmbedder(), Thesaurus())


async def test_the_thesaurus_says_what_wordnet_says():
    book = Thesaurus()
    assert book.told("whelks")[1].startswith("whelk, seasnail: large carnivorous marine gastropods")
    assert "dinosaur" in book.names("triceratops")
    assert book.knows("Robins")
    assert not book.knows("dragn")
    assert book.told("") == book.told("…") == book.told("猫") == []


@pytest.mark.parametrize(
    ("text", "word", "apart"),
    [("sea lion", "lion", True), ("Komodo dragons", "dragon", True), ("snail mail", "snail", True),
     ("lion cub", "lion", False), ("horse race", "horse", False), ("storm clouds", "storm", False),
     ("horse head", "horse", False), ("volcano island", "volcano", False), ("Volcano Islands", "volcano", True),
     ("paper robot", "robot", False), ("lion", "lion", False), ("", "lion", False)],
)  # fmt: skip
async def test_the_name_of_something_else(text, word, apart):
    """By WordNet: a horsehead is a fish, written in one word, and the Volcano Islands are islands."""
    assert Thesaurus().apart(text, [word]) == apart


async def test_what_a_word_seldom_means_counts_for_nothing():
    """WordNet knows eight meanings of "cat": the third is a woman who gossips, the fifth a whip."""
    book = Thesaurus()
    assert [told.split(":")[0] for told in book.told("cat")] == [
        "cat, true cat, feline",
        "guy, cat, hombre, man",
        "cat, gossip, woman",
    ]
    assert {"gossip", "whip"} & book.names("cat") == {"gossip"}
    assert not book.apart("cat", ["gossip"])
    assert book.apart("cat", ["whip"])


async def test_nothing_is_apart_from_what_it_is_a_kind_of():
    book, rng = Thesaurus(), random.Random(3)
    names = [line.split("|")[0].split(",")[0] for line in book._pages.meanings]
    some = rng.sample([name for name in names if " " in name], 300)
    far = 0
    for name in some:
        kinds = [kind for kind in book.names(name) if kind]
        assert not book.apart(name, [rng.choice(kinds)])
        assert not book.apart(name, ["zyxw", name])
        far += book.apart(name, ["zyxw"])
    assert far > 250


async def test_what_is_packed_is_found_and_persons_are_not(tmp_path):
    (tmp_path / "n.gz").write_bytes(packed(LINES, ""))
    book = Thesaurus(tmp_path / "n.gz")
    assert book.told("garden snails") == [
        "snail, garden snail, mollusk: a gastropod with a spiral shell"
    ]
    assert book.names("snail") == {"snail", "gardensnail", "mollusk"}
    assert not book.knows("Ada")
    assert packed(LINES, "") == packed(LINES, "")
    assert b'"' not in gzip.decompress(packed(LINES, ""))


async def test_the_usual_meaning_comes_first(tmp_path):
    both = LINES.replace("01 mollusk 0 000", "02 mollusk 0 snail 0 000")
    (tmp_path / "n.gz").write_bytes(packed(both, USUAL))
    first, second = Thesaurus(tmp_path / "n.gz").told("snail")
    assert "spiral shell" in first
    assert "invertebrate" in second
    assert Thesaurus().told("star")[0].startswith("star, celestial body")
    assert Thesaurus().told("twins")[0].startswith("twin, sibling")


@pytest.mark.parametrize(
    ("span", "meant"),
    [("wyvern", 0), ("whelk", 1), ("triceratops", 2), ("church glasswork", 3),
     ("cat", None), ("kitten", None), ("glass", None), ("glass of water", None), ("sofa", None), ("forest", None)],
)  # fmt: skip
async def test_a_span_means_the_card_that_people_would_take(local, span, meant):
    row = np.asarray((await local.likeness([span], SHELF))[0])
    assert [n for n in range(len(SHELF)) if row[n] >= FLOOR] == ([] if meant is None else [meant])


async def test_the_stored_everyday_things_are_what_the_embedder_says():
    embedder = LocalEmbedder()
    stored = meanings_room._stored(embedder.name)
    fresh = await embedder.embed(EVERYDAY)
    assert stored is not None
    assert np.abs(stored - fresh).max() < 2e-3
    assert meanings_room._stored("another@1") is None


async def test_many_new_cards_are_not_embedded_at_once():
    embedder = WordEmbedder()
    many = [card(n, f"a{n}", tags=(f"b{n}", f"c{n}")) for n in range(100)]
    words = WordMeanings(embedder, Thesaurus())
    await words.likeness(["thing"], many[:1])
    before = embedder.texts
    row = (await words.likeness(["thing"], many))[0]
    assert embedder.texts - before <= meanings_room.MOST_NEW + 8
    assert len(row) == 100
    assert row[-1] == -1.0
    assert await words.likeness([], many) == []
    assert await words.likeness(["thing"], []) == [[]]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    index = CardIndex(tmp_path_factory.mktemp("index"), WordEmbedder())
    other = [card(n, f"far{n}", family_declared="sdxl") for n in range(50, 60)]
    asyncio.run(build(index, [card(n, f"thing{n} dragon") for n in range(50)] + other))
    return index


def asked(prompt="a dragon", **fields):
    return Query(prompt=prompt, concepts=(), family=FAMILY, **fields)


async def test_lots_are_the_requests_own_and_keep_to_policy(index):
    lots = RandomRetriever(index)
    first, again = [[c.adapter.card_id for c in await lots.recall(asked(seed=4))] for _ in "12"]
    other = [c.adapter.card_id for c in await lots.recall(asked(seed=5))]
    assert first == again != other
    assert all(int(name.split(":")[1]) < 50 for name in first + other)
    pinned = await lots.recall(asked(pinned=("test:7:1", "test:55:1"), banned=("test:8:1",)))
    assert pinned[0].adapter.card_id == "test:7:1"
    assert not {"test:55:1", "test:8:1"} & {c.adapter.card_id for c in pinned}
    assert await lots.recall(Query(prompt="x", concepts=(), family="nobody's")) == ()


class Doors:
    """`POST /v1/rerank` as Jina, Cohere and vLLM document it: the longer a text, the better."""

    def __init__(self, spoil=lambda answer: answer):
        self.bodies, self.spoil = [], spoil
        app = web.Application()
        app.router.add_post("/v1/rerank", self._rerank)
        self.server = TestServer(app)

    async def _rerank(self, request):
        assert request.headers["Authorization"] == "Bearer sesame"
        body = await request.json()
        self.bodies.append(body)
        assert set(body) == {"model", "query", "documents", "top_n", "return_documents"}
        found = [
            {"index": n, "relevance_score": len(t) / 1000} for n, t in enumerate(body["documents"])
        ]
        answer = {"id": "1", "results": sorted(found, key=lambda one: -one["relevance_score"])}
        told = self.spoil(answer)
        if isinstance(told, str):
            return web.Response(text=told, content_type="application/json")
        return web.json_response(told)

    async def __aenter__(self):
        await self.server.start_server()
        return self

    async def __aexit__(self, *_):
        await self.server.close()

    @property
    def reranker(self):
        return RemoteReranker("m", str(self.server.make_url("/v1")), key=lambda: "sesame")


async def test_a_server_ranks_the_nearest_anew(index):
    async with Doors() as doors:
        found = await RerankRetriever(IndexRetriever(index), doors.reranker).recall(asked())
    assert [c.rank for c in found] == list(range(1, 51))
    lengths = [len(c.adapter.name) for c in found]
    assert lengths == sorted(lengths, reverse=True)
    assert len(doors.bodies) == 1
    assert doors.bodies[0]["query"] == "a dragon"


@pytest.mark.parametrize(
    "spoil",
    [lambda _: {}, lambda _: {"results": []}, lambda a: {"results": a["results"] * 2},
     lambda _: {"results": [{"index": 0, "relevance_score": "x"}]}, lambda _: [], lambda _: "{",
     lambda _: "[" * 200_000, lambda _: '{"results": [{"index": 0, "relevance_score": %s}]}' % ("9" * 400)],
)  # fmt: skip
async def test_a_server_that_answers_oddly_is_one_sentence(spoil):
    async with Doors(spoil) as doors:
        with pytest.raises(BadEmbedder):
            await doors.reranker.scores("q", [card(1), card(2)])


async def test_scores_beyond_one_keep_their_order():
    async with Doors(lambda a: {"results": [{**r, "relevance_score": 9.0 - r["index"]} for r in a["results"]]}) as doors:  # fmt: skip
        scores = list(await doors.reranker.scores("q", [card(n) for n in range(5)]))
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= score <= 1 for score in scores)


async def test_a_cross_encoder_reads_question_and_card_together(tmp_path):
    tokens = AutoTokenizer.from_pretrained(packaged(), local_files_only=True)
    shape = BertConfig(vocab_size=len(tokens), hidden_size=16, num_hidden_layers=1,
                       num_attention_heads=2, intermediate_size=16)  # fmt: skip
    shape.num_labels = 1
    BertForSequenceClassification(shape).save_pretrained(tmp_path)
    tokens.save_pretrained(tmp_path)
    scores = await CrossReranker(str(tmp_path)).scores("a dragon", SHELF)
    assert len(scores) == len(SHELF)
    assert all(0 <= score <= 1 for score in scores)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadEmbedder):
        await CrossReranker(str(tmp_path / "empty")).scores("a dragon", SHELF)


async def test_without_a_model_the_nearest_phrase_counts(local):
    scores = await PhraseReranker(LocalEmbedder()).scores("a long sauropod", SHELF)
    assert max(range(len(SHELF)), key=lambda n: scores[n]) == 2
