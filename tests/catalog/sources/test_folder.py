"""A folder of adapters: each file a card, an unchanged one a stat, a bad one a sentence."""

import asyncio
import hashlib
import os
import struct
from contextlib import aclosing

import pytest

from stylus_engine.catalog import Digests
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.importing import bring_in
from stylus_engine.catalog.nouns import Described
from stylus_engine.catalog.probe import probe
from stylus_engine.catalog.sources import folder as module
from stylus_engine.catalog.sources.folder import Folder
from stylus_engine.catalog.sources.listing import listed
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.catalog.sources.patience import Patience
from stylus_engine.errors import AdapterFileMissing, SourceSilent
from tests.catalog.sources.files import a1111, civitai_info, lora, put
from tests.catalog.sources.walks import Counting, Known, gone, items, skips, walked


def test_a_file_is_a_card(tmp_path):
    data = lora(
        1, {"modelspec.title": "Ink\u202e & Wash", "modelspec.trigger_phrase": "inkk, wash"}
    )
    path = put(tmp_path / "styles" / "my_Ink-v2.safetensors", data)
    (item,) = items(walked(Folder(tmp_path, Eyes(Digests()))))
    digest = hashlib.sha256(data).hexdigest()
    card = item.card
    assert card.card_id == f"local:styles/my_Ink-v2:{digest[:12]}"
    assert (card.file_sha256, card.file_bytes, card.path) == (digest, len(data), str(path))
    assert (card.name, card.family, card.kind) == ("Ink & Wash", "sd1", "lora")
    assert card.triggers == ("inkk", "wash")
    assert item.probed == probe(path)


def test_without_a_title_the_file_name_is_the_name(tmp_path):
    put(tmp_path / "my_Style-v2.safetensors", lora())
    put(tmp_path / "___.safetensors", lora(1))
    put(tmp_path / "水墨.SafeTensors", lora(2))
    found = items(walked(Folder(tmp_path, Eyes(Digests()))))
    assert {item.card.name for item in found} == {"my Style v2", "adapter", "水墨"}


def test_an_unchanged_file_is_not_opened_again(tmp_path):
    for number in range(5):
        put(tmp_path / f"{number}.safetensors", lora(number))
    put(tmp_path / "0.json", a1111())
    counting, known = Counting(), Known()
    source = Folder(tmp_path, counting.eyes, known=known)
    assert len(items(walked(source, known))) == 5
    counting.probed.clear()
    pages = walked(Folder(tmp_path, counting.eyes, known=known), known)
    assert (counting.probed, items(pages), gone(pages)) == ([], [], [])
    assert pages[-1].cursor == ""


@pytest.mark.parametrize("change", ["touched", "sidecar", "sidecar gone", "replaced"])
def test_what_changed_is_looked_at_and_nothing_else(tmp_path, change):
    for number in range(3):
        put(tmp_path / f"{number}.safetensors", lora(number))
    put(tmp_path / "1.json", a1111())
    counting, known = Counting(), Known()
    source = Folder(tmp_path, counting.eyes, known=known)
    walked(source, known)
    before = dict(known.stamps)
    counting.probed.clear()
    if change == "touched":
        os.utime(tmp_path / "1.safetensors", ns=(1, 10**18))
    elif change == "sidecar":
        put(tmp_path / "1.json", a1111(description="Another one, by me"))
    elif change == "sidecar gone":
        (tmp_path / "1.json").unlink()
    else:
        put(tmp_path / "new", lora(77)).replace(tmp_path / "1.safetensors")
    pages = walked(source, known)
    assert counting.probed == ["1.safetensors"]
    assert len(items(pages)) == 1
    assert len(known.stamps) == 3
    same = change != "replaced"
    assert (set(known.stamps) == set(before)) is same
    assert gone(pages) == (
        [] if same else [next(i for i in before if ":1:" in i or "local:1:" in i)]
    )


def test_a_file_that_is_gone_is_gone_and_one_that_cannot_be_looked_at_is_not(tmp_path):
    put(tmp_path / "a" / "1.safetensors", lora(1))
    put(tmp_path / "b" / "2.safetensors", lora(2))
    known = Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known)
    ids = {item.card.name: item.card.card_id for item in items(walked(source, known))}
    (tmp_path / "a" / "1.safetensors").unlink()
    assert gone(walked(source)) == [ids["1"]]
    (tmp_path / "a").rmdir()
    assert gone(walked(source)) == [ids["1"]]


def test_an_unreadable_folder_keeps_its_cards(tmp_path, monkeypatch):
    put(tmp_path / "a" / "1.safetensors", lora(1))
    known = Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known)
    walked(source, known)
    real = os.scandir

    def refusing(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    pages = walked(source)
    assert gone(pages) == []
    assert skips(pages) == {"a": ("not reachable", "The folder cannot be read.")}


def test_a_file_that_cannot_be_looked_at_keeps_its_card(tmp_path):
    """As below a folder that may be listed and not entered, or on a share that is away."""
    put(tmp_path / "1.safetensors", lora(1))
    known = Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known)
    walked(source, known)
    (tmp_path / "1.safetensors").unlink()
    (tmp_path / "1.safetensors").symlink_to(
        "1.safetensors"
    )  # in a circle: nobody can say what is there
    pages = walked(source)
    assert gone(pages) == []
    assert skips(pages) == {"1.safetensors": ("not reachable", "The file cannot be read.")}


