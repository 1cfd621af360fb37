"""What is learned of a card lies over what its source says, and stays where it belongs."""

from typing import Any

import pytest
from msgspec.structs import replace

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Checked, Described, Probed
from stylus_engine.errors import UnknownName
from stylus_engine.model import Measured, Sketch
from tests.catalog.pages import LATER, NOW, SHA, card, catalogue, ids, item, page

__all__ = ["catalogue"]  # a fixture

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


def test_what_was_learned_of_an_older_record_is_lacking_still(catalogue: Catalogue):
    catalogue.take("s", page(item()), NOW)
    before = catalogue.known("t:1:1")
    catalogue.take("s", page(item(1, "2")), NOW)
    told = catalogue.learn("t:1:1", described=DESCRIBED, probed=PROBED, of=before.stamp)
    assert told.description == "Draws in ink."
    for layer in ("described", "probed"):
        assert [k.card_id for k in catalogue.walk(lacking=layer)] == ["t:1:1"]
    catalogue.learn("t:1:1", described=DESCRIBED, of=catalogue.known("t:1:1").stamp)
    assert list(catalogue.walk(lacking="described")) == []


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


@pytest.mark.parametrize(
    ("facts", "person", "minor"),
    [
        ({"name": "Loli Style"}, False, True),
        ({"name": "x_shota_v2"}, False, True),
        ({"triggers": ("a Loli girl",)}, False, True),
        ({"tags": ("lolis",)}, False, True),
        ({"tags": ("ｌｏｌｉ",)}, False, True),
        ({"name": "Lollipop", "tags": ("shotaro",)}, False, False),
        ({"tags": ("Real-Person",)}, True, False),
        ({"tags": ("celebrities",)}, True, False),
        ({"name": "Some male celebrity"}, True, False),
        ({"triggers": ("actresses",)}, True, False),
        ({"tags": ("voice actor",), "name": "Actor on a stage"}, False, False),
    ],
)
def test_a_name_a_tag_or_a_trigger_warns_of_persons_and_minors_however_it_is_written(
    catalogue: Catalogue, facts: dict[str, Any], person: bool, minor: bool
):
    catalogue.take("s", page(item(**facts)), NOW)
    card = catalogue.get("t:1:1")
    assert (card.real_person, card.minor) == (person, minor)


def test_an_old_archive_does_not_overwrite_a_living_source(catalogue: Catalogue):
    catalogue.take("stylusdocs", page(item(name="Old")), NOW)
    assert catalogue.take("civitai", page(item(1, "2", name="New")), NOW).changed == 1
    assert catalogue.take("stylusdocs", page(item(1, "3", name="Old")), NOW).same == 1
    assert catalogue.get("t:1:1").name == "New"
