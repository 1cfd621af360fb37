"""Cards that somebody wrote down, in lines or in a table; what cannot be read is told with its line."""

import asyncio
import csv
import io
import json
import tracemalloc
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sections import MINIATURE
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.lines import LONGEST, card_of
from stylus_engine.catalog.sources.cardfile import Cards
from stylus_engine.catalog.sources.columns import COLUMNS
from stylus_engine.errors import BadArchive

GOOD = {"card_id": "t:1:1", "name": "Ember Dragon", "family_declared": "sd1-96"}


def walked(path, cursor=""):
    async def walk():
        async with aclosing(Cards(path).pages(cursor, "")) as pages:
            return [page async for page in pages]

    return asyncio.run(walk())


def told(path):
    """Cards, and what became none: line -> (reason, detail)."""
    pages = walked(path)
    assert pages[-1].cursor == ""
    cards = [item.card for page in pages for item in page.items]
    return cards, {skip.what: (skip.reason, skip.detail) for page in pages for skip in page.skipped}


def lines(tmp_path, *each, name="cards.jsonl"):
    path = tmp_path / name
    raw = [one if isinstance(one, bytes) else json.dumps(GOOD | one).encode() for one in each]
    path.write_bytes(b"\n".join(raw))
    return path


def table(tmp_path, text, name="cards.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_miniatures_own_cards_come_out_as_a_settings_file_reads_them():
    cards, skipped = told(MINIATURE / "cards.jsonl")
    assert cards == list(CardFile(MINIATURE / "cards.jsonl").cards())
    assert skipped == {}


def test_bad_lines_are_told_and_the_rest_comes_in(tmp_path):
    path = lines(
        tmp_path, {}, b"{", b"", b"[]", {"card_id": "t:2:1", "name": 7}, b"\xff\xfe{}",
        {"card_id": "t:3:1", "surprise": 1}, {"card_id": "t:4:1", "path": "../../etc/passwd"},
        {"card_id": "t:5:1", "url": "file:///etc/passwd"}, {"card_id": "t:6:1", "description": "x" * 70_000},
        b'{"a":' * 60_000, {"card_id": "t:7:1", "weight": 9}, {}, {"card_id": "t:8:1", "name": "Last"},
    )  # fmt: skip
    cards, skipped = told(path)
    assert [card.name for card in cards] == ["Ember Dragon", "Last"]
    assert list(skipped) == [f"line {n}" for n in (2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)]
    for line, why in {
        2: "truncated", 4: "Expected `object`", 5: "Expected `str`", 6: "", 7: "surprise", 8: "leaves the folder",
        9: "https", 10: "bytes", 11: "bytes", 12: "must lie between", 13: "already used on line 1",
    }.items():  # fmt: skip
        reason, detail = skipped[f"line {line}"]
        assert why in detail
        assert "\n" not in detail
        assert reason == ("duplicate" if line == 13 else "odd record")


def test_a_path_whose_links_lead_in_a_circle_ends_no_import(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    facts = {"path": "loop/a.safetensors"}, {"path": "loop"}, {"previews": ["loop"]}
    each = [fact | {"card_id": f"t:{n}:1"} for n, fact in enumerate(facts)]
    cards, skipped = told(lines(tmp_path, *each, {"card_id": "t:9:1"}))
    assert [card.card_id for card in cards] == ["t:0:1", "t:1:1", "t:2:1", "t:9:1"]
    assert skipped == {}


def test_a_byte_order_mark_and_windows_lines_are_no_trouble(tmp_path):
    raw = (
        b"\xef\xbb\xbf"
        + json.dumps(GOOD).encode()
        + b"\r\n\r\n"
        + json.dumps(GOOD | {"card_id": "t:2:1"}).encode()
    )
    cards, skipped = told(lines(tmp_path, raw))
    assert ([card.card_id for card in cards], skipped) == (["t:1:1", "t:2:1"], {})


def test_a_line_without_end_is_one_skip(tmp_path):
    path = lines(tmp_path, {}, b"x" * (5 * LONGEST + 3), b"y" * (LONGEST + 1), {"card_id": "t:2:1"})
    cards, skipped = told(path)
    assert [card.card_id for card in cards] == ["t:1:1", "t:2:1"]
    assert list(skipped) == ["line 2", "line 3"]


@pytest.mark.parametrize("name", ["gone.jsonl", "gone.csv", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, name):
    with pytest.raises(BadArchive, match="cannot be read"):
        walked(tmp_path / name)


def test_on_from_any_cursor_and_a_duplicate_is_found_wherever_it_stood(tmp_path):
    each = [{"card_id": f"t:{n}:1"} for n in range(2500)]
    path = lines(tmp_path, *each, {"card_id": "t:5:1"})
    pages = walked(path)
    assert [len(page.items) for page in pages] == [1000, 1000, 500, 0]
    counts = [page.cursor.partition("@")[0] for page in pages]
    assert counts == ["1000", "2000", "2501", ""]
    assert walked(path, pages[0].cursor) == pages[1:]
    assert walked(path, pages[1].cursor) == pages[2:]
    assert pages[2].skipped[0].detail == "the id t:5:1 is already used on line 6"


def test_a_file_that_was_edited_since_is_walked_from_its_beginning(tmp_path):
    """Else a line put in above the place where it stopped would never be a card."""
    each = [{"card_id": f"t:{n}:1"} for n in range(1500)]
    path = lines(tmp_path, *each)
    first = walked(path)[0].cursor
    path.write_bytes(path.read_bytes().replace(b"t:7:1", b"t:7:2", 1))
    again = walked(path, first)
    assert [len(page.items) for page in again] == [1000, 500, 0]
    assert again[0].items[7].card.card_id == "t:7:2"
    for odd in ("1000", "1000@", "x@y", "@", f"-1@{first.partition('@')[2]}"):
        assert len(walked(path, odd)) == 3


# --- tables ----------------------------------------------------------------------


def test_every_column(tmp_path):
    row = {
        "id": "mine:ink:2", "name": "Ink, “Wash”", "family": "Illustrious", "kind": "locon", "category": "style",
        "description": 'says "hello"\nand more', "triggers": "inkk| wash |", "tags": "a|b", "weight": "0.7",
        "weight_low": "0.2", "weight_high": "1.2", "url": "https://x.org/a", "path": "sub/a.safetensors",
        "sha256": "AB" * 32, "previews": "p/1.png|https://x.org/1.png", "author": "me", "licence": "CC0",
        "commercial": "yes", "derivatives": "TRUE", "credit": "0", "rating": "PG13", "real_person": "no",
        "minor": "", "concepts": "ink|wash", "not_for": "photos", "popularity": "12", "base": "",
        "health": "Quarantined", "quarantine": "it is burnt", "bytes": "42", "model": "mine:ink", "described_by": "rules",
    }  # fmt: skip
    assert row.keys() == COLUMNS.keys()
    text = io.StringIO()
    writer = csv.DictWriter(text, row)
    writer.writeheader()
    writer.writerow(row)
    cards, skipped = told(table(tmp_path, text.getvalue()))
    (card,) = cards
    assert skipped == {}
    assert (card.card_id, card.name, card.family_declared, card.base) == (
        "mine:ink:2",
        "Ink, “Wash”",
        "sdxl",
        "illustrious",
    )
    assert (card.kind, card.category, card.description) == (
        "locon",
        "style",
        'says "hello" and more',
    )
    assert (card.triggers, card.tags, card.concepts) == (
        ("inkk", "wash"),
        ("a", "b"),
        ("ink", "wash"),
    )
    assert (card.weight, card.weight_low, card.weight_high) == (0.7, 0.2, 1.2)
    assert (card.url, card.path) == ("https://x.org/a", str(tmp_path / "sub/a.safetensors"))
    assert card.previews == (str(tmp_path / "p/1.png"), "https://x.org/1.png")
    assert (card.file_sha256, card.author, card.rating, card.popularity) == (
        "ab" * 32,
        "me",
        "pg13",
        12,
    )
    assert (
        card.licence.name,
        card.licence.commercial,
        card.licence.derivatives,
        card.licence.credit,
    ) == ("CC0", True, True, False)
    assert (card.real_person, card.minor, card.not_for) == (False, False, "photos")
    assert (card.file_bytes, card.model_key, card.described_by) == (42, "mine:ink", "rules")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_usual_separators(tmp_path, delimiter):
    rows = [
        ["\ufeffName", "FAMILY", " weight "],
        ["Ink", "SD 1.5", "1.5"],
        ["", "", ""],
        ["Wash", "sd1-96", ""],
    ]
    cards, skipped = told(table(tmp_path, "\r\n".join(delimiter.join(row) for row in rows)))
    assert [(card.name, card.family, card.weight, card.weight_high) for card in cards] == [
        ("Ink", "sd1", 1.5, 1.5), ("Wash", "sd1-96", 0.8, 1.0),
    ]  # fmt: skip
    assert skipped == {}
    assert len({card.card_id for card in cards}) == 2


def test_a_weight_may_have_a_decimal_comma_and_one_that_is_none_is_told_by_its_column(tmp_path):
    rows = ["name;family;weight;weight_low", "Ink;sd1;0,8;-0,5", "Wash;sd1;99;", "Oil;sd1;0,5;0,7"]
    cards, skipped = told(table(tmp_path, "\n".join(rows)))
    assert [(card.weight, card.weight_low) for card in cards] == [(0.8, -0.5)]
    assert [why for _, why in skipped.values()] == [
        "in column “weight” 99 was given; a weight must lie between -4 and 4",
        "the weight must lie between 0.7 and 1; 0.5 was given",
    ]


def test_bad_rows_are_told_and_the_rest_comes_in(tmp_path):
    rows = [
        b"name,family,weight,real_person,colour,url", b"Ink,sd1,,,,", b",sd1,,,,", b"Wash,,,,,", b"Oil,sd1,heavy,,,",
        b"Oil,sd1,99,,,", b"Oil,sd1,,perhaps,,", b"Oil,sd1,,,,,,too,many", b"O\xffl,sd1,,,,", b'Oil,"sd1"x,,,,',
        b"Oil,sd1,,,,http://x.org/a", b"Chalk,sdxl", b"Ink,sd1,0.3,,,",
    ]  # fmt: skip
    cards, skipped = told(table(tmp_path, b"\n".join(rows)))
    assert [card.name for card in cards] == ["Ink", "Chalk"]
    whys = {
        1: "no column “colour”", 3: "no name", 4: "no family", 5: "“heavy” is no number", 6: "must lie between",
        7: "neither yes nor no", 8: "9 cells for 6 columns", 9: "not UTF-8", 10: "quotes", 11: "https",
        13: "already used on line 2",
    }  # fmt: skip
    assert list(skipped) == [f"line {line}" for line in whys]
    for line, why in whys.items():
        assert why in skipped[f"line {line}"][1]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path):
    rows = [
        "name,family,description",
        'A,sd1,"opened',
        *(f"B{n},sd1,fine" for n in range(300)),
        'C,sd1,5" tall',
        'D,sd1,"two\nlines"',
        "E,sd1,x",
    ]
    cards, skipped = told(table(tmp_path, "\n".join(rows)))
    assert [card.name for card in cards] == [*(f"B{n}" for n in range(300)), "D", "E"]
    assert list(skipped) == ["line 2", "line 303"]


def test_numbers_of_lines_count_those_inside_cells(tmp_path):
    text = (
        'name,family,description\nA,sd1,"1\n2\n3"\n\n,sd1,bad\n'
        + "x" * (2 * LONGEST)
        + "\nB,sd1,\n,,bad"
    )
    cards, skipped = told(table(tmp_path, text))
    assert [card.name for card in cards] == ["A", "B"]
    assert list(skipped) == ["line 6", "line 7", "line 9"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a,b,c\n1,2,3",
        "name\nInk",
        "name,name,family\n",
        '"name,family\n',
        "<html>",
        b"\xff\xfen\0a\0",
        "\0" * 99,
    ],
)
def test_a_table_without_its_first_line_is_one_sentence(tmp_path, text):
    with pytest.raises(BadArchive, match="first line") as refused:
        walked(table(tmp_path, text))
    assert "\n" not in str(refused.value)


@given(
    st.lists(
        st.lists(
            st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=2, max_size=3
        ),
        max_size=6,
    )
)
def test_what_the_csv_module_writes_is_read_row_by_row(tmp_path_factory, rows):
    """An independent writer: every row is a card or is told with its line."""
    where = tmp_path_factory.mktemp("csv")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([["name", "family", "description"], *rows])
    cards, skipped = told(table(where, text.getvalue()))
    blank = sum(not any(cell.strip() for cell in row) for row in rows)
    if "\r" not in "".join(cell for row in rows for cell in row):
        assert len(cards) + len(skipped) == len(rows) - blank


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_tables(tmp_path_factory, data):
    where = tmp_path_factory.mktemp("csv")
    told(table(where, b"name,family,description\n" + data))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_memory_does_not_grow_with_the_file(tmp_path, kind):
    path = tmp_path / f"cards.{kind}"
    with path.open("w") as file:
        file.write("" if kind == "jsonl" else "name,family,description\n")
        for n in range(6_000):
            line = (
                f"Ink {n},sd1,{'words ' * 20}"
                if kind == "csv"
                else json.dumps(GOOD | {"card_id": f"t:{n}:1", "description": "words " * 20})
            )
            file.write(line + "\n")

    async def walk():
        async with aclosing(Cards(path).pages("", "")) as pages:
            return sum([len(page.items) async for page in pages])

    tracemalloc.start()
    try:
        assert asyncio.run(walk()) == 6_000
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_counts_that_no_database_holds_are_told(tmp_path):
    each = {"popularity": 10**20}, {"file_bytes": -1}, {"card_id": "t:3:1"}
    cards, skipped = told(lines(tmp_path, *each))
    assert ([card.card_id for card in cards], list(skipped)) == (["t:3:1"], ["line 1", "line 2"])
    cards, skipped = told(table(tmp_path, "name,family,popularity\nA,sd1,1e30\nB,sd1,3"))
    assert ([card.name for card in cards], list(skipped)) == (["B"], ["line 2"])


def test_every_text_of_a_line_is_cleaned_and_capped(tmp_path):
    each = {"concepts": ["ink\u202e wash"] * 50, "not_for": "x" * 9000, "base": "po\u200bny"}
    (card,), _ = told(lines(tmp_path, each))
    assert (card.concepts, len(card.not_for), card.base) == (("ink wash",), 2000, "pony")


def test_a_digest_in_capitals_is_the_same_one_and_what_is_none_is_told(tmp_path):
    raw = '{"card_id":"t:1:1","name":"n","family_declared":"sd1","file_sha256":"%s"}'
    assert card_of((raw % ("AB" * 32)).encode(), tmp_path).file_sha256 == "ab" * 32
    for odd in ("zz", "ab" * 31, "../" * 20, ""):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            card_of((raw % odd).encode(), tmp_path)
