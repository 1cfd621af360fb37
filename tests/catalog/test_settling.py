"""One file that the settings name and that somebody imports: nothing is written for its own sake, nothing lost."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.importing import bring_in
from stylus_engine.catalog.settling import heed_warnings, settle
from stylus_engine.catalog.sources.cardfile import Cards
from stylus_engine.model import Adapter

NOW = "2026-11-28T12:00:00+00:00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "cards.jsonl", "Red Dragon", "Ink & Wash")


def written(path: Path, *names: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    cards = [
        Adapter(card_id=f"t:{n}:1", name=name, family_declared="sd1", path=f"{n}.safetensors")
        for n, name in enumerate(names)
    ]
    path.write_bytes(b"\r\n".join(msgspec.json.encode(card) for card in cards) + b"\n")
    return path


def imported(catalogue: Catalogue, file: Path):
    return asyncio.run(bring_in(catalogue, Cards(file))).taken


@pytest.mark.parametrize("settings_first", [True, False])
def test_the_second_to_name_it_changes_nothing_however_often(tmp_path, file, settings_first):
    catalogue = Catalogue(tmp_path / "catalog.db")
    steps = [lambda: settle(catalogue, [file], NOW), lambda: imported(catalogue, file)]
    first, second = steps if settings_first else reversed(steps)
    assert first().new == 2
    number = catalogue.last()
    for step in (second, first, second):
        taken = step()
        assert (taken.new, taken.changed, taken.gone) == (0, 0, 0)
    assert catalogue.last() == number


@pytest.mark.parametrize("settings_first", [True, False])
def test_what_was_imported_stays_when_the_settings_name_it_no_longer(
    tmp_path, file, settings_first
):
    catalogue = Catalogue(tmp_path / "catalog.db")
    if settings_first:
        settle(catalogue, [file], NOW)
    imported(catalogue, file)
    settle(catalogue, [file], NOW)
    assert settle(catalogue, [], NOW).gone == 0
    assert len(catalogue) == 2


def test_what_only_the_settings_named_goes_with_them(tmp_path, file):
    catalogue = Catalogue(tmp_path / "catalog.db")
    settle(catalogue, [file], NOW)
    assert settle(catalogue, [], NOW).gone == 2


def test_equal_lines_in_another_folder_mean_other_files(tmp_path, file):
    catalogue = Catalogue(tmp_path / "catalog.db")
    settle(catalogue, [file], NOW)
    elsewhere = written(tmp_path / "other" / "cards.jsonl", "Red Dragon", "Ink & Wash")
    assert imported(catalogue, elsewhere).changed == 2
    assert str(catalogue.get("t:0:1").path).startswith(str(elsewhere.parent))


def test_a_line_that_changed_is_a_change(tmp_path, file):
    catalogue = Catalogue(tmp_path / "catalog.db")
    settle(catalogue, [file], NOW)
    written(file, "Red Dragon", "Ink and Wash")
    taken = imported(catalogue, file)
    assert (taken.changed, taken.same) == (1, 1)


def test_cards_of_before_hear_the_warnings_of_today_once(tmp_path, monkeypatch):
    catalogue = Catalogue(tmp_path / "catalog.db")
    file = written(tmp_path / "cards.jsonl", "Loli Style", "Ink & Wash")
    with monkeypatch.context() as then:
        then.setattr("stylus_engine.catalog.layers.warned", lambda card: card)
        settle(catalogue, [file], NOW)
    assert not catalogue.get("t:0:1").minor
    number = catalogue.last()
    assert heed_warnings(catalogue) == 1
    assert [card.minor for card in catalogue.cards()] == [True, False]
    assert [change.card_id for change in catalogue.after(number, 9)] == ["t:0:1"]
    assert heed_warnings(catalogue) == 0
    assert catalogue.last() == number + 1
