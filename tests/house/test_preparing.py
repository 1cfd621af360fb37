"""`.ci/prepare.py`, the first thing a newcomer runs: what fails there is a sentence."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.source import HOUSE

PROGRAM = HOUSE / ".ci" / "prepare.py"
WITH_PIP = 'case "$*" in *--version*) exit 0;; esac; '


def program() -> ModuleType:
    spec = spec_from_file_location("prepare", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def python(folder: Path, script: str) -> Path:
    """A stand-in for the Python of an environment."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(
            "echo 'ERROR: no connection' >&2; exit 1", "pip could not find all", id="offline"
        ),
        pytest.param(
            'case "$*" in *--dry-run*) echo \'{"install": []}\'; exit 0;; esac; exit 1',
            "Not all was installed",
            id="half way",
        ),
    ],
)
def test_what_pip_cannot_do_is_a_sentence(tmp_path: Path, script: str, told: str):
    python(tmp_path, WITH_PIP + script)
    words = [sys.executable, str(PROGRAM), str(tmp_path)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_environment_that_never_got_its_pip_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As Debian leaves it where python3-venv was missing at the first try."""
    made: list[Path] = []
    prepare = program()
    monkeypatch.setattr(prepare.venv, "create", lambda folder, **_: made.append(folder))
    python(tmp_path / "whole", WITH_PIP)
    python(tmp_path / "half", "exit 1")
    for name in ("whole", "half"):
        prepare.environment(tmp_path / name)
    assert made == [tmp_path / "half"]


def test_a_python_without_ensurepip_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fails(folder: Path, **_: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    prepare = program()
    monkeypatch.setattr(prepare.venv, "create", fails)
    with pytest.raises(prepare.NotReadyError, match="ensurepip"):
        prepare.environment(tmp_path / "new")