@pytest.mark.parametrize(
    "error", [PermissionError(13, "no"), AdapterFileMissing(name="1", path="1")]
)
def test_a_file_that_cannot_be_read_now_keeps_its_card_and_is_tried_again(tmp_path, error):
    put(tmp_path / "1.safetensors", lora(1))
    known = Known()
    (card,) = (item.card for item in items(walked(Folder(tmp_path, Eyes(Digests())), known)))

    def refusing(_):
        raise error

    put(tmp_path / "1.json", a1111())
    pages = walked(Folder(tmp_path, Eyes(Digests(), refusing), known=known), known)
    assert (gone(pages), skips(pages)["1.safetensors"][0]) == ([], "not reachable")
    again = walked(Folder(tmp_path, Eyes(Digests()), known=known), known)
    assert [item.card.card_id for item in items(again)] == [card.card_id]


def test_a_folder_that_is_not_there_is_silent_and_loses_nothing(tmp_path):
    with pytest.raises(SourceSilent, match="not there"):
        walked(Folder(tmp_path / "nowhere", Eyes(Digests())))


def test_a_moved_file_keeps_what_was_learned_of_it(tmp_path):
    """With the real catalogue: gone and new, known by its bytes."""
    put(tmp_path / "shelf" / "ink.safetensors", lora(1))
    catalogue = Catalogue(tmp_path / "catalog.db")
    name = f"folder:{(tmp_path / 'shelf').resolve()}"
    source = Folder(tmp_path / "shelf", Eyes(Digests()), known=lambda: catalogue.from_source(name))
    assert source.name == name
    asyncio.run(bring_in(catalogue, source))
    (card,) = catalogue.cards()
    catalogue.learn(card.card_id, described=Described(by="rules", adds="It adds ink."))
    (tmp_path / "shelf" / "new").mkdir()
    (tmp_path / "shelf" / "ink.safetensors").rename(tmp_path / "shelf" / "new" / "wash.safetensors")
    summary = asyncio.run(bring_in(catalogue, source))
    assert (summary.taken.new, summary.taken.gone) == (1, 1)
    (moved,) = catalogue.cards()
    assert moved.card_id != card.card_id
    assert moved.description == "It adds ink."
    again = asyncio.run(bring_in(catalogue, source)).taken
    assert (again.new, again.changed, again.gone) == (0, 0, 0)


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"", "broken file", "empty"),
        (lora()[:-10], "broken file", "ends too early"),
        (b"\x80\x04\x95evil pickle of many bytes", "not safetensors", "pickle"),
        (b"PK\x03\x04" + b"x" * 40, "not safetensors", "zip"),
        (b"<!doctype html><html>...</html>", "not safetensors", "web page"),
        (struct.pack("<Q", 2**63) + b"{}", "not safetensors", "absurdly long"),
        (
            lora().replace(struct.pack("<e", 0.01), struct.pack("<e", float("nan"))),
            "broken file",
            "broken numbers",
        ),
        (
            lora().replace(b"lora_down", b"oft_block").replace(b"lora_up", b"whatevr"),
            "unsupported",
            "cannot be drawn",
        ),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_others_come_in(tmp_path, data, reason, detail):
    put(tmp_path / "bad.safetensors", data)
    put(tmp_path / "good.safetensors", lora(3))
    pages = walked(Folder(tmp_path, Eyes(Digests())))
    assert [item.card.name for item in items(pages)] == ["good"]
    told = skips(pages)["bad.safetensors"]
    assert told[0] == reason
    assert detail in told[1]
    assert "\n" not in told[1]


def test_a_known_file_that_became_broken_is_gone(tmp_path):
    path = put(tmp_path / "a.safetensors", lora(1))
    known = Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known)
    (item,) = items(walked(source, known))
    path.write_bytes(b"<html>" * 100)
    pages = walked(source, known)
    assert gone(pages) == [item.card.card_id]
    assert known.stamps == {}


def test_files_of_equal_size_and_letterless_names_are_cards_of_their_own(tmp_path):
    put(tmp_path / "水墨.safetensors", lora(1))
    put(tmp_path / "雪景.safetensors", lora(2))
    ids = {item.card.card_id for item in items(walked(Folder(tmp_path, Eyes(Digests()))))}
    assert len(ids) == 2


def test_equal_bytes_under_names_that_differ_in_signs_are_one_card(tmp_path):
    put(tmp_path / "a b.safetensors", lora(1))
    put(tmp_path / "a-b.safetensors", lora(1))
    known = Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known)
    for _ in range(2):
        pages = walked(source, known)
        assert skips(pages)["a-b.safetensors"][0] == "duplicate"
        assert gone(pages) == []
        assert len(known.stamps) == 1


