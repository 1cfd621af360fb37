"""The doctor with the real engine: what it says of memory is what is heeded before drawing."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from bot.__main__ import application, open_engine
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
