"""The file of cards: read, cleaned, and refused line by line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog import CardFile
from stylus_engine.catalog.clean import line
from stylus_engine.errors import BadCards

GOOD = {"card_id": "t:1:1", "name": "Ember Dragon", "family_declared": "sd1"}


def write(folder, *cards):
    path = folder / "cards.jsonl"
    rows = [c if isinstance(c, bytes) else json.dumps(GOOD | c).encode() for c in cards]
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


def one(folder, **fields):
    return next(iter(CardFile(write(folder, fields)).cards()))


def test_cards_in_the_order_of_their_file(tmp_path):
    store = CardFile(write(tmp_path, {}, b"", {"card_id": "t:2:1", "name": "Tin Robot"}))
    assert [card.card_id for card in store.cards()] == ["t:1:1", "t:2:1"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({}, "already used on line 1"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe{}", "UTF-8|malformed|invalid"),
        (json.dumps(GOOD | {"card_id": "t:2:1", "name": 7}).encode(), "Expected `str`"),
        ({"card_id": "t:2:1", "surprise": 1}, "surprise"),
        ({"card_id": "t:2:1", "weight": 9}, "must lie between"),
        ({"card_id": "t:2:1", "weight_low": 2.0, "weight_high": 1.0}, "must lie between"),
        ({"card_id": "t:2:1", "rating": "naughty"}, "naughty"),
        ({"card_id": "no colons"}, "source:id:version"),
        ({"card_id": "t:2:1\n"}, "source:id:version"),
        ({"card_id": "t:2:1", "name": "\u202e\u200b"}, "nothing that can be shown"),
        ({"card_id": "t:2:1", "path": "../secret.safetensors"}, "leaves the folder"),
        ({"card_id": "t:2:1", "path": "/etc/passwd"}, "leaves the folder"),
        ({"card_id": "t:2:1", "path": "a\x00b"}, "zero byte"),
        ({"card_id": "t:2:1", "previews": ["../../x.png"]}, "leaves the folder"),
        ({"card_id": "t:2:1", "url": "file:///etc/passwd"}, "https"),
        ({"card_id": "t:2:1", "url": "https://user:pw@host/x"}, "https"),
        ({"card_id": "t:2:1", "description": "x" * 70_000}, "bytes"),
        (b'{"card_id": "t:2:1", "name": "\xc3\x28", "family_declared": "x"}', "UTF-8|utf-8"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path, bad, why):
    with pytest.raises(BadCards, match=why) as told:
        CardFile(write(tmp_path, {}, bad))
    assert told.value.line == 2
    assert "\n" not in str(told.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(BadCards, match="cannot be read"):
        CardFile(tmp_path / "gone.jsonl")


def test_hostile_text_is_cleaned_and_capped(tmp_path):
    card = one(
        tmp_path, name="Dra\u202egon\x1b[31m\u200b\n" + "x" * 500, description="a\x00b\n\tc" + "y" * 5000,
        triggers=["t" * 99, "t" * 99, " ", "\U000e0041hid"], tags=["ok"] * 90, author="\u2066me\u2069",
    )  # fmt: skip
    assert card.name.startswith("Dragon[31m xxx")
    assert len(card.name) == 120
    assert card.description.startswith("ab cyy")
    assert len(card.description) == 2000
    assert card.triggers == ("t" * 60, "hid")
    assert (card.tags, card.author) == (("ok",), "me")


def test_emoji_and_other_scripts_stay(tmp_path):
    assert one(tmp_path, name="👩‍🎨 اژدها می‌آید 竜").name == "👩‍🎨 اژدها می‌آید 竜"


def test_paths_are_made_absolute_inside_the_folder(tmp_path):
    card = one(tmp_path, path="adapters/a.safetensors", previews=["p/1.png", "https://x.org/1.png"])
    assert card.path == str(tmp_path.resolve() / "adapters/a.safetensors")
    assert card.previews == (str(tmp_path.resolve() / "p/1.png"), "https://x.org/1.png")


def test_a_link_out_of_the_folder_is_a_way_out(tmp_path):
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    with pytest.raises(BadCards, match="leaves the folder"):
        CardFile(write(folder, {"path": "out/a.safetensors"}))


@given(st.text(), st.integers(0, 50))
def test_a_cleaned_line_is_one_clean_line(text, most):
    clean = line(text, most)
    assert len(clean) <= most
    assert line(clean, most) == clean
    assert not set(clean) & set("\n\r\t\x00\x1b\u202e\u2066\u200b\ufeff")