def test_pipes_links_hidden_files_and_folders_that_lead_in_a_circle(tmp_path):
    put(tmp_path / "real" / "a.safetensors", lora(1))
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "real" / "a.safetensors")
    (tmp_path / "dangling.safetensors").symlink_to(tmp_path / "nowhere")
    put(tmp_path / ".cache" / "b.safetensors", lora(2))
    put(tmp_path / ".half.safetensors", lora(2))
    (tmp_path / "readme.txt").write_text("x")
    assert [each.name for each in listed(tmp_path).files] == [
        "link.safetensors",
        "real/a.safetensors",
    ]


def test_a_name_that_is_no_text_is_told(tmp_path):
    put(tmp_path / "good.safetensors", lora(1))
    with open(os.fsencode(tmp_path) + b"/b\xff.safetensors", "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(lora(2))
    pages = walked(Folder(tmp_path, Eyes(Digests())))
    assert len(items(pages)) == 1
    assert list(skips(pages).values()) == [("odd record", "Its name is not UTF-8.")]


def test_nothing_is_written_below_the_folder(tmp_path):
    shelf = tmp_path / "shelf"
    put(shelf / "a.safetensors", lora(1))
    put(shelf / "a.civitai.info", civitai_info())
    before = {path: path.stat().st_mtime_ns for path in (shelf, *shelf.rglob("*"))}
    walked(Folder(shelf, Eyes(Digests(tmp_path / "digests.json"))))
    assert {path: path.stat().st_mtime_ns for path in (shelf, *shelf.rglob("*"))} == before
    assert (tmp_path / "digests.json").exists()


def test_many_files_come_in_pages_and_too_many_are_told(tmp_path, monkeypatch):
    for number in range(7):
        put(tmp_path / f"{number}.safetensors", lora(number))
    monkeypatch.setattr(module, "PAGE", 3)
    pages = walked(Folder(tmp_path, Eyes(Digests())))
    assert [len(page.items) for page in pages] == [0, 3, 3, 1]
    assert [bool(page.cursor) for page in pages] == [True, True, True, False]
    monkeypatch.setattr(module, "PAGE_BYTES", 1)
    assert len(walked(Folder(tmp_path, Eyes(Digests())))) == 8
    monkeypatch.setattr("stylus_engine.catalog.sources.listing.MOST_FILES", 4)
    pages = walked(Folder(tmp_path, Eyes(Digests())))
    assert len(items(pages)) == 4
    assert skips(pages)[str(tmp_path)][0] == "too large"


def test_a_walk_that_was_killed_goes_on_where_it_was(tmp_path, monkeypatch):
    for number in range(7):
        put(tmp_path / f"{number}.safetensors", lora(number))
    monkeypatch.setattr(module, "PAGE", 3)
    counting, known = Counting(), Known()

    async def killed():
        async with aclosing(Folder(tmp_path, counting.eyes, known=known).pages("", "")) as pages:
            known.take(await anext(pages))
            known.take(await anext(pages))

    asyncio.run(killed())
    assert len(known.stamps) == 3
    walked(Folder(tmp_path, counting.eyes, known=known), known)
    assert len(known.stamps) == 7
    assert len(counting.probed) == len(set(counting.probed)) == 7


def test_a_file_that_changes_while_it_is_read_is_no_card_yet(tmp_path):
    path = put(tmp_path / "a.safetensors", lora(1))

    def writing(_):
        os.utime(path, ns=(1, 10**18))

    pages = walked(Folder(tmp_path, Eyes(Digests(), probe, writing)))
    assert skips(pages) == {"a.safetensors": ("broken file", "It is being written to.")}
    assert len(items(walked(Folder(tmp_path, Eyes(Digests()))))) == 1


def test_a_copy_that_stalls_is_waited_for_and_told_when_there_is_no_hope(tmp_path):
    now = [0.0]
    path = put(tmp_path / "a.safetensors", lora(1)[:-100])
    source = Folder(tmp_path, Eyes(Digests()), quiet=1.0)
    source._patience = Patience(1.0, 30.0, lambda: now[0])

    def at(seconds):
        now[0] = seconds
        pages = walked(source)
        return len(items(pages)), len(skips(pages)), source.waiting

    waits = (0, 0, ("a.safetensors",))
    assert [at(0), at(0.9), at(5), at(29)] == [waits] * 4
    assert at(30) == (0, 1, ())
    path.write_bytes(lora(1))
    assert [at(40), at(41.5)] == [waits, (1, 0, ())]


def test_the_files_own_words_warn_of_minors_and_real_people(tmp_path):
    put(tmp_path / "a.safetensors", lora(1, {"modelspec.trigger_phrase": "ink, LOLI"}))
    put(tmp_path / "b.safetensors", lora(2, {"modelspec.tags": "style, real_person"}))
    put(tmp_path / "c.safetensors", lora(3, {"modelspec.tags": "explorer, lollipop"}))
    cards = {i.card.card_id[6]: i.card for i in items(walked(Folder(tmp_path, Eyes(Digests()))))}
    assert {name: (card.minor, card.real_person) for name, card in cards.items()} == {
        "a": (True, False), "b": (False, True), "c": (False, False),
    }  # fmt: skip
