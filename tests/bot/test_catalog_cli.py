"""`stylus catalog` over a stand-in library: what is shown, what is told to machines, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.cli.desk import STOPPED
from tests.bot.stand_in import CARDS
from tests.house.source import HOUSE


def test_an_import_is_told_in_a_table_with_an_example_of_each_reason(stylus):
    result = stylus("catalog", "import", "civitai", "--base", "SD 1.5", "--most", "48")
    assert result.exit_code == 0
    shown = result.stdout
    assert [line.split() for line in shown.splitlines() if "30" in line] == [
        ["30", "3", "6", "0", "9"]
    ]
    assert "8   real person   civitai:1:1: [b]poi[/b] [31m" in shown
    assert "1   no file       civitai:2:2" in shown
    assert "\x1b" not in shown
    assert "The index followed: 33 rows written." in shown


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (
            "civitai --base X --base Y --most 7",
            "FromCivitai(bases=('X', 'Y'), most=7, whole=False)",
        ),
        (
            "huggingface --author a --probe --all",
            "FromHub(search='', author='a', probing=True, most=0, whole=True)",
        ),
        ("folder /x --enrich", "FromFolder(path='/x', enrich=True)"),
        ("stylusdocs /x.zip --vectors", "FromStylusDocs(path='/x.zip', vectors=True)"),
        ("cards /x.jsonl", "FromCards(path='/x.jsonl')"),
    ],
)
def test_each_source_is_ordered_as_it_was_typed(stylus, words: str, order: str):
    told = json.loads(stylus("catalog", "import", *words.split(), "--json").stdout)
    assert told["summary"]["source"] == order
    assert (told["indexed"], told["stopped"]) == (33, False)
    assert told["summary"]["examples"][0]["reason"] == "real person"


def test_the_index_can_be_left_for_later(stylus):
    told = json.loads(stylus("catalog", "import", "civitai", "--no-index", "--json").stdout)
    assert told["indexed"] is None


def test_a_source_that_falls_silent_is_one_sentence(stylus):
    result = stylus("catalog", "import", "civitai", "--json", silent=2)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["kind"] == "SourceSilent"
    assert result.stderr == "civitai.com does not answer: three tries.\n"


def test_rounds_are_told_with_what_they_cost(stylus):
    assert json.loads(stylus("catalog", "probe", "--most", "9", "--json").stdout)["learned"] == 9
    assert "probed   5" in stylus("catalog", "probe").stdout
    assert "drawn with   2" in stylus("catalog", "health", "a", "b").stdout
    refined = stylus("catalog", "refine", "--model", "--most", "3")
    assert "3 adapters: at most 0.02." in refined.stderr
    assert "0.0120" in refined.stdout
    assert "Rules cost nothing" in stylus("catalog", "refine", "--dry-run").stderr
    dry = stylus("catalog", "refine", "--model", "--dry-run", "--json")
    assert json.loads(dry.stdout) == {"estimate": "0 adapters: at most 0.02."}


def test_a_round_that_was_stopped_tells_its_bill_first(stylus):
    refined = stylus("catalog", "refine", "--model", silent=2)
    assert refined.exit_code == 1
    assert "0.0120" in refined.stdout
    assert refined.stderr.endswith("Stopped before.\n")
    told = json.loads(stylus("catalog", "refine", "--model", "--json", silent=2).stdout)
    assert told["stopped"] == ["BudgetSpent", "Stopped before."]


def test_stats_are_shown_told_and_drawn(stylus, home: Path):
    told = json.loads(stylus("catalog", "stats", "--json").stdout)
    assert told["cards"] == len(CARDS)
    assert {share["name"] for share in told["categories"]} == {"style", "subject", "light", "place"}
    shown = stylus("catalog", "stats", "--plot", "s.png").stdout
    assert "5 adapters, 4 with a file" in shown
    assert str(home / "s.png") in shown
    assert (home / "s.png").exists()


def test_a_check_says_what_it_looked_at(stylus):
    assert "Nothing is wrong." in stylus("catalog", "check").stdout
    told = json.loads(stylus("catalog", "check", "--network", "--json").stdout)
    assert told == {"sound": True, "looked": 5, "asked": 4, "counts": {}, "troubles": []}


def test_an_export_writes_what_it_says(stylus, home: Path):
    told = json.loads(stylus("catalog", "export", "c.jsonl", "--csv", "c.csv", "--json").stdout)
    assert (told["cards"], told["without_path"]) == (5, 4)
    assert len((home / "c.jsonl").read_text().splitlines()) == 5
    assert (home / "c.csv").read_text().startswith("id,name,family")
    same = stylus(
        "catalog", "export", "c.jsonl", "--csv", "../home/c.jsonl".replace("home", home.name)
    )
    assert (same.exit_code, "name after --csv" in same.stderr) == (2, True)
    assert len((home / "c.jsonl").read_text().splitlines()) == 5
    refused = stylus("catalog", "export", "no/c.jsonl")
    assert refused.exit_code == 1
    assert "could not be written" in refused.stderr


def test_a_watch_says_each_change(stylus):
    result = stylus("catalog", "watch", "loras")
    assert "loras: 1 new, 2 skipped (broken file)" in result.stdout
    assert "loras: 1 gone" in result.stdout
    lines = stylus("catalog", "watch", "loras", "--json").stdout.splitlines()
    assert [json.loads(line)["taken"]["gone"] for line in lines] == [0, 1]
    nothing = stylus("catalog", "watch")
    assert nothing.exit_code == 2


def test_a_watch_says_what_is_not_there_to_be_watched(stylus, home: Path):
    (home / "here").mkdir()
    told = stylus("catalog", "watch", "here", "later").stderr
    assert "later does not exist yet: it is looked at once it is there." in told
    assert "here does not exist" not in told


def test_no_snapshot_is_no_error(stylus):
    for words in ((), ("--list",)):
        assert "There is no snapshot yet." in stylus("catalog", "snapshot", *words).stdout
    assert stylus("catalog", "snapshot", "a", "--drop", "b").exit_code == 2
    assert json.loads(stylus("catalog", "rollback", "x", "--json").stdout) == {"rolled_back": "x"}


def stopped_at(home: Path, *words: str) -> tuple[str, str]:
    """What a command says that gets Ctrl-C once something came in."""
    (home / "data").mkdir()
    command = [sys.executable, "-m", "tests.bot.stand_in", "catalog", *words]
    environment = {**os.environ, "STAND_IN": '{"pause": 0.3}', "PYTHONPATH": str(HOUSE)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        end = time.monotonic() + 30
        while not (home / "data" / "page").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == STOPPED
    assert "Traceback" not in err
    return out, err


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_in_and_says_how_to_go_on(home: Path):
    out, err = stopped_at(home, "import", "civitai", "--json")
    told = json.loads(out)
    assert told["stopped"]
    assert told["summary"]["taken"]["new"] in {10, 20}
    assert "`stylus catalog import civitai` goes on from there." in err


@pytest.mark.slow
def test_ctrl_c_of_a_check_is_one_sentence_that_claims_nothing(home: Path):
    out, err = stopped_at(home, "check")
    assert out == ""
    assert err == "Stopped. Nothing was changed; `stylus catalog check` begins again.\n"
