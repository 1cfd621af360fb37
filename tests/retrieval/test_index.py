"""The index on disk: it follows the cards, and is refused when it is not ours."""

import asyncio
import shutil
from datetime import timedelta

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from stylus_engine.errors import BadIndex, IndexBroken, IndexMissing, IndexSchema, StoreFailed
from stylus_engine.model import Query
from stylus_engine.retrieval import building, following, rows
from stylus_engine.retrieval.following import anew, follow
from stylus_engine.retrieval.home import POINTER, TABLE, connected, home_of
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from tests.retrieval.fakes import FAMILY, Log, WordEmbedder, build, card, held

pytestmark = pytest.mark.asyncio


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def index(folder):
    return CardIndex(folder, WordEmbedder())


async def names(index, prompt):
    found = await IndexRetriever(index).recall(Query(prompt=prompt, concepts=(), family=FAMILY))
    return [candidate.adapter.name for candidate in found]


async def test_missing_says_so_and_creates_nothing(index, folder):
    with pytest.raises(IndexMissing, match="no adapter index"):
        await index.view()
    assert not folder.exists()


async def test_it_is_built_once_and_then_only_changes_are_written(index):
    log = Log(card(n) for n in range(30))
    assert await follow(index, log) == 30
    assert await follow(index, log) == 0
    embedded = index.embedder.texts
    log.put(card(0, "renamed"), card(99))
    log.remove("test:29:1", "test:nobody:1")
    assert await follow(index, log) == 4
    assert index.embedder.texts == embedded + 2
    assert await held(index) == sorted(log.cards())
    assert (await names(index, "renamed"))[0] == "renamed"
    assert await index.reached() == log.last()
    assert await follow(index, log) == 0


async def test_a_card_whose_words_are_the_same_is_not_embedded_again(index):
    log = Log(card(n) for n in range(5))
    await follow(index, log)
    embedded = index.embedder.texts
    log.put(msgspec.structs.replace(card(3), rating="x", popularity=7))
    assert await follow(index, log) == 1
    assert index.embedder.texts == embedded
    assert "thing3" not in await names(index, "thing3")


async def test_a_vector_that_was_brought_is_taken_when_it_is_sound(index):
    sound = np.eye(1, 48, dtype=np.float32)[0]
    log = Log()
    log.put(card(1), vector=sound)
    for number, odd in enumerate((sound * 2, sound[:5], np.full(48, np.nan, np.float32)), start=2):
        log.put(card(number), vector=odd)
    await follow(index, log)
    assert index.embedder.texts == 3
    texts = await (await index.view()).texts(("test:1:1", "test:2:1"))
    assert np.array_equal(texts["test:1:1"][1], sound)
    assert np.allclose(
        texts["test:2:1"][1], (await WordEmbedder().embed([rows.text_of(card(2))]))[0]
    )


async def test_chunks_are_read_in_order_and_nothing_is_lost_between_them(index, monkeypatch):
    monkeypatch.setattr(following, "CHUNK", 7)
    log = Log(card(n) for n in range(40))
    assert await follow(index, log) == 40
    log.put(*(card(n, "again") for n in range(25)), card(77))
    log.remove("test:39:1")
    await follow(index, log)
    assert await held(index) == sorted(log.cards())


