"""What `export` writes, `import cards` reads back to the same cards."""

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.exporting import write, write_cards, write_csv, written
from stylus_engine.catalog.importing import bring_in
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.sources.cardfile import Cards
from stylus_engine.catalog.sources.columns import FORMULA, card_fields
from stylus_engine.errors import StoreFailed
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Licence


def card(folder: Path, number: int = 1, **facts: object) -> Adapter:
    known = {
        "card_id": f"t:{number}:1",
        "name": f"Card {number}",
        "family_declared": "sd1",
        "path": str(folder / "files" / f"{number}.safetensors"),
    }
    return clean.cleaned(Adapter(**(known | facts)))  # pyright: ignore[reportArgumentType] - the noun checks itself


FULL = {
    "base": "pony", "kind": "locon", "category": "style", "description": "Draws, “in ink”; truly.",
    "triggers": ("inky", "wash, wet"), "tags": ("ink",), "weight": 0.7, "weight_low": -1.0,
    "weight_high": 1.5, "file_sha256": "ab" * 32, "url": "https://x.example/1", "author": "aya",
    "licence": Licence(name="CC0-1.0", commercial=True, credit=False), "rating": "pg13",
    "real_person": True, "concepts": ("ink drawing",), "not_for": "photos", "popularity": 9,
    "described_by": "rules", "file_bytes": 12, "model_key": "t:1",
}  # fmt: skip


async def back(path: Path, folder: Path) -> list[Adapter]:
    catalogue = Catalogue(folder / "catalog.db")
    summary = await bring_in(catalogue, Cards(path))
    assert summary.skipped == {}
    return list(catalogue.cards())


@pytest.mark.asyncio
async def test_cards_come_back_as_they_were(tmp_path: Path):
    cards = [
        card(tmp_path, 1, previews=(str(tmp_path / "p.png"), "https://x.example/p.png"), **FULL),
        card(tmp_path, 2, path=None, health="quarantined", quarantine="burnt"),
        card(tmp_path, 3, name="Öl auf Glas 🐉"),
    ]
    path = tmp_path / "cards.jsonl"
    assert write_cards(cards, path) == (3, 0)
    assert str(tmp_path) not in path.read_text("utf-8")
    assert await back(path, tmp_path / "new") == cards


@pytest.mark.asyncio
async def test_a_table_comes_back_too(tmp_path: Path):
    ill = {"health": "quarantined", "quarantine": "it is burnt"}
    one = card(tmp_path, 1, **(FULL | ill))
    path = tmp_path / "cards.csv"
    assert write_csv([one], path) == (1, 0)
    (read,) = await back(path, tmp_path / "new")
    assert read == one


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["c.jsonl", "c", "c.csv", "C.CSV", "c.tsv"])
async def test_a_file_is_written_as_its_name_is_read(tmp_path: Path, name: str):
    one = card(tmp_path, 1, **FULL)
    assert write([one], tmp_path / name) == (1, 0)
    assert await back(tmp_path / name, tmp_path / "new") == [one]


