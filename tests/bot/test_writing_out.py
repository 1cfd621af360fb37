"""Stdout that takes nothing: the real command into the kernel's own full device, and into a pipe without a reader."""

import os
import sys
from pathlib import Path

import pytest

from bot import __main__ as door
from bot import commands
from tests.bot.stand_in import PROMPT, opener

FULL = Path("/dev/full")
ASKED = [["--help"], ["adapters", "list"], ["adapters", "list", "--json"], ["plan", PROMPT]]
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")


@pytest.fixture
def stylus(home, monkeypatch):
    """`stylus(stdout, arguments)`: the exit code of the whole command."""
    monkeypatch.setattr(commands, "open_engine", opener)
    for name in ("TRANSFORMERS_VERBOSITY", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")

    def call(stdout, arguments):
        monkeypatch.setattr(sys, "argv", ["stylus", *arguments])
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            door.main()
        return ended.value.code

    return call


@pytest.mark.parametrize("arguments", ASKED)
def test_a_full_disk_behind_stdout_is_one_sentence(stylus, capsys, arguments):
    with FULL.open("w") as full:
        assert stylus(full, arguments) == 1
    told = capsys.readouterr().err
    assert told == "Standard output could not be written: No space left on device.\n"


@pytest.mark.parametrize("arguments", ASKED)
def test_a_reader_that_left_is_met_without_a_word(stylus, capsys, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        assert stylus(pipe, arguments) == 1
    assert not capsys.readouterr().err


@pytest.mark.parametrize("arguments", ASKED)
def test_a_stdout_that_nobody_opened_takes_everything(stylus, capsys, arguments):
    assert stylus(None, arguments) == 0
    assert not capsys.readouterr().err