async def test_a_build_that_was_cut_off_before_its_first_number_doubles_nothing(index, monkeypatch):
    """A kill between the first rows and the number that they reach."""
    monkeypatch.setattr(following, "CHUNK", 5)
    log, note = Log(card(n) for n in range(12)), building.Generation.note

    async def killed(self, **told: str) -> None:
        if building.REACHED in told:
            raise KeyboardInterrupt
        await note(self, **told)

    monkeypatch.setattr(building.Generation, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        await follow(index, log)
    monkeypatch.setattr(building.Generation, "note", note)
    await follow(CardIndex(index.home.path, WordEmbedder()), log)
    assert await held(index) == sorted(log.cards())


async def test_a_build_that_was_cut_off_goes_on_where_it_was(index, monkeypatch):
    monkeypatch.setattr(following, "CHUNK", 5)
    log = Log(card(n) for n in range(30))

    class Dying(WordEmbedder):
        async def embed(self, texts):
            if self.texts >= 15:
                raise OSError("no space left")
            return await super().embed(texts)

    with pytest.raises(StoreFailed, match="no space left"):
        await follow(CardIndex(index.home.path, Dying()), log)
    log.put(card(2, "changed"), card(29, "changed"), card(50))
    log.remove("test:3:1", "test:28:1")
    await follow(index, log)
    assert index.embedder.texts < 20
    assert await held(index) == sorted(log.cards())
    assert (await names(index, "changed"))[:2] == ["changed", "changed"]


async def test_a_build_that_fails_leaves_the_old_index(index):
    await build(index, [card(1, "dragon")])

    class Dying(WordEmbedder):
        async def embed(self, texts):
            raise OSError("no space left")

    with pytest.raises(StoreFailed, match="no space left"):
        await anew(CardIndex(index.home.path, Dying()), Log([card(2)]))
    assert await names(index, "dragon") == ["dragon"]


async def test_a_reader_sees_a_rebuild_by_somebody_else_at_once(index):
    await build(index, [card(1, "dragon")])
    reader = CardIndex(index.home.path, WordEmbedder())
    assert await names(reader, "dragon") == ["dragon"]
    await build(index, [card(2, "robot")])
    assert await names(reader, "robot") == ["robot"]


async def test_one_view_stays_as_it_was_while_others_write(index):
    log = Log(card(n) for n in range(20))
    await follow(index, log)
    view = await index.view()
    log.remove(*(f"test:{n}:1" for n in range(10)))
    await follow(CardIndex(index.home.path, WordEmbedder()), log)
    assert len(await view.ids()) == 20
    assert len(await (await index.view()).ids()) == 10


async def test_generations_do_not_pile_up(index, folder):
    for number in range(4):
        await build(index, [card(number)])
    assert len(list(folder.glob("cards-*"))) == 2


async def test_concurrent_followers_double_nothing(index):
    log = Log(card(n) for n in range(5))
    await follow(index, log)
    log.put(*(card(n) for n in range(100, 120)))
    others = [CardIndex(index.home.path, WordEmbedder()) for _ in range(4)]
    written = await asyncio.gather(*(follow(other, log) for other in others))
    assert sorted(written) == [0, 0, 0, 20]
    assert await held(index) == sorted(log.cards())


async def test_no_cards_is_an_index_too(index):
    await build(index, [])
    assert await names(index, "dragon") == []


async def test_indices_are_built_when_the_size_asks_and_take_in_what_is_new(index, monkeypatch):
    monkeypatch.setattr(building, "MANY", 300)
    monkeypatch.setattr(building, "STALE_LEAST", 50)
    log = Log(card(n) for n in range(290))
    await follow(index, log)
    assert await indexed(index) == {"heads": 290, "description": 290, "card_id": 290}
    log.put(*(card(n) for n in range(290, 310)))
    await follow(index, log)
    assert {"vector", "shelf", "commercial"} <= set(await indexed(index))
    log.put(*(card(n) for n in range(400, 420)))
    await follow(index, log)
    assert (await indexed(index))["vector"] == 310
    assert (await names(index, "thing419"))[0] == "thing419"
    log.put(*(card(n) for n in range(500, 540)))
    await follow(index, log)
    assert set((await indexed(index)).values()) == {370}


async def test_a_coarse_vector_index_is_refined_until_it_finds_what_exact_search_finds(
    index, monkeypatch
):
    monkeypatch.setattr(building, "MANY", 300)
    monkeypatch.setattr(building, "HUGE", 300)
    await build(index, [card(n) for n in range(600)])
    assert "vector" in await indexed(index)
    for number in (3, 299, 599):
        assert (await names(index, f"thing{number}"))[0] == f"thing{number}"


async def test_an_index_that_grows_past_the_line_becomes_coarse_where_it_lies(index, monkeypatch):
    monkeypatch.setattr(building, "MANY", 300)
    monkeypatch.setattr(building, "HUGE", 600)
    log = Log(card(n) for n in range(400))
    await follow(index, log)
    assert await kinds(index) == ("IvfSq", False)
    generation = await index.home.current()
    log.put(*(card(n) for n in range(400, 599)))
    await follow(index, log)
    assert await kinds(index) == ("IvfSq", False)
    log.put(card(599))
    await follow(index, log)
    assert await kinds(index) == ("IvfRq", True)
    assert await index.home.current() == generation
    for number in (3, 299, 599):
        assert (await names(index, f"thing{number}"))[0] == f"thing{number}"
    log.remove(*(f"test:{n}:1" for n in range(100, 200)))
    await follow(index, log)
    assert await kinds(index) == ("IvfRq", True)  # it may grow again


async def kinds(index):
    """The kind of the vector index, and whether readers know that it is coarse."""
    database = await connected(index.home.place(await index.home.current()))
    table = await database.open_table(TABLE)
    [kind] = [one.index_type for one in await table.list_indices() if one.columns == ["vector"]]
    return kind, (await index.view())._coarse


async def test_another_catalogue_is_followed_anew(index):
    """Its numbers count something else: as many changes, or more, and none of the old rows stay."""
    await follow(index, Log([card(1, "dragon"), card(2, "fox")], name="first"))
    second = Log([card(2, "fox"), card(3, "owl"), card(4, "cat")], name="second")
    embedded = index.embedder.texts
    assert await follow(index, second) == 3
    assert await held(index) == sorted(second.cards())
    assert index.embedder.texts == embedded + 2  # what was embedded already is not again
    assert await follow(index, second) == 0
    third = Log([card(n) for n in range(5, 8)], name="third")
    await follow(index, third)
    assert await held(index) == sorted(third.cards())


async def test_a_build_that_was_killed_is_not_gone_on_with_for_another_catalogue(
    index, monkeypatch
):
    monkeypatch.setattr(building.Generation, "finish", killed)
    with pytest.raises(KeyboardInterrupt):
        await follow(index, Log([card(1), card(2)], name="first"))
    monkeypatch.undo()
    second = Log([card(n) for n in range(3, 6)], name="second")
    await follow(index, second)
    assert await held(index) == sorted(second.cards())


async def killed(_):
    raise KeyboardInterrupt


async def indexed(index):
    """Column -> rows its index holds."""
    database = await connected(index.home.place(await index.home.current()))
    table = await database.open_table(TABLE)
    return {one.columns[0]: one.num_indexed_rows for one in await table.list_indices()}


async def test_an_older_version_of_ours_is_written_anew_by_itself(index):
    log = Log([card(1, "dragon")])
    await follow(index, log)
    await rewrite(index, {"stylus.schema": "1", "stylus.embedder": index.embedder.name})
    fresh = CardIndex(index.home.path, WordEmbedder())
    with pytest.raises(IndexSchema, match="schema 1 of"):
        await names(fresh, "dragon")
    assert await follow(fresh, log) == 1
    assert await names(fresh, "dragon") == ["dragon"]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"stylus.schema": "99", "stylus.embedder": "words@1"},
        {"stylus.schema": "1", "stylus.embedder": "words@2"},
        {"stylus.schema": rows.VERSION, "stylus.embedder": "words@2"},
    ],
)
async def test_a_newer_or_foreign_one_is_left_alone_until_it_is_written_anew(index, told):
    log = Log([card(1)])
    await follow(index, log)
    await rewrite(index, told)
    fresh = CardIndex(index.home.path, WordEmbedder())
    for asked in (names(fresh, "dragon"), follow(fresh, log)):
        with pytest.raises(IndexSchema):
            await asked
    assert await anew(fresh, log) == 1
    assert await names(fresh, "thing1") == ["thing1"]


