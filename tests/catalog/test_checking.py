"""What is wrong with cards: each problem where it is, and nowhere else."""

from pathlib import Path

import pytest

from stylus_engine.catalog.checking import Checkup, there, troubles, worst_rating
from stylus_engine.catalog.nouns import Example
from stylus_engine.catalog.rows import Known
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Licence

GOOD = {
    "card_id": "t:1:1", "name": "One", "family_declared": "sd1", "family_detected": "sd1",
    "path": "/there.safetensors", "licence": Licence(name="CC0-1.0"), "file_sha256": "a" * 64,
}  # fmt: skip


def known(*ratings: str, **facts: object) -> Known:
    card = Adapter(**(GOOD | facts))  # pyright: ignore[reportArgumentType] - the noun checks itself
    return Known(
        card_id=card.card_id, card=card, said=card, source="t", raw=b"{}",
        examples=tuple(Example(rating=rating) for rating in ratings),
        probed=None, described=None, checked=None,
    )  # fmt: skip


def found(*cards: Known) -> list[tuple[str, str]]:
    told = troubles(cards, lambda path: path == "/there.safetensors")
    return [(each.problem, each.card_id) for each in told]


def test_a_sound_card_has_no_trouble():
    assert found(known("None", "Soft", rating="pg13")) == []


@pytest.mark.parametrize(
    ("problem", "facts"),
    [
        ("file gone", {"path": "/gone.safetensors"}),
        ("family contradicted", {"family_detected": "sdxl"}),
        ("licence gap", {"licence": Licence()}),
        ("quarantined", {"health": "quarantined", "quarantine": "burnt pictures"}),
    ],
)
def test_each_problem_is_told_of_the_card_that_has_it(problem: str, facts: dict[str, object]):
    other = known(card_id="t:2:1", file_sha256="b" * 64)
    assert found(known(**facts), other) == [(problem, "t:1:1")]


def test_a_claim_of_nothing_contradicts_nothing():
    for claim in ("", "unknown", "Other", "SD1"):
        assert found(known(family_declared=claim)) == []
    assert found(known(family_detected=None)) == []


def test_equal_bytes_are_told_of_all_cards_but_the_first():
    three = [known(card_id=f"t:{n}:1") for n in (1, 2, 3)]
    assert found(*three) == [("duplicate", "t:2:1"), ("duplicate", "t:3:1")]
    assert found(known(file_sha256=None), known(card_id="t:2:1", file_sha256=None)) == []


@pytest.mark.parametrize(
    ("said", "worst"),
    [((), None), (("strange",), None), (("None", "X", "Soft"), "x"), (("pg-13",), "pg13"), (("4",), "r")],
)  # fmt: skip
def test_pictures_rate_a_card_as_high_as_the_highest(said: tuple[str, ...], worst: str | None):
    assert worst_rating(known(*said)) == worst


def test_a_card_rated_below_its_pictures_has_a_gap():
    assert found(known("X", rating="pg")) == [("rating gap", "t:1:1")]
    assert found(known("X", rating="x")) == []


def test_only_files_make_a_checkup_fail():
    gap, gone = troubles([known(licence=Licence(), path="/gone.safetensors")], lambda _: False)
    assert gap.problem == "file gone"
    assert not Checkup(looked=1, asked=0, troubles=(gap, gone)).files_sound
    sound = Checkup(looked=1, asked=0, troubles=(gone, gone))
    assert sound.files_sound
    assert sound.counts == {"licence gap": 2}


def test_a_folder_is_no_file(tmp_path: Path):
    assert not there(str(tmp_path))
    assert not there("/a\0b")
