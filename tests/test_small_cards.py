"""What people with small cards set, from the user's end: the command line on the miniature."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import application, open_engine
from stylus_engine.pictures.store import read

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


def picture(folder: Path):
    (found,) = (folder / "pictures").rglob("*.png")
    return read(found)[0]


def test_models_that_wait_draw_the_same_pictures(tmp_path: Path):
    plain, away = tmp_path / "plain", tmp_path / "away"
    imagine(plain)
    told = imagine(away, "sampling.offload=blocks", "sampling.executor=auto")
    assert (picture(plain) == picture(away)).all()
    assert "that leaves offloaded weights alone" in " ".join(told.split())
