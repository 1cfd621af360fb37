"""`sampling.compile` from the user's end: the command line on the miniature, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.pictures.store import read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of adapters is built once for all."""
    return tmp_path_factory.mktemp("data")


def typed(data: Path, folder: Path, setting: str) -> list[str]:
    """Behind `stylus`: one small picture, and all that is told of it."""
    chosen = (f"paths.data={data}", f"paths.pictures={folder}", f"sampling.compile={setting}")
    settings = [word for each in chosen for word in ("--set", each)]
    words = ["imagine", "a pencil sketch of a dragon", "--seed", "5", "--explain"]
    return [*settings, *words, "--count", "1", "--steps", "2"]


def imagine(data: Path, folder: Path, **environment: str) -> tuple[str, str]:
    """What a process that compiles tells of the picture, and what its log says."""
    ran = subprocess.run(
        [sys.executable, "-m", "bot", *typed(data, folder, "blocks")],
        env=os.environ | {"TORCHINDUCTOR_CACHE_DIR": f"{folder}-kernels"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(ran.stdout.split()), ran.stderr


def plainly(data: Path, folder: Path) -> None:
    """The same without a compiler, and without a start: the libraries lie in memory."""
    words = typed(data, folder, "none")
    result = CliRunner().invoke(application(open_engine), words, prog_name="stylus")
    assert result.exit_code == 0, result.output


def picture(folder: Path):
    (found,) = folder.rglob("*.png")
    return read(found)[0].astype(int)


def test_compiled_pictures_are_the_same_up_to_rounding_and_say_so(data: Path, tmp_path: Path):
    plain, quick = tmp_path / "plain", tmp_path / "quick"
    plainly(data, plain)
    told, log = imagine(data, quick)
    assert abs(picture(plain) - picture(quick)).max() <= 1
    assert "2 steps with executor compiled: the settings ask for it" in told
    assert "warn" not in log.lower()  # what torch has to say of itself stays with torch


def test_without_a_compiler_a_picture_is_drawn_and_one_sentence_says_why(
    data: Path, tmp_path: Path
):
    told, log = imagine(data, tmp_path / "drawn", CXX="/nowhere/c++")
    assert picture(tmp_path / "drawn").size
    assert "2 steps with executor stack: the compiler failed, the log says why" in told
    said = [line for line in log.splitlines() if "compile" in line]
    assert len(said) == 1, log
    assert "Pictures are drawn without torch.compile: InvalidCxxCompiler" in said[0]
