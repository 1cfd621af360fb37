"""The doctor with the real engine: what it says of memory is what is heeded before drawing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from bot.commands import application, open_engine
from bot.sections import MINIATURE_CHECKPOINT
from stylus_engine.assembly import needing
from stylus_engine.sampling import gauge as gauges

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
CPU = torch.device("cpu")


def told(folder: Path, *words: str) -> dict[str, Any]:
    flags = ("--set", f"paths.data={folder}", "--set", "sampling.device=cpu")
    arguments = [*flags, *words, "doctor", "--json"]
    result = CliRunner().invoke(application(open_engine), arguments, prog_name="stylus")
    assert result.exit_code == 0, result.output
    return {each["what"]: each for each in json.loads(result.stdout)["findings"]}


def test_a_step_counts_as_often_for_the_doctor_as_before_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(gauges, "free", lambda _: 8 << 20)
    for kernels, state in ((2, "good"), (64, "note")):
        monkeypatch.setattr(gauges, "KERNELS", kernels)
        assert gauges.Gauge(CPU).most_bytes == (8 << 20) // kernels
        monkeypatch.setattr(needing, "free", lambda _: 100 << 20)
        assert told(tmp_path)["memory"]["state"] == state


@pytest.mark.parametrize(("dtype", "asked"), [("auto", True), ("bfloat16", False)])
def test_half_precision_is_tried_where_it_would_be_news(tmp_path, monkeypatch, dtype, asked):
    monkeypatch.setattr(needing, "half_gain", lambda: 7.0)
    large = ("--set", f"checkpoints.folders.mine={MINIATURE_CHECKPOINT}")
    found = told(tmp_path, *large, "--set", f"sampling.dtype={dtype}")["precision"]
    assert found["says"].startswith(f"Pictures are drawn in {'float32' if asked else dtype}")
    assert ("7.0 times" in found["says"]) is asked


def test_what_nobody_is_told_of_is_not_tried(tmp_path, monkeypatch):
    tried: list[float] = []
    monkeypatch.setattr(needing, "half_gain", lambda: tried.append(7.0) or 7.0)
    assert told(tmp_path)["precision"]["state"] == "good"
    assert not tried


@pytest.mark.parametrize("compiler", ["", "/nowhere/c++", "/bin/false"])
def test_the_doctor_tries_what_the_bot_would_compile_with(tmp_path: Path, compiler: str):
    flags = (f"paths.data={tmp_path}", "sampling.device=cpu", "sampling.compile=blocks")
    settings = [word for each in flags for word in ("--set", each)]
    kernels = {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "kernels")}
    ran = subprocess.run(
        [sys.executable, "-m", "bot", *settings, "doctor", "--json"],
        env=os.environ | kernels | ({"CXX": compiler} if compiler else {}),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (told,) = [each for each in json.loads(ran.stdout)["findings"] if each["what"] == "compiling"]
    assert told["state"] == ("note" if compiler else "good"), told
    assert ("InvalidCxxCompiler" in told["says"]) is bool(compiler)
    assert not ran.stderr