@pytest.mark.asyncio
async def test_a_path_whose_links_lead_in_a_circle_is_written_as_it_is(tmp_path: Path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    one = card(tmp_path, 1, path=str(tmp_path / "loop" / "1.safetensors"))
    assert write_cards([one], tmp_path / "cards.jsonl") == (1, 0)
    assert await back(tmp_path / "cards.jsonl", tmp_path / "new") == [one]


@pytest.mark.asyncio
async def test_files_elsewhere_are_left_out_and_counted(tmp_path: Path):
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "cards.jsonl"
    inside = card(tmp_path / "out", 2)
    assert write_cards([card(tmp_path, 1), inside], path) == (2, 1)
    first, second = await back(path, tmp_path / "new")
    assert (first.path, second) == (None, inside)


@pytest.mark.asyncio
async def test_an_export_that_comes_home_takes_no_file_away(tmp_path: Path):
    home, path = Catalogue(tmp_path / "catalog.db"), tmp_path / "out" / "cards.jsonl"
    path.parent.mkdir()
    own = [
        card(tmp_path, 1, previews=(str(tmp_path / "p.png"),)),
        card(tmp_path, 2, file_sha256="ab" * 32, url="https://x.example/2"),
    ]
    home.take("folder:/srv/loras", Page(items=tuple(Item(card=each) for each in own)), "now")
    for words in ("before", "after"):  # the second time the file of cards is the cards' own source
        edited = (replace(each, description=words) for each in home.cards())
        assert write_cards(edited, path) == (2, 2)
        await bring_in(home, Cards(path))
        assert list(home.cards()) == [replace(each, description=words) for each in own]


@pytest.mark.asyncio
async def test_a_card_of_another_file_does_not_keep_the_old_one(tmp_path: Path):
    home, path = Catalogue(tmp_path / "catalog.db"), tmp_path / "cards.jsonl"
    own, new = (card(tmp_path, 1, file_sha256=two * 32) for two in ("ab", "cd"))
    home.take("folder:/srv/loras", Page(items=(Item(card=own),)), "now")
    write_cards([replace(new, path=None)], path)
    await bring_in(home, Cards(path))
    assert list(home.cards()) == [replace(new, path=None)]


def test_pictures_that_a_site_takes_back_are_not_kept(tmp_path: Path):
    home, url = Catalogue(tmp_path / "catalog.db"), "https://x.example/1"
    shown = replace(card(tmp_path, 1), path=None, url=url, previews=("https://x.example/p.png",))
    hidden = replace(shown, previews=())  # none of them is mild any more
    for each in (shown, hidden):
        home.take("civitai", Page(items=(Item(card=each),)), "now")
    assert list(home.cards()) == [hidden]


def test_a_file_that_a_site_puts_in_the_place_of_another_is_not_taken_for_it(tmp_path: Path):
    home, url = Catalogue(tmp_path / "catalog.db"), "https://x.example/1"
    old = replace(card(tmp_path, 1), path=None, url=url, file_sha256="ab" * 32)
    new = replace(old, file_sha256=None)  # not measured there yet
    for each in (old, new):
        home.take("civitai", Page(items=(Item(card=each),)), "now")
    assert list(home.cards()) == [new]


WORDS = st.text(st.sampled_from("ab'=+-@|\\;, \"(é"), max_size=8)


@given(name=WORDS, words=st.lists(WORDS, max_size=4))
def test_a_table_says_what_the_card_said(
    tmp_path_factory: pytest.TempPathFactory, name: str, words: list[str]
):
    one = clean.cleaned(
        Adapter(
            card_id="t:1:1", name=f"{name}n", family_declared="sd1", triggers=tuple(words),
            description=name, path=None,
        )
    )  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "said.csv"
    write_csv([one], path)
    with path.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    said = card_fields({name: cell.strip() for name, cell in row.items()})
    assert (said["name"], said.get("description", "")) == (one.name, one.description)
    assert tuple(said.get("triggers", ())) == one.triggers  # pyright: ignore[reportArgumentType] - a list of texts


@pytest.mark.asyncio
async def test_a_path_that_a_spreadsheet_would_run_is_found_again(tmp_path: Path):
    one = card(tmp_path, 1, name="-dash", path=str(tmp_path / "=cmd|x.safetensors"))
    write_csv([one], tmp_path / "cards.csv")
    (read,) = await back(tmp_path / "cards.csv", tmp_path / "new")
    assert (read.name, read.path) == (one.name, one.path)


@given(text=st.text(max_size=40))
def test_no_cell_is_run_by_a_spreadsheet(tmp_path_factory: pytest.TempPathFactory, text: str):
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.csv"
    write_csv([card(folder, name=f"a{text}", description=text, author=text)], path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 2
    assert not any(cell.startswith(FORMULA) and not cell.lstrip("-").replace(".", "").isdecimal() for cell in rows[1])  # fmt: skip


def half(path: Path) -> None:
    with written(path) as file:
        file.write("half")
        raise ValueError("broken")


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path: Path):
    path = tmp_path / "cards.jsonl"
    path.write_text("before")
    with pytest.raises(ValueError, match="broken"):
        half(path)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["cards.jsonl"]
    with pytest.raises(StoreFailed):
        write_cards([], tmp_path / "no" / "cards.jsonl")


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path):
    """What was begun beside it cannot even be looked for; that is not what to tell."""
    with pytest.raises(StoreFailed, match="File name too long"):
        write_cards([], tmp_path / f"{'a' * 250}.jsonl")


def test_a_pipe_or_a_device_is_not_replaced_by_a_file(tmp_path: Path):
    pipe = tmp_path / "cards.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(StoreFailed, match="a device or a pipe"):
        write_cards([], pipe)
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["cards.jsonl"]


def test_a_link_stays_a_link_and_what_it_names_is_written(tmp_path: Path):
    """`/dev/stdout` is a link to the file that a shell sends it to."""
    away, link = tmp_path / "away", tmp_path / "cards.jsonl"
    away.mkdir()
    link.symlink_to(away / "all.jsonl")
    for number in (1, 2):  # the file is not there yet, then it is
        write_cards([card(tmp_path)] * number, link)
        assert link.is_symlink()
        assert len((away / "all.jsonl").read_text().splitlines()) == number
    assert [each.name for each in away.iterdir()] == ["all.jsonl"]


def test_a_folder_is_no_file_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(StoreFailed):
        write_cards([], Path())
