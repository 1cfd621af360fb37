"""Ctrl-C in real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.bot.stand_in import PROMPT, StandIn, kept

ROOT = Path(__file__).parents[2]


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bot.stand_in", *arguments],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT), "STAND_IN": '{"pause": 0.05}'},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_ctrl_c_keeps_lists_and_grids_what_is_finished(home):
    with start(
        home, "imagine", PROMPT, "-n", "40", "--steps", "5", "--json", "--out", "o"
    ) as running:
        wait_for(lambda: len(kept(home)) >= 2)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    told = json.loads(out)
    assert told["error"]["kind"] == "Cancelled"
    assert 2 <= len(told["images"]) < 40
    assert len(told["images"]) == len(kept(home))
    assert f"{len(told['images'])}." in err
    assert "Traceback" not in err
    assert len(list((home / "o").iterdir())) == len(told["images"]) + 1
    assert not list(home.rglob("*.part"))


@contextmanager
def ready(program: str) -> "Iterator[tuple[subprocess.Popen[str], IO[str]]]":
    """A process that has said so, and what else it says."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield running, running.stdout


STUBBORN = """
import asyncio, sys, time
from bot.cli.stopping import run_until_stopped
async def main():
    print("ready", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        print("asked", flush=True)
        time.sleep(30)  # a step that takes long
run_until_stopped(main())
"""


WAITING = """
import asyncio, time
from bot.cli.stopping import run
def long():
    print("ready", flush=True)
    time.sleep(30)
async def main():
    try:
        await asyncio.to_thread(long)
    finally:
        print("asked", flush=True)
run(main())
"""


@pytest.mark.parametrize("program", [STUBBORN, WAITING], ids=["a step", "a thread"])
def test_a_second_ctrl_c_waits_for_nothing(program):
    with ready(program) as (running, said):
        running.send_signal(signal.SIGINT)
        assert said.readline() == "asked\n"  # two presses at once are one signal
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert running.wait(timeout=20) == 130
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("asked", "command"),
    [("search", ("adapters", "search", "dragon")), ("plan", ("plan", PROMPT)), ("index", ("adapters", "index"))],
)  # fmt: skip
def test_a_command_that_draws_nothing_speaks_of_no_pictures_when_it_is_stopped(
    stylus, monkeypatch, asked, command
):
    async def pressed(*_, **__):
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(30)

    monkeypatch.setattr(StandIn, asked, pressed)
    result = stylus(*command, "--json")
    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")
    assert json.loads(result.stdout)["error"] == {"kind": "Cancelled", "sentence": "Stopped."}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


READING = """
import signal, sys, time
class Slow:
    def find_spec(self, name, *_):
        if name == "typer":
            print("ready", flush=True)
            time.sleep({seconds})
sys.meta_path.insert(0, Slow())
signal.signal(signal.SIGINT, signal.{before})
sys.argv = ["stylus", "--help"]
from bot.__main__ import main
main()
"""


def test_ctrl_c_while_the_commands_are_read_is_a_word_and_no_traceback():
    with ready(READING.format(seconds=30, before="default_int_handler")) as (running, _):
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, "", "Stopped.\n")


def test_who_was_started_without_ctrl_c_stays_without_it():
    """As behind `nohup`, or in the background of a script."""
    with ready(READING.format(seconds=1, before="SIG_IGN")) as (running, _):
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "Usage: stylus" in out
