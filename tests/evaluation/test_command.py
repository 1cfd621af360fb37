"""`stylus eval` from the user's end: a report on one page, the same after kill -9."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.house.source import HOUSE

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
    assert re.search(r"base @5 +dFID", result.stdout.partition("stylus less …")[2])
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


def test_what_failed_is_told_and_tried_again_by_the_same_command(stylus, prompts, tmp_path):
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--out", str(tmp_path))
    for _ in range(2):
        told = " ".join(stylus(*words, fails=(1,)).stderr.split())
        assert re.search(r"8 pictures failed, the first with: \S.*\. The same command", told)
    mended = stylus(*words)
    assert "16 pictures" in mended.stdout
    assert "pictures failed" not in mended.stdout + mended.stderr
    assert json.loads((tmp_path / "table.json").read_bytes())["failed"] == 0


def test_quick_gives_way_to_what_is_said(stylus, prompts, tmp_path):
    words = ("eval", "--quick", "--prompts", str(prompts), *ARGUMENTS, "--out", str(tmp_path))
    result = stylus(*words, "--most", "2")
    assert result.exit_code == 0, result.stderr
    assert "2 prompts, 8 pictures" in result.stdout
    first = json.loads((tmp_path / "journal.jsonl").read_bytes().partition(b"\n")[0])
    assert first["steps"] == 2


def test_a_model_that_falls_silent_costs_its_looks_and_not_the_report(stylus, prompts, tmp_path):
    out = tmp_path / "out"
    server = ("--set", "refiner.model=eye", "--set", "refiner.base_url=http://127.0.0.1:1/v1")
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--vlm", "2", "--out", str(out))
    result = stylus(*server, *words)
    assert result.exit_code == 1
    assert "eye does not answer" in " ".join(result.stderr.split())
    assert json.loads((out / "table.json").read_bytes())["images"] == 16
    assert (out / "report.html").exists()


def test_a_line_put_before_the_others_draws_no_prompt_under_anothers_name(
    stylus, prompts, tmp_path
):
    out = tmp_path / "out"
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--out", str(out))
    assert stylus(*words).exit_code == 0
    prompts.write_text("\n".join(("a house", *PROMPTS)))
    assert "5 prompts, 20 pictures" in stylus(*words).stdout
    fresh = tmp_path / "fresh"
    assert stylus(*words[:-1], str(fresh)).exit_code == 0
    assert pictures(out) == pictures(fresh)


def test_the_page_shows_only_failures_that_something_was_drawn_for(stylus, prompts, tmp_path):
    words = ("eval", "--prompts", str(prompts), *ARGUMENTS, "--out")
    plain, loud = tmp_path / "plain", tmp_path / "loud"
    assert stylus(*words, str(plain)).exit_code == 0
    assert stylus(*words, str(loud), "--failures").exit_code == 0
    assert "lit adapters that are needed" not in (plain / "report.html").read_text()  # nobody said
    titles = [re.findall("<h3>([^<]*)", (out / "report.html").read_text()) for out in (plain, loud)]
    assert "Saturation" not in titles[0]
    assert "Saturation" in titles[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--part", "closed"), "no part of the questions called “closed”. Known: open, held-out"),
        (("--kind", "odd"), "no kind of questions called “odd”. Known: plain, synonym."),
        (("--most", "0"), "Prompts must lie between 1 and 1000000; 0 was given."),
        (("--at-once", "0"), "Pictures at once must lie between 1 and 4096; 0 was given."),
        (("-m", "best"), "There is no preset called “best”."),
        (("-m", "paper"), "the preset paper asks a language model"),
        (("-g", "nan"), "Guidance must lie between 0 and 30; nan was given."),
        (("-g", "5", "-g", "-1"), "Guidance must lie between 0 and 30; -1 was given."),
        (("--features", "eye"), "no feature network called “eye”. Known: clip, judge."),
        (("--clip", "/nowhere"), "/nowhere: there is no CLIP model in it."),
        (("--reference", "/nowhere"), "/nowhere: there is no PNG picture in it."),
        (("--vlm", "3"), "refiner.model: --vlm needs a model that sees."),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_drawn(stylus, tmp_path, words, told):
    result = stylus("eval", *words, "--out", str(tmp_path / "out"))
    assert result.exit_code in {1, 2}
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_without_prompts_of_a_kind_says_so(stylus, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"id": "1", "prompt": "a dragon", "kind": "plain"}\n')
    result = stylus("eval", "--prompts", str(path), "--kind", "rare", "--out", str(tmp_path))
    assert "there is no rare prompt in it" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_killed_and_gone_on_it_is_the_same_report(stylus, prompts, tmp_path):
    """SIGKILL in the midst of drawing, twice; pictures, figures and page are those of one go."""
    words = ("eval", "--at-once", "4", "--prompts", str(prompts), *ARGUMENTS, "--out")
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    assert stylus(*words, str(whole)).exit_code == 0
    for _ in range(2):
        running = slow_eval(*words, str(torn))
        until_longer(torn / "journal.jsonl", running)
        running.send_signal(signal.SIGKILL)
        running.wait()
    resumed = stylus(*words, str(torn))
    assert "of 8 grids were drawn before" in resumed.stderr
    assert figures(whole) == figures(torn)
    assert pictures(whole) == pictures(torn)


def slow_eval(*words):
    environment = os.environ | {"STAND_IN": json.dumps({"pause": 0.02}), "PYTHONPATH": str(HOUSE)}
    command = [sys.executable, "-m", "tests.bot.stand_in", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def until_longer(journal, running):
    """One batch more than there was, and not all."""
    start = lines(journal)
    while running.poll() is None and lines(journal) <= max(start, 1):
        time.sleep(0.01)
    assert running.poll() is None


def lines(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def figures(out):
    """All but the clock's."""
    table = json.loads((out / "table.json").read_bytes())
    for arm in table["arms"]:
        arm["figures"] = {k: v for k, v in arm["figures"].items() if not k.startswith("seconds")}
    return table


def pictures(out):
    return re.findall(r"base64,([^\"]+)", (out / "report.html").read_text())
