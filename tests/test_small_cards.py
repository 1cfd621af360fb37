"""What people with small cards set, from the user's end: the command line and the bot on the miniature."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.pictures.store import manifest_of, read
from tests.reading import text
from tests.stage import staged

pytestmark = pytest.mark.timeout(240)


def imagine(folder: Path, *settings: str) -> str:
    """One small picture, with all that is told of it."""
    flags = [word for each in (f"paths.data={folder}", *settings) for word in ("--set", each)]
    words = [
        "imagine",
        "a pencil sketch of a dragon",
        "--count",
        "1",
        "--steps",
        "2",
        "--seed",
        "5",
    ]
    called = [*flags, *words, "--explain"]
    result = CliRunner().invoke(application(open_engine), called, prog_name="stylus")
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the picture of somebody lies who set nothing, and what was told of it."""
    folder = tmp_path_factory.mktemp("plain")
    return folder, imagine(folder)


def file(folder: Path) -> Path:
    (found,) = (folder / "pictures").rglob("*.png")
    return found


def picture(folder: Path):
    return read(file(folder))[0]


def test_models_that_wait_draw_the_same_pictures(plain: tuple[Path, str], tmp_path: Path):
    told = imagine(tmp_path, "sampling.offload=blocks", "sampling.executor=auto")
    assert (picture(plain[0]) == picture(tmp_path)).all()
    assert "that leaves offloaded weights alone" in " ".join(told.split())


def test_a_base_in_fewer_bits_is_told_with_every_picture(plain: tuple[Path, str], tmp_path: Path):
    folder, told = plain
    assert "weights" not in told
    told = imagine(tmp_path, "sampling.quantised=int8", "sampling.executor=auto")
    assert "Drawn with int8 weights: other pictures than the checkpoint's own." in told
    assert "that leaves quantised weights alone" in " ".join(told.split())
    assert "quantised" not in manifest_of(file(folder)).how
    assert manifest_of(file(tmp_path)).how["quantised"] == "int8"
    assert (picture(folder) != picture(tmp_path)).any()


def test_the_doctor_counts_what_a_grid_needs_without_loading_it(tmp_path: Path):
    words = ["--set", f"paths.data={tmp_path}", "doctor", "--json"]
    result = CliRunner().invoke(application(open_engine), words, prog_name="stylus")
    assert result.exit_code == 0, result.output
    (found,) = (f for f in json.loads(result.stdout)["findings"] if f["what"] == "memory")
    assert found["state"] == "good"
    assert re.match(
        r"14 MiB of weights and 4 MiB for a step of 4 pictures of 64 × 64, counted without "
        r"adapters; [0-9.]+ [GM]iB free$",
        found["says"],
    )


@pytest.mark.slow
@pytest.mark.asyncio
async def test_details_in_discord_tell_it_too(tmp_path: Path):
    own: dict[str, object] = {"workers__command": "[]", "sampling__quantised": "int8"}
    async with staged(tmp_path, drawing__steps=2, **own) as stage:
        card = await stage.imagine(stage.ada, prompt="a fox", adapters="off", count=1)
        told = text((await stage.press(stage.ada, card, "info"))["message"])
    assert "base model in int8 weights: other pictures than the checkpoint’s own" in told
