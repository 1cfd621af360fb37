"""The paper's archive: rows become cards, odd ones are told, a walk goes on where it was."""

import asyncio
import json
import zipfile
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from stylus_engine.catalog.nouns import Item
from stylus_engine.catalog.sources import stylusdocs as module
from stylus_engine.catalog.sources.stylusdocs import SPACE, StylusDocs
from stylus_engine.errors import BadArchive, TooMuch
from tests.catalog.sources.archive import OLD, make, row


def walked(source, cursor=""):
    """Every page of a source."""

    async def walk():
        async with aclosing(source.pages(cursor, "")) as pages:
            return [page async for page in pages]

    return asyncio.run(walk())


def folder(where: Path, rows: list[dict], **how) -> Path:
    make(where / "cache" / "sd_adapters.pkl", rows, **how)
    return where


def one(tmp_path, **fields) -> Item:
    """The item of a single row."""
    (page,) = walked(StylusDocs(folder(tmp_path, [row(6, **fields)])))
    return page.items[0]


@pytest.mark.parametrize("path", [None, OLD])
def test_a_row_is_a_card(tmp_path, path):
    how = {"module": path} if path else {}
    (page,) = walked(StylusDocs(folder(tmp_path, [row(6)], **how)))
    (item,) = page.items
    card = item.card
    assert card.card_id == "civitai:6:42"
    assert card.url == "https://civitai.com/api/download/models/42"
    assert (card.name, card.family, card.kind) == ("Ink Style 6", "sd1", "lora")
    assert card.description == "Draws in black ink with soft washes."
    assert (card.described_by, card.weight, card.popularity) == ("stylusdocs", 0.8, 1006)
    assert (card.triggers, card.tags) == (("inkk", "wash"), ("style", "ink"))
    assert card.model_key == "civitai:6"
    assert [(e.prompt, e.negative) for e in item.examples] == [
        ("inkk, a heron", "blurry"),
        ("", ""),
    ]
    assert json.loads(item.raw) == row(6)
    assert (page.cursor, page.total) == ("", 1)


def test_without_a_models_words_the_authors_are_taken(tmp_path):
    card = one(tmp_path, llm_description=None, description="<p>Ink &amp; <b>wash</b></p>").card
    assert (card.description, card.described_by) == ("Ink & wash", "card")


def test_the_file_itself_is_the_archive_too(tmp_path):
    where = folder(tmp_path, [row(6)]) / "cache" / "sd_adapters.pkl"
    (page,) = walked(StylusDocs(where))
    assert [item.card.card_id for item in page.items] == ["civitai:6:42"]
    with pytest.raises(BadArchive, match=r"holds no sd_adapters\.pkl"):
        walked(StylusDocs(tmp_path / "elsewhere" / "sd_adapters.pkl"))


@pytest.mark.parametrize(
    ("given", "weight"),
    [(0.8, 0.8), (1.4, 1.4), (0, 0.8), (-1, 0.8), (99, 0.8), (None, 0.8), ("0.6", 0.6), ([], 0.8)],
)
def test_an_absurd_weight_is_the_usual_one(tmp_path, given, weight):
    card = one(tmp_path, weight=given).card
    assert (card.weight, card.weight_high) == (weight, max(weight, 1.0))


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"adapter_id": None}, "odd record", "no id"),
        ({"adapter_id": True}, "odd record", "no id"),
        ({"title": ["x"]}, "odd record", "no title"),
        ({"title": "\u200b\u202e"}, "odd record", "no title"),
        ({"download_url": None}, "no file", "not one of Civitai's"),
        ({"download_url": "https://civitai.com.evil.org/api/download/models/1"}, "no file", "not"),
        ({"download_url": "http://civitai.com/api/download/models/1"}, "no file", "not"),
        ({"download_url": "file:///etc/passwd"}, "no file", "not"),
        ({"base_model": ""}, "no family", "no base model"),
        ({"base_model": "Other"}, "no family", "no base model"),
        ({"description": "x" * 2_000_000}, "odd record", "characters"),
        ({"image_urls": ["x"] * 20_000}, "odd record", "characters"),
    ],
)
def test_a_row_that_is_no_card_is_told(tmp_path, fields, reason, detail):
    (page,) = walked(StylusDocs(folder(tmp_path, [row(6, **fields)])))
    (skipped,) = page.skipped
    assert (skipped.reason, skipped.what.split()[:2]) == (reason, ["row", "0"])
    assert detail in skipped.detail


def test_a_row_of_wrong_kinds_is_a_card_as_far_as_it_goes(tmp_path):
    card = one(
        tmp_path, tags="style, ink", trigger_words=None, stats="many", image_urls=None,
        image_prompts={"a": 1}, description=7, llm_description=7, weight={},
    ).card  # fmt: skip
    assert card.tags == ("style", "ink")
    assert (card.triggers, card.popularity, card.description) == ((), 0, "")


