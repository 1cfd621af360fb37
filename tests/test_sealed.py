"""Commands over the real engine, where nothing can be written: one sentence, in our words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import application, open_engine
from tests.sealing import sealed


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(folder))
    monkeypatch.chdir(tmp_path)
    with sealed(folder):
        yield folder


@pytest.mark.parametrize(
    "command", ["adapters list", "adapters pinned", "catalog stats", "catalog export c.jsonl"]
)
def test_a_catalogue_that_cannot_be_written_is_one_sentence(data: Path, command: str):
    result = CliRunner().invoke(application(open_engine), command.split())
    place = data / "catalog"
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{place / 'catalog.db'} could not be written: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_an_index_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "index").mkdir(parents=True)
    with sealed(tmp_path / "data" / "index") as index:
        result = CliRunner().invoke(application(open_engine), ["adapters", "index"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{index} could not be written: ")
    assert "Errno" not in result.stderr
