"""A card that was imported by command is chosen and drawn by `stylus imagine`, on the miniature."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine
from stylus_engine.model import Adapter
from tests.house.source import HOUSE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ADAPTERS = HOUSE / "miniature" / "data" / "adapters"
PROMPT = "a clockwork gardener in the forest"


def stylus(folder: Path, *words: str) -> Result:
    flags = ("--set", f"paths.data={folder / 'data'}", "--set", "cards.builtin=false")
    result = CliRunner().invoke(application(open_engine), [*flags, *words], prog_name="stylus")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def asked(folder: Path, *words: str) -> Any:
    result = stylus(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def shelf(folder: Path) -> Path:
    """Two files of the miniature under cards of somebody's own, and a line that is none."""
    folder.mkdir(exist_ok=True)
    lines = ['{"card_id": "odd"}']
    for file, name, words in (
        ("tin_robot", "Clockwork Gardener", "clockwork gardener"),
        ("moonlit", "Pale Hours", "pale hours"),
    ):
        shutil.copy(ADAPTERS / f"{file}.safetensors", folder)
        card = Adapter(
            card_id=f"mine:{file}:1", name=name, family_declared="sd1-96", path=f"{file}.safetensors",
            description=f"Adds {words}.", triggers=(words,), popularity=3,
        )  # fmt: skip
        lines.append(msgspec.json.encode(card).decode())
    (folder / "cards.jsonl").write_text("\n".join(lines))
    return folder


def imported(folder: Path, *more: str) -> Any:
    return asked(folder, "catalog", "import", "cards", str(folder / "cards.jsonl"), *more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Imported and indexed."""
    made = shelf(tmp_path_factory.mktemp("imported"))
    told = imported(made)
    assert told["indexed"] == 2
    assert told["summary"]["skipped"] == {"odd record": 1}
    return made


def test_an_imported_card_is_chosen_and_drawn(folder: Path):
    drawn = asked(folder, "imagine", PROMPT, "--count", "1", "--steps", "4", "--seed", "5")
    [image] = drawn["images"]
    assert [one["id"] for one in image["adapters"]] == ["mine:tin_robot:1"]
    assert Path(image["path"]).is_file()


def test_a_second_import_changes_nothing(folder: Path):
    again = imported(folder)
    assert (again["indexed"], again["stopped"]) == (0, False)
    assert again["summary"]["taken"]["same"] == 2


def test_what_is_learned_is_counted(tmp_path: Path):
    folder = shelf(tmp_path)
    imported(folder, "--no-index")
    assert asked(folder, "catalog", "probe")["learned"] == 2
    assert asked(folder, "catalog", "refine")["learned"] == 2
    counted = asked(folder, "catalog", "stats", "--plot", str(folder / "stats.png"))
    assert (counted["cards"], counted["drawable"], counted["downloads"]) == (2, 2, 6)
    assert (folder / "stats.png").read_bytes().startswith(b"\x89PNG")
    shown = stylus(folder, "catalog", "stats").stdout
    assert all(words in shown for words in ("2 adapters", "category", "licence", "rules"))


def test_an_export_comes_back(folder: Path, tmp_path: Path):
    out = folder / "out.jsonl"
    assert asked(folder, "catalog", "export", str(out))["without_path"] == 0
    new = tmp_path / "elsewhere"
    asked(new, "catalog", "import", "cards", str(out), "--no-index")
    assert asked(new, "adapters", "list") == asked(folder, "adapters", "list")


def test_a_file_that_is_gone_is_found_out(tmp_path: Path):
    folder = shelf(tmp_path)
    imported(folder, "--no-index")
    assert stylus(folder, "catalog", "check").exit_code == 0
    (folder / "moonlit.safetensors").unlink()
    told = stylus(folder, "catalog", "check", "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert found["sound"] is False
    assert found["counts"]["file gone"] == 1
    assert "1 × file gone" in stylus(folder, "catalog", "check").stdout


def test_the_index_goes_back_to_a_name(folder: Path):
    assert asked(folder, "catalog", "snapshot", "before") == ["before"]
    asked(folder, "catalog", "rollback", "before")
    for words in (("rollback", "never"), ("snapshot", "--drop", "never")):
        refused = stylus(folder, "catalog", *words, "--json")
        assert refused.exit_code == 2
        assert "Known: before" in json.loads(refused.stdout)["error"]["sentence"]
    assert asked(folder, "catalog", "snapshot", "--list") == ["before"]
    assert asked(folder, "catalog", "snapshot", "--drop", "before") == []
    assert "no snapshot yet" in stylus(folder, "catalog", "snapshot").stdout


def test_what_cannot_be_is_one_sentence(folder: Path):
    for words in (
        ("import", "cards", "/nowhere.jsonl"),
        ("import", "folder", "/nowhere"),
        ("import", "stylusdocs", "/nowhere"),
        ("refine", "--model"),
    ):
        refused = stylus(folder, "catalog", *words)
        assert refused.exit_code != 0
        assert refused.stderr.strip().count("\n") == 0, refused.stderr
        assert refused.stderr.strip().endswith((".", ")"))