def test_real_persons_are_flagged_by_the_crawls_own_tags(tmp_path):
    assert one(tmp_path, tags=["woman", "Celebrity"]).card.real_person
    assert not one(tmp_path, tags=["character"]).card.real_person


def test_previews_are_plain_addresses_only(tmp_path):
    item = one(
        tmp_path, image_urls=["http://127.0.0.1/x", "https://u:p@h/x", "https://x.org/a.png"]
    )
    assert item.card.previews == ("https://x.org/a.png",)
    assert [example.url for example in item.examples] == ["https://x.org/a.png"]


@pytest.fixture
def short(monkeypatch):
    """Pages of a hundred, so that a few of them are quick."""
    monkeypatch.setattr(module, "PAGE", 100)


def test_a_page_is_a_thousand_rows():
    assert module.PAGE == 1000


@pytest.mark.usefixtures("short")
def test_pages_and_on_from_any_cursor(tmp_path):
    source = StylusDocs(folder(tmp_path, [row(n) for n in range(1, 252)]))
    pages = walked(source)
    assert [len(page.items) for page in pages] == [100, 100, 51]
    assert [page.cursor.partition("@")[0] for page in pages] == ["100", "200", ""]
    assert walked(source, pages[1].cursor) == pages[2:]
    assert walked(source, "nonsense") == pages


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("count", [150, 400])
def test_an_archive_that_was_replaced_since_is_walked_from_its_beginning(tmp_path, count, packed):
    def put(rows):
        where = folder(tmp_path / "docs", rows)
        return StylusDocs(zipped_from(where, tmp_path / "docs.zip") if packed else where)

    before = walked(put([row(n) for n in range(1, 252)]))
    now = walked(put([row(n) for n in range(1000, 1000 + count)]), before[1].cursor)
    assert sum(len(page.items) for page in now) == count


@pytest.mark.usefixtures("short")
def test_a_walk_killed_after_any_page_loses_and_doubles_nothing(tmp_path):
    source = StylusDocs(folder(tmp_path, [row(n) for n in range(1, 212)]))

    async def killed():
        taken, cursor = [], ""
        while True:
            async with aclosing(source.pages(cursor, "")) as pages:
                page = await anext(pages)  # and then the process ends
            taken += [item.card.card_id for item in page.items]
            cursor = page.cursor
            if not cursor:
                return taken

    assert asyncio.run(killed()) == [f"civitai:{n}:{n * 7}" for n in range(1, 212)]


def vectors(where: Path, array: np.ndarray) -> None:
    np.save(where / "cache" / "sd_embeddings.npy", array)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("kind", ["<f8", "<f4", "<f2"])
@pytest.mark.parametrize("zipped", [False, True])
def test_stored_vectors_come_along_as_units(tmp_path, kind, zipped):
    where = folder(tmp_path / "docs", [row(n) for n in range(1, 121)])
    array = np.random.default_rng(5).standard_normal((120, 12)).astype(kind)
    array[3] = 0
    array[4, 2] = np.nan
    vectors(where, array)
    if zipped:
        where = zipped_from(where, tmp_path / "docs.zip")
    pages = walked(StylusDocs(where, vectors=True))
    items = [item for page in pages for item in page.items]
    assert {item.space for item in items} == {f"{SPACE}@12", ""}
    assert [n for n, item in enumerate(items) if item.vector is None] == [3, 4]
    for n in (0, 99, 100, 119):
        reference = array[n].astype(np.float64) / np.linalg.norm(array[n].astype(np.float64))
        stored = np.frombuffer(items[n].vector or b"", "<f4")
        np.testing.assert_allclose(stored, reference, atol=1e-6)
    resumed = walked(StylusDocs(where, vectors=True), pages[0].cursor)
    assert [item.vector for item in resumed[0].items] == [item.vector for item in items[100:]]
    assert all(item.vector is None for item in walked(StylusDocs(where))[0].items)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(10), np.zeros((2, 2), "int64"), np.zeros((2, 9000)), np.asfortranarray(np.ones((3, 2))),
        np.array([[object()]], dtype=object), np.ones((1, 4)),
    ],
)  # fmt: skip
def test_vectors_that_are_none_are_refused_or_left_out(tmp_path, array):
    where = folder(tmp_path, [row(1), row(2)])
    np.save(where / "cache" / "sd_embeddings.npy", array, allow_pickle=True)
    source = StylusDocs(where, vectors=True)
    if array.shape == (1, 4):  # fewer than there are rows: the others are embedded anew
        assert [bool(item.vector) for item in walked(source)[0].items] == [True, False]
        return
    with pytest.raises(BadArchive, match="vectors"):
        walked(source)


