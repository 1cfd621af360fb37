"""The catalogue: cards in, found, changed and gone; each in one transaction and in one sequence."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.clean import line
from stylus_engine.catalog.nouns import Skipped
from stylus_engine.catalog.rows import Place
from stylus_engine.errors import BadCatalogue, BadText, CatalogueVersion, SharedName, UnknownName
from tests.catalog.pages import LATER, NOW, card, catalogue, ids, item, page
from tests.sealing import sealed

__all__ = ["catalogue"]  # a fixture


def test_an_empty_one_answers(catalogue: Catalogue):
    assert (len(catalogue), list(catalogue.cards()), catalogue.last()) == (0, [], 0)
    assert catalogue.after(0, 10) == []
    assert catalogue.place("civitai") == Place()
    with pytest.raises(UnknownName):
        catalogue.get("t:1:1")


def test_what_comes_in_is_new_then_the_same_then_changed(catalogue: Catalogue):
    told = [catalogue.take("s", page(item(1), item(2)), NOW)]
    told.append(catalogue.take("s", page(item(1), item(2)), NOW))
    told.append(catalogue.take("s", page(item(1), item(2, "2", name="Other")), NOW))
    assert [(t.new, t.changed, t.same) for t in told] == [(2, 0, 0), (0, 0, 2), (0, 1, 1)]
    assert [each.name for each in catalogue.cards()] == ["Card 1", "Other"]
    assert catalogue.get("t:2:1") == catalogue.find("  oTHER") == card(2, name="Other")


def test_only_changes_get_a_new_number_and_following_gives_each_card_once(catalogue: Catalogue):
    catalogue.take("s", page(item(1), item(2), item(3)), NOW)
    seen = catalogue.last()
    catalogue.take("s", page(item(1), item(2, "2"), gone=("t:3:1",)), NOW)
    assert [(c.card_id, c.card is None) for c in catalogue.after(seen, 10)] == [
        ("t:2:1", False),
        ("t:3:1", True),
    ]
    numbers = [change.seq for change in catalogue.after(0, 10)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == catalogue.last()
    step = [catalogue.after(0, 1)[0]]
    while more := catalogue.after(step[-1].seq, 1):
        step += more
    assert [change.card_id for change in step] == ["t:1:1", "t:2:1", "t:3:1"]


def test_a_vector_comes_with_a_change_of_its_own_space_only(catalogue: Catalogue):
    vector = np.array([0.6, 0.8], "<f4")
    stored = replace(item(), vector=vector.tobytes(), space="wide@2")
    catalogue.take("s", page(stored), NOW)
    (with_it,), (without,) = catalogue.after(0, 1, "wide@2"), catalogue.after(0, 1, "other")
    assert with_it.vector is not None
    np.testing.assert_array_equal(with_it.vector, vector)
    assert without.vector is None
    catalogue.take("s", page(item(1, "2")), NOW)
    assert catalogue.after(0, 1, "wide@2")[0].vector is None


def test_gone_is_a_tombstone_and_only_its_own_source_can_say_so(catalogue: Catalogue):
    catalogue.take("s", page(item(1), item(2)), NOW)
    assert catalogue.take("other", page(gone=("t:1:1",)), NOW).gone == 0
    assert catalogue.take("s", page(gone=("t:1:1", "t:9:9")), NOW).gone == 1
    assert catalogue.take("s", page(gone=("t:1:1",)), NOW).gone == 0
    assert ids(list(catalogue.cards())) == ["t:2:1"]
    assert catalogue.named("card", 10) == [card(2)]
    with pytest.raises(UnknownName):
        catalogue.find("Card 1")
    assert catalogue.known("t:1:1").said == card(1)
    assert catalogue.take("s", page(item(1)), NOW).new == 1
    assert catalogue.get("t:1:1") == card(1)


def test_names_are_found_by_any_piece_in_any_case_the_most_popular_first(catalogue: Catalogue):
    names = ["Ink & Wash", "INKWELL", "a 100% ink_y", "Night City", '"quoted" OR x', "Öl auf Glas"]
    items = [item(n, name=name, popularity=n) for n, name in enumerate(names)]
    catalogue.take("s", page(*items), NOW)

    def found(text: str) -> list[str]:
        return [each.name for each in catalogue.named(text, 10)]

    assert found("ink") == ["a 100% ink_y", "INKWELL", "Ink & Wash"]
    assert found("%") == ["a 100% ink_y"]
    assert found("_y") == ["a 100% ink_y"]
    assert found("öl") == ["Öl auf Glas"]
    assert found("öl AUF") == ["Öl auf Glas"]
    assert found('" OR ') == ['"quoted" OR x']
    assert found("NEAR(ink wash)") == []
    assert len(found("")) == 6
    first = catalogue.named("ink", 1)[-1].card_id
    assert [each.name for each in catalogue.named("ink", 1, first)] == ["INKWELL"]


@given(text=st.text(max_size=40))
def test_any_text_can_be_looked_for(tmp_path_factory: pytest.TempPathFactory, text: str):
    place = tmp_path_factory.getbasetemp() / "any.db"
    catalogue = Catalogue(place)
    catalogue.take("s", page(item(name="Ink & Wash")), NOW)
    expected = line(text, 120).casefold() in "ink & wash"
    assert bool(catalogue.named(text, 5)) == expected
    if text.strip().casefold() != "ink & wash":
        with pytest.raises(UnknownName):
            catalogue.find(text)


def test_near_misses_and_twins_are_in_the_sentence(catalogue: Catalogue):
    twins = item(2, name="ember dragon", path=None), item(3, name="Ember Dragon", path=None)
    catalogue.take("s", page(item(1, name="Tin Robot"), *twins), NOW)
    with pytest.raises(SharedName) as shared:
        catalogue.find("EMBER dragon")
    told = "2 adapters have the name “EMBER dragon”; ask by id: t:2:1, t:3:1."
    assert str(shared.value) == told
    with pytest.raises(UnknownName, match="Did you mean “Tin Robot”"):
        catalogue.find("tin robto")
    catalogue.take("s", page(item(4, name="Ember Dragon")), NOW)
    assert catalogue.find("ember dragon").card_id == "t:4:1"


# --- the book of progress ----------------------------------------------------------


def test_a_walk_goes_on_where_it_was_and_remembers_when_it_began(catalogue: Catalogue):
    catalogue.take("s", page(item(1), cursor="b"), NOW)
    assert catalogue.place("s") == Place(cursor="b", since="")
    catalogue.take("s", page(item(2), cursor=""), LATER)
    assert catalogue.place("s") == Place(cursor="", since=NOW)
    catalogue.take("s", page(cursor="b"), LATER)
    assert catalogue.place("s") == Place(cursor="b", since=NOW)
    catalogue.take("s", page(cursor=""), LATER)
    assert catalogue.place("s") == Place(cursor="", since=LATER)


def test_what_was_skipped_is_told_until_it_is_a_card(catalogue: Catalogue):
    odd = Skipped(what="t:1:1", reason="odd record", detail="no name")
    assert catalogue.take("s", page(skipped=(odd,)), NOW).skipped == 1
    assert [(s.what, s.reason, s.at) for s in catalogue.skips()] == [("t:1:1", "odd record", NOW)]
    assert catalogue.skips("other") == []
    catalogue.take("s", page(item()), NOW)
    assert catalogue.skips("s") == []


def test_a_whole_walk_forgets_what_was_skipped_before(catalogue: Catalogue):
    odd = [Skipped(what=name, reason="broken file") for name in ("a", "b")]
    catalogue.take("s", page(skipped=tuple(odd)), NOW)
    catalogue.take("other", page(skipped=(odd[0],)), NOW)
    catalogue.take("s", page(skipped=(odd[1],), anew=True), LATER)
    assert [(each.source, each.what) for each in catalogue.skips()] == [("other", "a"), ("s", "b")]


def test_answers_that_cost_something_are_remembered(catalogue: Catalogue):
    assert catalogue.remembered("k") is None
    for value in (b"one", b"two"):
        catalogue.remember("k", value)
        assert catalogue.remembered("k") == value


# --- trouble -----------------------------------------------------------------------


def test_a_page_that_fails_in_the_middle_changes_nothing(catalogue: Catalogue):
    catalogue.take("s", page(item(1), cursor="a"), NOW)
    before = catalogue.last()
    unkeepable = replace(item(2), space=object(), vector=b"")  # SQLite refuses to bind it
    with pytest.raises(BadCatalogue):
        catalogue.take("s", page(item(1, "2"), unkeepable, cursor="b"), NOW)
    assert (catalogue.last(), catalogue.place("s").cursor) == (before, "a")


def test_a_file_that_is_no_catalogue_and_one_of_a_newer_stylus(tmp_path: Path):
    (tmp_path / "no.db").write_bytes(b"no database at all, only words" * 50)
    with pytest.raises(BadCatalogue, match="not a database"):
        len(Catalogue(tmp_path / "no.db"))
    Catalogue(tmp_path / "new.db").last()
    with sqlite3.connect(tmp_path / "new.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(CatalogueVersion, match="newer Stylus"):
        len(Catalogue(tmp_path / "new.db"))


def test_a_folder_that_takes_nothing_is_told_in_our_words(tmp_path: Path):
    (tmp_path / "c").mkdir()
    Catalogue(tmp_path / "c" / "there.db").last()
    with sealed(tmp_path / "c"):
        for name in ("there.db", "new.db"):
            with pytest.raises(BadCatalogue, match="nothing may be written to its folder"):
                len(Catalogue(tmp_path / "c" / name))


def test_a_catalogue_that_another_process_keeps_locked_is_told_in_our_words(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("stylus_engine.catalog.book.PATIENCE", 0.1)
    locked = Catalogue(tmp_path / "c.db")
    locked.last()
    with closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadCatalogue, match="another process has locked it for too long"):
            locked.take("s", page(item(1)), NOW)


def test_many_threads_write_and_read_at_once(catalogue: Catalogue):
    def write(first: int) -> None:
        for number in range(first, first + 20):
            catalogue.take(f"s{first}", page(item(number)), NOW)

    threads = [threading.Thread(target=write, args=(first,)) for first in (100, 200, 300)]
    for thread in threads:
        thread.start()
    seen = [change for _ in range(20) for change in catalogue.after(0, 1000)]
    for thread in threads:
        thread.join()
    assert len(catalogue) == 60
    assert len({change.seq for change in catalogue.after(0, 1000)}) == 60
    assert {change.card_id for change in seen} <= set(ids(list(catalogue.cards())))


def test_a_name_that_is_not_utf_8_is_one_sentence(catalogue: Catalogue):
    """As Python reads a word of a terminal, or a path, in another encoding."""
    catalogue.take("s", page(item(1)), NOW)
    for ask in (catalogue.find, catalogue.get, catalogue.known, catalogue.place):
        with pytest.raises(BadText, match="not UTF-8"):
            ask("Ink\udcff")
    elsewhere = replace(item(2), card=card(2, path="/loras/\udcff/a.safetensors"))
    with pytest.raises(BadText, match="not UTF-8"):
        catalogue.take("s", page(elsewhere), NOW)
    assert catalogue.named("", 9) == [catalogue.get("t:1:1")]
