"""When an index goes on from where it is, and when writing all of it anew is the shorter way."""

import msgspec
import pytest

from stylus_engine.retrieval import building, following
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.home import POINTER
from stylus_engine.retrieval.index import CardIndex
from tests.retrieval.fakes import Log, WordEmbedder, card, held

pytestmark = pytest.mark.asyncio


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def index(folder):
    return CardIndex(folder, WordEmbedder())


@pytest.mark.parametrize(
    ("chunk", "cards", "changed", "too_far"),
    [(8, 40, 20, True), (2, 40, 8, False), (2, 40, 9, True), (3, 4, 3, False), (3, 4, 4, True)],
)
async def test_too_far_behind_is_a_new_generation_that_keeps_its_vectors(
    index, folder, monkeypatch, chunk, cards, changed, too_far
):
    """Far is more than a chunk, and more than a fifth of the rows: a little index is never far."""
    monkeypatch.setattr(following, "CHUNK", chunk)
    log = Log(card(n) for n in range(cards))
    await follow(index, log)
    before, embedded = (folder / POINTER).read_text(), index.embedder.texts
    log.put(*(msgspec.structs.replace(card(n), popularity=1) for n in range(changed)))
    await follow(index, log)
    assert ((folder / POINTER).read_text() != before) == too_far
    assert index.embedder.texts == embedded
    assert await held(index) == sorted(log.cards())


async def test_an_index_ahead_of_its_cards_is_written_anew(index):
    await follow(index, Log(card(n) for n in range(9)))
    log = Log([card(1)])
    await follow(index, log)
    assert await held(index) == ["test:1:1"]


async def test_an_index_that_is_ahead_and_noted_no_newest_card_is_written_anew(index):
    """As versions before that note wrote it: its number alone tells."""
    await follow(index, Log(card(n) for n in range(9)))
    name = await index.home.current()
    generation = await building.Generation.resume(index.home, name, index.embedder)
    await generation.note(**{building.NEWEST: ""})
    await follow(index, Log([card(1)]))
    assert await held(index) == ["test:1:1"]
