"""What a person names may be a pipe to which nobody writes, or a device: told, and never waited for."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from bot import secrets
from bot.sections import CatalogSettings
from stylus_engine import opening
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.sources.cardfile import Cards
from stylus_engine.catalog.sources.stylusdocs import StylusDocs
from stylus_engine.errors import BadArchive, BadCards, BadSettings

pytestmark = pytest.mark.timeout(30)
ALONE = "it is a pipe, and nobody writes to it"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)


def pipe(folder: Path, name: str) -> Path:
    os.mkfifo(folder / name)
    return folder / name


@pytest.mark.parametrize(
    "command",
    [
        "imagine cat --image p",
        "again p",
        "upscale p",
        "eval --prompts p",
        "eval --prompts p.json",
        "--config p plan cat",
    ],
)
def test_a_command_waits_for_no_pipe_that_nobody_writes_to(stylus, home: Path, command: str):
    pipe(home, "p.json" if "p.json" in command else "p")
    result = stylus(*command.split())
    assert result.exit_code in {1, 2}
    assert ALONE in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_device_is_no_picture_and_no_settings(stylus):
    for words in (("again", "/dev/zero"), ("--config", "/dev/zero", "plan", "cat")):
        assert "it cannot be read (it is a device)" in stylus(*words).stderr


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv"])
def test_cards_are_not_waited_for(tmp_path: Path, name: str):
    with pytest.raises(BadArchive, match=ALONE):
        walked(Cards(pipe(tmp_path, name)))


def test_an_archive_is_read_from_its_end_and_no_pipe_has_one(tmp_path: Path):
    with pytest.raises(BadArchive, match="it is a device or a pipe, and no file"):
        walked(StylusDocs(pipe(tmp_path, "p.zip")))


def test_files_that_the_settings_name_are_not_waited_for(tmp_path: Path):
    with pytest.raises(BadCards, match=ALONE):
        list(CardFile(pipe(tmp_path, "p.jsonl")).cards())
    catalog = CatalogSettings(civitai_token_file=str(pipe(tmp_path, "token")))
    with pytest.raises(BadSettings, match=ALONE):
        secrets.secret(catalog, "civitai_token", "catalog")


def walked(source: Cards | StylusDocs) -> int:
    async def walk() -> int:
        async with aclosing(source.pages("", "")) as pages:
            return len([page async for page in pages])

    return asyncio.run(walk())
