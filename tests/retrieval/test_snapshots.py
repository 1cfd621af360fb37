"""Snapshots: what was can be again, and following goes on from there."""

from datetime import timedelta

import pytest

from stylus_engine.errors import BadText, IndexBroken, IndexMissing, IndexSchema, UnknownName
from stylus_engine.retrieval import building, following, snapshots
from stylus_engine.retrieval.building import Generation
from stylus_engine.retrieval.following import anew, follow
from stylus_engine.retrieval.index import CardIndex, opened
from tests.retrieval.fakes import Log, WordEmbedder, build, card, held

pytestmark = pytest.mark.asyncio


@pytest.fixture
def index(tmp_path):
    return CardIndex(tmp_path / "index", WordEmbedder())


async def compacted(index):
    name = await index.home.current()
    await (await Generation.resume(index.home, name, index.embedder)).compact()


async def test_back_to_what_was_and_forward_again(index):
    log = Log(card(n) for n in range(10))
    await follow(index, log)
    taken = await snapshots.take(index, "before")
    reached = await index.reached()
    log.put(card(1, "changed"), card(50))
    log.remove("test:9:1")
    await follow(index, log)
    assert await snapshots.back_to(index, "before") == taken
    assert await held(index) == sorted(f"test:{n}:1" for n in range(10))
    assert await index.reached() == reached
    assert await follow(index, log) == 3
    assert await held(index) == sorted(log.cards())
    assert [one.name for one in await snapshots.listed(index)] == ["before"]


async def test_a_snapshot_in_an_older_generation_is_kept_and_made_current(index):
    log = Log(card(n) for n in range(4))
    await follow(index, log)
    await snapshots.take(index, "first")
    for _ in range(3):
        log.put(card(77))
        await anew(index, log)
    assert len(await index.home.generations()) == following.GENERATIONS + 1
    await snapshots.back_to(index, "first")
    assert await held(index) == sorted(f"test:{n}:1" for n in range(4))
    assert await follow(index, log) == 1
    assert await held(index) == sorted(log.cards())


async def test_compacting_leaves_what_a_snapshot_needs(index, monkeypatch):
    monkeypatch.setattr(building, "KEPT", timedelta(milliseconds=1))
    log = Log(card(n) for n in range(10))
    await follow(index, log)
    await snapshots.take(index, "kept")
    log.remove(*(f"test:{n}:1" for n in range(5)))
    await follow(index, log)
    await compacted(index)
    await snapshots.back_to(index, "kept")
    assert len(await held(index)) == 10
    await snapshots.drop(index, "kept")
    await compacted(index)
    assert await snapshots.listed(index) == []


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", "x" * 65, "a b", "taken", "für-später", "²", "水", "-_"]
)
async def test_odd_and_taken_names_are_refused(index, name):
    await build(index, [card(1)])
    await snapshots.take(index, "taken")
    with pytest.raises(BadText):
        await snapshots.take(index, name)


async def test_a_tag_that_lancedb_cannot_list_ends_neither_the_list_nor_a_new_index(index):
    """As an older version of ours could make one: by a name with another letter than a to z."""
    log = Log([card(1, "dragon")])
    await follow(index, log)
    table = await opened(index.home, await index.home.current())
    await table.tags.create("für-später", await table.version())
    assert await snapshots.listed(index) == []
    with pytest.raises(IndexBroken):
        await compacted(index)
    for _ in range(3):
        await anew(index, log)
    await snapshots.take(index, "later")
    assert [one.name for one in await snapshots.listed(index)] == ["later"]
    assert len(await index.home.generations()) == following.GENERATIONS


async def test_an_unknown_name_and_no_index_are_one_sentence(index):
    with pytest.raises(IndexMissing):
        await snapshots.take(index, "x")
    await build(index, [card(1)])
    await snapshots.take(index, "known")
    for asked in (snapshots.back_to(index, "other"), snapshots.drop(index, "other")):
        with pytest.raises(UnknownName, match="Known: known"):
            await asked


async def test_a_snapshot_of_another_space_is_not_ours_to_go_back_to(index):
    await build(index, [card(1)])
    await snapshots.take(index, "words1")
    other = CardIndex(index.home.path, WordEmbedder("words@2"))
    await build(other, [card(1)])
    with pytest.raises(IndexSchema, match="words@1"):
        await snapshots.back_to(other, "words1")
