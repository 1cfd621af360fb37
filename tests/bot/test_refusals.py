"""Bad input and bad luck: one sentence, an exit code, nothing lost that was finished."""

import json
from pathlib import Path

import pytest

from stylus_engine.errors import DiskFull
from stylus_engine.pictures import files
from tests.bot.stand_in import PROMPT, kept


@pytest.mark.parametrize(
    ("arguments", "kind", "code", "words"),
    [
        (["imagine", ""], "EmptyPrompt", 2, "empty"),
        (["imagine", " \t\n"], "EmptyPrompt", 2, "empty"),
        (["imagine", "x" * 10_000], "PromptTooLong", 2, "10000"),
        (["imagine", "a\x07b"], "BadText", 2, "U+0007"),
        (["imagine", "x", "--negative", "\x1b[31m"], "BadText", 2, "negative"),
        (["imagine", "x", "--count", "0"], "OutOfRange", 2, "Count"),
        (["imagine", "x", "--count", "65"], "OutOfRange", 2, "64"),
        (["imagine", "x", "--steps", "9999"], "OutOfRange", 2, "Steps"),
        (["imagine", "x", "--width", "2049"], "OutOfRange", 2, "2048"),
        (["imagine", "x", "--height", "-8"], "OutOfRange", 2, "Height"),
        (["imagine", "x", "--guidance", "nan"], "OutOfRange", 2, "Guidance"),
        (["imagine", "x", "--seed", "-1"], "OutOfRange", 2, "Seed"),
        (["imagine", "x", "--sampler", "magic"], "UnknownName", 2, "euler"),
        (["imagine", "x", "--preset", "papers"], "UnknownName", 2, "paper-rules"),
        (["imagine", "x", "--pin", "nobody"], "UnknownName", 2, "Graphite"),
        (["plan", "x", "--ban", "nobody"], "UnknownName", 2, "Graphite"),
        (["adapters", "show", "nobody"], "UnknownName", 2, "Graphite"),
        (["again", "nowhere.png"], "BadManifest", 2, "no such file"),
        (["again", "f" * 64], "BadManifest", 2, "no such file"),
        (["--set", "sampling.slotts=1", "imagine", "x"], "BadSettings", 1, "sampling.slots"),
        (["--config", "nowhere.toml", "plan", "x"], "BadSettings", 1, "nowhere.toml"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence_and_an_exit_code(stylus, home, arguments, kind, code, words):
    plainly = stylus(*arguments)
    assert plainly.exit_code == code
    assert plainly.stdout == ""
    assert words in plainly.stderr
    assert plainly.stderr.count("\n") == 1
    assert "Traceback" not in plainly.stderr
    told = stylus(*arguments, "--json")
    assert told.exit_code == code
    error = json.loads(told.stdout)["error"]
    assert error["kind"] == kind
    assert words in error["sentence"]
    assert not kept(home)


def test_right_to_left_and_emoji_are_prompts_like_any_other(stylus):
    for prompt in ("\u05e6\u05d9\u05d5\u05e8 \u05e9\u05dc dragon", "🐉🔥 at 夜", "\u200fdragon"):
        assert prompt in stylus("imagine", prompt, "-n", "1").stdout


def test_debug_shows_the_traceback(stylus):
    result = stylus("--debug", "imagine", "")
    assert "Traceback" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(("error", "code"), [("DiskFull", 1), ("Busy", 1)])
def test_an_error_in_the_middle_keeps_lists_and_grids_what_is_finished(stylus, home, error, code):
    result = stylus("imagine", PROMPT, "--json", "--out", "o", raises=error, after=2)
    told = json.loads(result.stdout)
    assert result.exit_code == code
    assert told["error"]["kind"] == error
    assert len(told["images"]) == len(kept(home)) == 2
    assert sorted(path.name for path in Path("o").iterdir()) == ["1.png", "2.png", "grid.png"]
    assert told["error"]["sentence"] in result.stderr


def test_a_picture_that_fails_leaves_its_neighbours_their_numbers(stylus, home):
    result = stylus("imagine", PROMPT, "--out", "o", fails=(1,))
    assert result.exit_code == 1
    assert "3 · Graphite" in result.stdout
    assert "2 · " not in result.stdout
    assert "NaN" in result.stderr
    assert sorted(path.name for path in Path("o").iterdir()) == [
        "1.png",
        "3.png",
        "4.png",
        "grid.png",
    ]


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_drawn(stylus, home):
    (home / "file").write_text("")
    result = stylus("imagine", PROMPT, "--out", "file", "--json")
    assert json.loads(result.stdout)["error"]["kind"] == "StoreFailed"
    assert not kept(home)


def test_a_full_disk_under_the_grid_still_lists_the_pictures(stylus, home, monkeypatch):
    real = files.write

    def full(path: Path, data: bytes) -> None:
        if path.name == "grid.png":
            raise DiskFull(path=str(path), why="No space left on device")
        real(path, data)

    monkeypatch.setattr(files, "write", full)
    result = stylus("imagine", PROMPT, "--out", "o", "--json")
    told = json.loads(result.stdout)
    assert told["error"]["kind"] == "DiskFull"
    assert [image["path"] for image in told["images"]]
    assert result.exit_code == 1


def test_what_cards_say_never_reaches_the_terminal_raw(stylus):
    shown = stylus("imagine", PROMPT).stdout + stylus("adapters", "list").stdout
    assert "\x1b" not in shown
    assert "Ink [b]& Wash" in shown  # and markup is not obeyed
