"""The index on disk: built whole, changed by difference, and refused when it is not ours."""

import asyncio
import shutil

import msgspec
import pyarrow as pa
import pytest

from stylus_engine.errors import BadIndex, IndexBroken, IndexMissing, IndexSchema, StoreFailed
from stylus_engine.model import Query
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.building import build, ensure, upsert
from stylus_engine.retrieval.index import POINTER, TABLE, CardIndex, connected
from stylus_engine.retrieval.retriever import IndexRetriever
from tests.retrieval.fakes import FAMILY, WordEmbedder, card

pytestmark = pytest.mark.asyncio


@pytest.fixture
def index(tmp_path):
    return CardIndex(tmp_path / "index", WordEmbedder())


async def names(index, prompt):
    found = await IndexRetriever(index).recall(Query(prompt=prompt, concepts=(), family=FAMILY))
    return [candidate.adapter.name for candidate in found]


async def test_missing_says_so_and_creates_nothing(index):
    with pytest.raises(IndexMissing, match="no adapter index"):
        await index.digests()
    assert not index.folder.exists()


async def test_ensure_builds_once_and_then_writes_only_what_changed(index):
    cards = [card(n) for n in range(30)]
    assert await ensure(index, cards) == 30
    assert await ensure(index, cards) == 0
    embedded = index.embedder.texts
    changed = [msgspec.structs.replace(cards[0], name="renamed"), *cards[1:-1], card(99)]
    assert await ensure(index, changed) == 3  # one changed, one gone, one new
    assert index.embedder.texts == embedded + 2
    assert set(await index.digests()) == {each.card_id for each in changed}
    assert (await names(index, "renamed"))[0] == "renamed"
    assert await ensure(index, changed) == 0


async def test_a_reader_sees_a_rebuild_by_somebody_else_at_once(index):
    await build(index, [card(1, "dragon")])
    reader = CardIndex(index.folder, WordEmbedder())
    assert await names(reader, "dragon") == ["dragon"]
    await build(index, [card(2, "robot")])
    assert await names(reader, "robot") == ["robot"]


async def test_generations_do_not_pile_up(index):
    for number in range(4):
        await build(index, [card(number)])
    assert len(list(index.folder.glob("cards-*"))) == 2


async def test_concurrent_upserts_of_the_same_new_cards_double_nothing(index):
    await build(index, [card(n) for n in range(5)])
    fresh = [card(n) for n in range(100, 120)]
    await asyncio.gather(
        *(upsert(CardIndex(index.folder, WordEmbedder()), fresh) for _ in range(4))
    )
    assert len(await index.digests()) == 25  # digests() itself raises for a doubled card


async def test_an_id_twice_is_refused_before_anything_is_written(index):
    with pytest.raises(ValueError, match="twice"):
        await build(index, [card(1), card(1)])
    assert not index.folder.exists()


async def test_no_cards_is_an_index_too(index):
    await build(index, [])
    assert await names(index, "dragon") == []


async def test_another_schema_version_is_refused(index):
    await build(index, [card(1)])
    await _rewrite(index, {"stylus.schema": "0", "stylus.embedder": index.embedder.name})
    with pytest.raises(IndexSchema, match="schema 0 of"):
        await names(index, "dragon")
    with pytest.raises(IndexSchema, match="schema 0 of"):
        await ensure(index, [card(1), card(2)])


async def test_a_foreign_table_is_refused(index):
    await build(index, [card(1)])
    await _rewrite(index, {})
    with pytest.raises(IndexSchema, match="unknown"):
        await names(index, "dragon")


async def test_another_embedding_space_is_refused_until_the_index_is_built_anew(index):
    await build(index, [card(1)])
    other = CardIndex(index.folder, WordEmbedder("words@2"))
    with pytest.raises(IndexSchema, match="words@1"):
        await names(other, "dragon")
    with pytest.raises(IndexSchema, match="words@1"):
        await ensure(other, [card(1)])
    await build(other, [card(1)])
    assert await names(other, "thing1") == ["thing1"]


@pytest.mark.parametrize("damage", ["gone", "emptied", "pointer"])
async def test_a_damaged_index_is_one_sentence_and_ensure_heals_it(index, damage):
    await build(index, [card(1)])
    place = index.folder / (index.folder / POINTER).read_text().strip()
    if damage == "pointer":
        (index.folder / POINTER).write_text("cards-elsewhere\n")
    else:
        shutil.rmtree(place)
    if damage == "emptied":
        place.mkdir()
    fresh = CardIndex(index.folder, WordEmbedder())
    with pytest.raises(BadIndex) as told:
        await names(fresh, "dragon")
    assert isinstance(told.value, IndexBroken)
    assert "damaged" in str(told.value)
    assert await ensure(fresh, [card(1)]) == 1


async def test_a_build_that_fails_leaves_the_old_index(index):
    await build(index, [card(1, "dragon")])

    class Dying(WordEmbedder):
        async def embed(self, texts):
            raise OSError("no space left")

    with pytest.raises(StoreFailed, match="no space left"):
        await build(CardIndex(index.folder, Dying()), [card(2)])
    assert await names(index, "dragon") == ["dragon"]
    assert len(list(index.folder.glob("cards-*"))) == 1


async def _rewrite(index, told):
    """Put a table with other metadata where the index points."""
    place = index.folder / (index.folder / POINTER).read_text().strip()
    vectors = await index.embedder.embed(["x"])
    table = rows.table([card(1)], vectors, "x").replace_schema_metadata(told)
    database = await connected(place)
    await database.create_table(TABLE, table, schema=table.schema, mode="overwrite")
    assert isinstance(table, pa.Table)