def test_vectors_cut_short_are_told(tmp_path):
    where = folder(tmp_path, [row(1), row(2)])
    vectors(where, np.ones((2, 4)))
    path = where / "cache" / "sd_embeddings.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(BadArchive, match="ends too early"):
        walked(StylusDocs(where, vectors=True))


def zipped_from(where: Path, to: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted((where / "cache").iterdir()):
            file.write(path, f"{prefix}cache/{path.name}")
    return to


@pytest.mark.parametrize("prefix", ["", "../../../", "/etc/", "C:\\"])
def test_a_zip_is_read_and_never_unpacked(tmp_path, prefix):
    where = folder(tmp_path / "in", [row(1)])
    archive = zipped_from(where, tmp_path / "docs.zip", prefix)
    before = set(tmp_path.rglob("*"))
    assert [item.card.card_id for item in walked(StylusDocs(archive))[0].items] == ["civitai:1:7"]
    assert set(tmp_path.rglob("*")) == before


def test_two_lists_in_one_zip_are_one_too_many(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a/sd_adapters.pkl", b"x")
        file.writestr("b/sd_adapters.pkl", b"x")
    with pytest.raises(BadArchive, match="more than one"):
        walked(StylusDocs(archive))


def test_a_zip_bomb_is_too_much(tmp_path, monkeypatch):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("sd_adapters.pkl", b"\0" * 5_000_000)
    monkeypatch.setattr("stylus_engine.catalog.sources.stylusdocs.MOST_BYTES", 1_000_000)
    with pytest.raises(TooMuch, match="more than"):
        walked(StylusDocs(archive))


@pytest.mark.parametrize(
    "content", [None, b"", b"PK\x03\x04broken", b"<html>", b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_archive_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadArchive) as refused:
        walked(StylusDocs(path))
    assert "\n" not in str(refused.value)


def test_a_damaged_member_is_one_sentence(tmp_path):
    where = folder(tmp_path / "in", [row(n) for n in range(1, 50)])
    archive = zipped_from(where, tmp_path / "a.zip")
    data = bytearray(archive.read_bytes())
    data[200:240] = bytes(40)
    archive.write_bytes(data)
    with pytest.raises(BadArchive):
        walked(StylusDocs(archive))


def test_an_empty_list_is_one_empty_page(tmp_path):
    (page,) = walked(StylusDocs(folder(tmp_path, [])))
    assert (page.items, page.cursor, page.total) == ((), "", 0)


def test_a_text_named_a_million_times_over_costs_nothing(tmp_path):
    """Memo references: 3 MB of pickle that would be terabytes of JSON."""
    text = b"X" + (1_000_000).to_bytes(4, "little") + b"x" * 1_000_000 + b"q\x00"
    info = b"cstylus.refiner.fetch_adapter_metadata\nAdapterInfo\n"
    state = (
        b"}(X\x0a\x00\x00\x00adapter_idK\x01X\x0b\x00\x00\x00description]("
        + b"h\x00" * 500_000
        + b"eu"
    )
    data = b"\x80\x02" + text + b"0](" + info + b")\x81" + state + b"be."
    (tmp_path / "sd_adapters.pkl").write_bytes(data)
    with pytest.raises(BadArchive, match="asks for POP"):
        walked(StylusDocs(tmp_path))
    data = (
        b"\x80\x02]("
        + info
        + b")\x81}(X\x01\x00\x00\x00a"
        + text
        + state.replace(b"}(", b"", 1)
        + b"be."
    )
    (tmp_path / "sd_adapters.pkl").write_bytes(data)
    (page,) = walked(StylusDocs(tmp_path))
    assert [skip.reason for skip in page.skipped] == ["odd record"]


def test_a_long_name_of_a_field_costs_nothing_either(tmp_path):
    name = b"X" + (2_000_000).to_bytes(4, "little") + b"x" * 2_000_000 + b"q\x00"
    info = b"cstylus.refiner.fetch_adapter_metadata\nAdapterInfo\n"
    fields = b"}(X\x0a\x00\x00\x00adapter_idK\x01" + name + b"K\x01ub"
    (tmp_path / "sd_adapters.pkl").write_bytes(b"\x80\x02](" + info + b")\x81" + fields + b"e.")
    (page,) = walked(StylusDocs(tmp_path))
    assert "holds more than" in page.skipped[0].detail


@pytest.mark.parametrize(
    ("fields", "rating"),
    [({}, "pg13"), ({"tags": ["nsfw_pose"]}, "x"), ({"title": "Essex"}, "pg13")],
)
def test_what_says_so_itself_is_not_for_everybody(tmp_path, fields, rating):
    assert one(tmp_path, **fields).card.rating == rating
