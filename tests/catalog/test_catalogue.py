"""The catalogue: cards in, found, changed and gone; each in one transaction and in one sequence."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.clean import line
from stylus_engine.catalog.nouns import Checked, Described, Item, Page, Probed, Skipped
from stylus_engine.catalog.rows import Place
from stylus_engine.errors import BadCatalogue, CatalogueVersion, SharedName, UnknownName
from stylus_engine.model import Adapter, Measured, Sketch

NOW = "2026-11-28T12:00:00+00:00"
LATER = "2026-11-29T12:00:00+00:00"
SHA = "ab" * 32


def card(number: int = 1, **facts: Any) -> Adapter:
    return Adapter(
        **{
            "card_id": f"t:{number}:1",
            "name": f"Card {number}",
            "family_declared": "sd1",
            "path": f"/x/{number}.safetensors",
            **facts,
        }
    )


def item(number: int = 1, stamp: str = "1", **facts: Any) -> Item:
    return Item(card=card(number, **facts), raw=b'{"id": 1}', stamp=stamp)


def page(*items: Item, cursor: str = "", **more: Any) -> Page:
    return Page(items=items, cursor=cursor, **more)


def ids(cards: Sequence[Adapter]) -> list[str]:
    return [each.card_id for each in cards]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "deep" / "catalog.db")


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


# --- layers ------------------------------------------------------------------------


DESCRIBED = Described(by="rules", adds="Draws in ink.", category="style", concepts=("ink drawing",))
PROBED = Probed(kind="locon", layout="kohya", family="sdxl", triggers=("inky",))
CHECKED = Checked(
    sha256=SHA, checkpoint="c", strength=0.5, direction=0.8, consistency=0.9, saturation=0.1,
    scale=0.6,
)  # fmt: skip


def test_each_layer_goes_over_the_one_before_and_importing_anew_keeps_them(catalogue: Catalogue):
    catalogue.take("s", page(item(file_sha256=SHA)), NOW)
    catalogue.learn("t:1:1", probed=PROBED)
    catalogue.learn("t:1:1", described=DESCRIBED)
    learned = catalogue.learn("t:1:1", checked=CHECKED)
    assert (learned.family, learned.kind, learned.triggers) == ("sdxl", "locon", ("inky",))
    assert (learned.description, learned.category) == ("Draws in ink.", "style")
    assert (learned.weight, learned.health) == (0.6, "good")
    catalogue.take("s", page(item(1, "2", file_sha256=SHA, name="New name")), NOW)
    assert catalogue.get("t:1:1") == replace(learned, name="New name")
    known = catalogue.known("t:1:1")
    assert (known.probed, known.described, known.checked) == (PROBED, DESCRIBED, CHECKED)
    assert known.said == card(file_sha256=SHA, name="New name")


def test_learning_is_a_change_that_followers_see(catalogue: Catalogue):
    catalogue.take("s", page(item(1), item(2)), NOW)
    seen = catalogue.last()
    catalogue.learn("t:1:1", described=DESCRIBED)
    assert [change.card_id for change in catalogue.after(seen, 10)] == ["t:1:1"]
    with pytest.raises(UnknownName):
        catalogue.learn("t:9:9", described=DESCRIBED)


def test_what_was_measured_is_told_by_card_and_only_of_the_bytes_it_names(catalogue: Catalogue):
    catalogue.take("s", page(item(1, file_sha256=SHA), item(2), item(3, file_sha256=SHA)), NOW)
    sketch = Sketch(v=1, norm=2.0, update=b"\x00\x3c", listens=b"", speaks=b"\xff")
    catalogue.learn("t:1:1", checked=replace(CHECKED, sketch=sketch))
    catalogue.learn("t:3:1", checked=replace(CHECKED, broken="it burns"))
    asked = ("t:1:1", "t:2:1", "t:3:1", "t:9:9", "t:1:1")
    found = catalogue.measured(asked)
    assert found == {
        "t:1:1": Measured(
            checkpoint=CHECKED.checkpoint,
            strength=CHECKED.strength,
            saturation=CHECKED.saturation,
            scale=CHECKED.scale,
            sketch=sketch,
        )
    }
    catalogue.take("s", page(item(1, "2", file_sha256="cd" * 32)), NOW)
    assert catalogue.measured(asked) == {}


def test_what_lacks_a_layer_is_found_until_it_has_it_and_again_when_its_record_changes(
    catalogue: Catalogue,
):
    catalogue.take("s", page(item(1, popularity=1), item(2, popularity=5)), NOW)
    assert [k.card_id for k in catalogue.walk(lacking="described")] == ["t:2:1", "t:1:1"]
    catalogue.learn("t:2:1", described=DESCRIBED)
    assert [k.card_id for k in catalogue.walk(lacking="described")] == ["t:1:1"]
    assert [k.card_id for k in catalogue.walk(lacking="checked")] == ["t:2:1", "t:1:1"]
    catalogue.take("s", page(item(2, "2", popularity=5)), NOW)
    assert [k.card_id for k in catalogue.walk(lacking="described")] == ["t:2:1", "t:1:1"]


def test_another_file_is_not_what_was_seen_of_the_old_one(catalogue: Catalogue):
    catalogue.take("s", page(item(file_sha256=SHA)), NOW)
    catalogue.learn("t:1:1", probed=PROBED, checked=CHECKED)
    catalogue.take("s", page(item(1, "2", file_sha256="cd" * 32)), NOW)
    now = catalogue.get("t:1:1")
    assert (now.family, now.health, now.weight) == ("sd1", "unknown", 0.8)


def test_what_is_learned_of_a_card_that_is_gone_does_not_bring_it_back(catalogue: Catalogue):
    catalogue.take("s", page(item()), NOW)
    catalogue.take("s", page(gone=("t:1:1",)), NOW)
    before = catalogue.last()
    assert catalogue.learn("t:1:1", described=DESCRIBED).description == "Draws in ink."
    assert (len(catalogue), catalogue.named("Card", 9), catalogue.last()) == (0, [], before)
    catalogue.take("s", page(item()), LATER)
    assert catalogue.get("t:1:1").description == "Draws in ink."


def test_a_file_that_moved_keeps_what_was_learned_of_it(catalogue: Catalogue):
    catalogue.take("s", page(item(1, file_sha256=SHA)), NOW)
    catalogue.learn("t:1:1", described=DESCRIBED, checked=CHECKED)
    catalogue.take("s", page(gone=("t:1:1",)), NOW)
    catalogue.take("s", page(item(2, file_sha256=SHA)), NOW)
    moved = catalogue.get("t:2:1")
    assert (moved.weight, moved.health, moved.description) == (0.6, "good", "Draws in ink.")
    catalogue.take("s", page(item(3, file_sha256=SHA)), NOW)
    copied = catalogue.get("t:3:1")
    assert (copied.health, copied.description) == ("good", "")
    assert ids(catalogue.with_sha256(SHA)) == ["t:2:1", "t:3:1"]


@pytest.mark.parametrize("low", [-1.0, 0.0, 0.9, 1.9])
@pytest.mark.parametrize("weight", [-9.0, 0.5, 1.0, 99.0, float("nan")])
@pytest.mark.parametrize("high", [0.0, 0.95, 2.0, 50.0, float("inf")])
def test_no_description_moves_a_weight_out_of_what_a_text_may_ask_for(
    catalogue: Catalogue, low: float, weight: float, high: float
):
    wild = replace(DESCRIBED, weight_low=low, weight=weight, weight_high=high)
    catalogue.take("s", page(item()), NOW)
    after = catalogue.learn("t:1:1", described=wild)
    assert 0.0 <= after.weight_low <= after.weight <= after.weight_high <= 2.0


def test_a_refused_file_and_a_broken_one_are_quarantined_and_say_why(catalogue: Catalogue):
    catalogue.take("s", page(item(1), item(2, file_sha256=SHA)), NOW)
    refused = catalogue.learn("t:1:1", probed=replace(PROBED, refused="IA3 is not drawn with"))
    broken = catalogue.learn("t:2:1", checked=replace(CHECKED, broken="pictures are burnt"))
    assert (refused.health, refused.quarantine) == ("quarantined", "IA3 is not drawn with")
    assert (broken.health, broken.quarantine) == ("quarantined", "pictures are burnt")


@pytest.mark.parametrize("flag", ["real_person", "minor"])
@pytest.mark.parametrize("first", [True, False])
def test_a_warning_travels_with_the_bytes_whichever_card_came_first(
    catalogue: Catalogue, flag: str, first: bool
):
    flagged: dict[str, Any] = {flag: True}
    told = item(1, file_sha256=SHA, **flagged), item(2, file_sha256=SHA)
    for each in told if first else told[::-1]:
        catalogue.take(each.card.card_id, page(each), NOW)
    assert [getattr(each, flag) for each in catalogue.cards()] == [True, True]
    catalogue.take("t:1:1", page(gone=("t:1:1",)), NOW)
    catalogue.take("s", page(item(3, file_sha256=SHA)), NOW)
    assert getattr(catalogue.get("t:3:1"), flag)
    assert not getattr(
        catalogue.learn("t:3:1", described=DESCRIBED), "minor" if flag != "minor" else "real_person"
    )


@pytest.mark.parametrize(
    ("facts", "rating", "warned"),
    [
        ({"tags": ("a_pose", "nsfw_pose")}, "r", False),
        ({"triggers": ("nude woman",), "rating": "x"}, "x", False),
        ({"tags": ("Real_Person",)}, "g", True),
        ({"name": "Sussex and Essex"}, "g", False),
    ],
)
def test_words_of_a_card_warn_wherever_it_came_from(
    catalogue: Catalogue, facts: dict[str, Any], rating: str, warned: bool
):
    catalogue.take("s", page(item(**facts)), NOW)
    card = catalogue.get("t:1:1")
    assert (card.rating, card.real_person) == (rating, warned)


def test_an_old_archive_does_not_overwrite_a_living_source(catalogue: Catalogue):
    catalogue.take("stylusdocs", page(item(name="Old")), NOW)
    assert catalogue.take("civitai", page(item(1, "2", name="New")), NOW).changed == 1
    assert catalogue.take("stylusdocs", page(item(1, "3", name="Old")), NOW).same == 1
    assert catalogue.get("t:1:1").name == "New"


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