@pytest.mark.parametrize("damage", ["gone", "emptied", "pointer"])
async def test_a_damaged_index_is_one_sentence_and_following_heals_it(index, folder, damage):
    log = Log([card(1)])
    await follow(index, log)
    place = folder / (folder / POINTER).read_text().strip()
    if damage == "pointer":
        (folder / POINTER).write_text("cards-elsewhere\n")
    else:
        shutil.rmtree(place)
    if damage == "emptied":
        place.mkdir()
    fresh = CardIndex(folder, WordEmbedder())
    with pytest.raises(BadIndex) as told:
        await names(fresh, "dragon")
    assert isinstance(told.value, IndexBroken)
    assert "damaged" in str(told.value)
    assert await follow(fresh, log) == 1


@pytest.mark.parametrize("spoiled", [b"\xff\xfe", b"", b"\0" * 18, b"../elsewhere"])
async def test_a_spoiled_name_of_the_generation_in_use_is_written_anew(folder, spoiled):
    log = Log([card(1, "dragon")])
    await follow(CardIndex(folder, WordEmbedder()), log)
    (folder / "current").write_bytes(spoiled)
    fresh = CardIndex(folder, WordEmbedder())
    with pytest.raises(BadIndex):
        await names(fresh, "dragon")
    assert await follow(fresh, log) == 1
    assert await names(fresh, "dragon") == ["dragon"]


async def test_by_the_address_of_a_store_it_is_the_same_index(tmp_path):
    """`file://` stands in for a bucket: no store is here, the same code path is."""
    index = CardIndex(f"file://{tmp_path}/bucket", WordEmbedder(), tmp_path)
    with pytest.raises(IndexMissing):
        await index.view()
    log = Log([card(1, "dragon"), card(2, "robot")])
    assert await follow(index, log) == 2
    log.put(card(3, "castle"))
    assert await follow(index, log) == 1
    reader = CardIndex(index.home.path, WordEmbedder(), tmp_path)
    assert (await names(reader, "castle"))[0] == "castle"
    for _ in range(3):
        await anew(index, log)
    assert len(await index.home.generations()) == following.GENERATIONS
    assert await held(reader) == sorted(log.cards())


async def test_in_a_store_who_was_pointed_at_last_is_current_whatever_was_dropped(tmp_path):
    home = home_of(f"file://{tmp_path}/bucket", tmp_path)
    for name in ("a", "b", "c", "d"):
        await home.begin(name)
    await home.point("d")
    for name in ("a", "b", "c"):
        await home.drop(name)
    await home.begin("e")
    await home.point("e")
    assert await home.current() == "e"


async def rewrite(index, told):
    """Put a table with other metadata where the index points."""
    vectors = await index.embedder.embed(["x"])
    table = rows.table([card(1)], vectors, "x").replace_schema_metadata(told)
    database = await connected(index.home.place(await index.home.current()))
    await database.create_table(TABLE, table, schema=table.schema, mode="overwrite")
    assert isinstance(table, pa.Table)
    assert timedelta(0) < building.KEPT
