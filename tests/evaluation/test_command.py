"""`stylus eval` from the user's end: a report on one page, the same after kill -9."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

PROMPTS = (
    "a pencil sketch of a dragon at sunset", "a dragon", "two cats", "three cats at sunset",
)  # fmt: skip
ARGUMENTS = (
    "--images", "2", "--steps", "2", "-m", "stylus", "-m", "base", "--features", "judge",
    "--no-likeness",
)  # fmt: skip


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("\n".join(PROMPTS))
    return path


def test_the_report_holds_all_and_fetches_nothing(stylus, prompts, tmp_path):
    out = tmp_path / "out"
    result = stylus("eval", "--prompts", str(prompts), *ARGUMENTS, "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert "4 prompts, 16 pictures" in result.stdout
    page = (out / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 8
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert all(prompt in page for prompt in PROMPTS)
    table = json.loads((out / "table.json").read_bytes())
    assert [arm["method"] for arm in table["arms"]] == ["stylus", "base"]
    assert table["instruments"]["features"] == "miniature-judge"


def test_a_second_run_draws_nothing_and_another_campaign_is_refused(stylus, prompts, tmp_path):
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--out", str(tmp_path / "out"))
    assert stylus(*words).exit_code == 0
    before = (tmp_path / "out" / "journal.jsonl").read_bytes()
    again = stylus(*words)
    assert "8 of 8 grids were drawn before" in again.stderr
    assert (tmp_path / "out" / "journal.jsonl").read_bytes() == before
    refused = stylus(*words, "--seed", "5")
    assert refused.exit_code == 2
    assert "seed 0, not 5" in refused.stderr


def test_what_cannot_be_drawn_is_counted_and_the_rest_is_measured(stylus, prompts, tmp_path):
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--out", str(tmp_path), "--json")
    told = json.loads(stylus(*words, fails=(1,)).stdout)
    assert (told["failed"], told["images"], told["prompts"]) == (8, 8, 4)


@pytest.mark.slow
def test_killed_and_gone_on_it_is_the_same_report(prompts, tmp_path):
    """SIGKILL in the midst of drawing, twice; pictures, figures and page are those of one go."""
    whole = run_eval(tmp_path / "whole", prompts, pause=0.0)
    assert whole.wait() == 0
    for _ in range(2):
        running = run_eval(tmp_path / "torn", prompts, pause=0.02)
        until_lines(tmp_path / "torn" / "out" / "journal.jsonl", running)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert run_eval(tmp_path / "torn", prompts, pause=0.0).wait() == 0
    assert figures(tmp_path / "whole") == figures(tmp_path / "torn")
    assert pictures(tmp_path / "whole") == pictures(tmp_path / "torn")


def run_eval(home, prompts, pause):
    environment = os.environ | {"STAND_IN": json.dumps({"pause": pause}), "HOME": str(home)}
    place = ("--set", f"paths.data={home / 'data'}")
    command = [sys.executable, "-m", "tests.bot.stand_in", *place, "eval", "--at-once", "4"]
    words = ["--prompts", str(prompts), *ARGUMENTS, "--out", str(home / "out")]
    return subprocess.Popen([*command, *words], env=environment, stdout=subprocess.DEVNULL)


def until_lines(journal, running):
    start = len(journal.read_bytes()) if journal.exists() else 0
    while running.poll() is None and (
        not journal.exists() or len(journal.read_bytes()) <= max(start, 200)
    ):
        time.sleep(0.01)


def figures(home):
    """All but the clock's."""
    table = json.loads((home / "out" / "table.json").read_bytes())
    for arm in table["arms"]:
        arm["figures"] = {k: v for k, v in arm["figures"].items() if not k.startswith("seconds")}
    return table


def pictures(home):
    page = (home / "out" / "report.html").read_text()
    return re.findall(r"base64,([^\"]+)", page)
