"""A catalogue that was brought back from a backup counts on from an earlier number; the index hears it."""

import copy

import pytest

from stylus_engine.model import Query
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from tests.retrieval.fakes import FAMILY, Log, WordEmbedder, card, held

pytestmark = pytest.mark.asyncio


@pytest.fixture
def index(tmp_path):
    return CardIndex(tmp_path / "index", WordEmbedder())


@pytest.mark.parametrize("later", [(7, 8), (3,), (4, 9, 4), (9, 4, 4, 4)])
async def test_a_catalogue_out_of_a_backup_is_followed_anew(index, later):
    """Its numbers go on from an earlier place: as many changes, fewer or more, of the same cards or others."""
    log = Log(card(n) for n in range(5))
    backup = copy.deepcopy(log)
    log.put(card(3, "dragon"), card(4, "fox"), card(5, "owl"))
    await follow(index, log)
    backup.put(*(card(n, f"later {n}") for n in later))
    await follow(index, backup)
    assert await held(index) == sorted(backup.cards())
    query = Query(prompt="owl fox dragon", concepts=(), family=FAMILY)
    found = {each.adapter.name for each in await IndexRetriever(index).recall(query)}
    assert found == {one.name for one in backup.cards().values()}
    assert await follow(index, backup) == 0


async def test_cards_that_change_again_and_go_are_followed_on(index):
    log = Log(card(n) for n in range(30))
    await follow(index, log)
    for again in (log.put, log.put, lambda one: log.remove(one.card_id)):
        again(card(29, "owl"))
        assert await follow(index, log) == 1
