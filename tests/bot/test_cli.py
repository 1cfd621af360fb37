"""The command line over a stand-in engine: what is shown, what is told to machines, what is kept."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from bot.captions import plain, weight
from bot.cli.again import compare
from stylus_engine.model import LIMITS, Dropped
from stylus_engine.pictures import png, store
from tests.bot.stand_in import CARDS, PROMPT, StandIn, kept


def test_imagine_shows_the_plan_the_masks_and_where_the_grid_lies(stylus, home):
    result = stylus("imagine", PROMPT, "--seed", "41")
    assert result.exit_code == 0
    shown = result.stdout
    for words in (PROMPT, "pencil sketch", "Graphite", "its trigger stands in the prompt"):
        assert words in shown
    assert "No adapter for: on the beach" in shown
    assert "1 · Graphite 0.8 + Storybook Dragon 0.8 + Golden Hour 0.8   seed 41\n" in shown
    assert "4 · Graphite 0.8 + Golden Hour 0.8   seed 44\n" in shown
    (sheet,) = (home / "data" / "grids").iterdir()
    assert f"Grid      {sheet}\n" in shown
    assert all(f" {path}\n" in shown for path in kept(home))
    assert store.read(sheet)[0].shape[0] > 2 * 256


def test_json_is_one_object_of_the_promised_shape_and_nothing_else(stylus):
    result = stylus("imagine", PROMPT, "--seed", "41", "--json")
    told = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert set(told) == {"plan", "images", "timings"}
    assert {"tasks", "uncovered", "composer"} <= set(told["plan"])
    first = told["plan"]["tasks"][0]
    assert first["concept"] == "pencil sketch"
    assert first["adapters"][0] == {
        "id": "test:graphite:1",
        "name": "Graphite",
        "weight": 0.8,
        "reason": "its trigger stands in the prompt",
    }
    assert [image["mask"] for image in told["images"]] == ["10.1.1", "01.1.1", "11.1.0", "10.0.1"]
    assert [image["seed"] for image in told["images"]] == [41, 42, 43, 44]
    assert set(told["images"][0]) == {"path", "seed", "mask", "adapters", "prompt"}
    assert all(Path(image["path"]).is_file() for image in told["images"])
    assert set(told["timings"]) == {"plan", "draw", "total"}


def test_plan_json_is_the_same_without_images(stylus, home):
    told = json.loads(stylus("plan", PROMPT, "--json").stdout)
    assert set(told) == {"plan", "timings"}
    assert told["plan"] == json.loads(stylus("imagine", PROMPT, "--json").stdout)["plan"]


def test_plan_shows_candidates_and_masks_and_draws_nothing(stylus, home):
    result = stylus("plan", PROMPT, "--seed", "7")
    assert "Found for “pencil sketch”: Graphite 0.71 · Ink" in result.stdout
    assert "Found for the whole prompt: Golden Hour 0.31" in result.stdout
    assert "2 · Storybook Dragon 0.8 + Golden Hour 0.8 + Ink" in result.stdout
    assert "seed 8" in result.stdout
    assert not (home / "data").exists()


def test_a_prompt_that_no_adapter_fits_says_so(stylus):
    shown = stylus("imagine", "something else", "-n", "2").stdout
    assert "No adapter fits: the checkpoint draws alone." in shown
    assert "1 · no adapter" in shown
    assert "masks" not in shown
    assert "Preset base: the checkpoint" in stylus("plan", "something", "--preset", "base").stdout


def test_plan_says_what_was_struck_out_and_who_did_not_choose(stylus, monkeypatch):
    whole = StandIn.plan

    async def plan(self, request):
        dropped = (Dropped(what="a99", why="it was not offered"), Dropped(what="b", why="too"))
        return replace(await whole(self, request), instead="m: no answer in 8 s", dropped=dropped)

    monkeypatch.setattr(StandIn, "plan", plan)
    shown = stylus("plan", PROMPT).stdout
    assert "The language model did not choose. m: no answer in 8 s" in shown
    assert "Struck out or left out: 2" in shown
    assert "a99: it was not offered" in shown
    told = json.loads(stylus("plan", PROMPT, "--json").stdout)["plan"]
    assert told["instead"] == "m: no answer in 8 s"
    assert told["dropped"][0] == {"what": "a99", "why": "it was not offered"}


def test_a_plan_with_few_masks_says_why_pictures_share_one(stylus):
    shown = stylus("plan", PROMPT, "-n", "6").stdout
    assert "This plan has 4 masks; further pictures take the best with other seeds." in shown


def test_flags_of_other_bots_are_told_to_be_words(stylus):
    typed = f"{PROMPT} --ar 3:2 --stylize [bold]100 --ar 3:2"
    for command in (("imagine",), ("plan",)):
        told = stylus(*command, typed).stderr
        assert "Read as words of the prompt: --ar 3:2 · --stylize. Options go outside" in told
    told = stylus("imagine", f"{PROMPT} --v 6", "--json")
    assert "--v 6" in told.stderr
    assert json.loads(told.stdout)["images"]
    assert "Read as words" not in stylus("imagine", f"{PROMPT} -- not a flag").stderr


def test_out_gets_the_grid_and_the_very_bytes_of_the_store(stylus, home):
    told = json.loads(stylus("imagine", PROMPT, "--out", "new/folder", "--json").stdout)
    folder = home / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == [
        "1.png", "2.png", "3.png", "4.png", "grid.png",
    ]  # fmt: skip
    assert [image["path"] for image in told["images"]] == [
        str(folder / f"{i}.png") for i in (1, 2, 3, 4)
    ]
    copies = {(folder / f"{i}.png").read_bytes() for i in (1, 2, 3, 4)}
    assert copies == {path.read_bytes() for path in kept(home)}


def test_the_seed_is_random_and_printed_when_none_is_given(stylus):
    seeds = {
        json.loads(stylus("imagine", "x", "-n", "1", "--json").stdout)["images"][0]["seed"]
        for _ in range(3)
    }
    assert len(seeds) == 3
    assert all(0 <= seed <= LIMITS.seed for seed in seeds)


def test_options_and_settings_reach_the_request(stylus, home, monkeypatch):
    seen = []
    monkeypatch.setattr(
        StandIn, "shots", lambda self, request, plan, job: seen.append(request) or ()
    )
    (home / "config.toml").write_text(
        '[drawing]\nsteps = 9\nnegative = "mud"\n[selection]\nstyles = 1\n'
    )
    options = (
        "--count 3 --seed 5 --guidance 2.5 --sampler ddim --width 72 --height 80 --preset base "
        "--checkpoint mine --pin graphite --pin test:golden-hour:1 --ban nowhere --style-strength 0.5 --bare"
    )
    assert (
        stylus(
            "plan",
            PROMPT,
            *options.replace("--guidance 2.5 --sampler ddim --width 72 --height 80", "").split(),
        ).exit_code
        == 0
    )
    stylus("imagine", PROMPT, *options.split())
    asked = seen[-1]
    assert (asked.count, asked.seed, asked.guidance, asked.sampler) == (3, 5, 2.5, "ddim")
    assert (asked.width, asked.height, asked.preset, asked.checkpoint) == (72, 80, "base", "mine")
    assert asked.pinned == ("test:graphite:1", "test:golden-hour:1")
    assert asked.banned == ("test:nowhere:1",)
    assert (asked.strength, asked.bare, asked.steps, asked.negative) == (0.5, True, 9, "mud")
    assert asked.policy.styles == 1


def test_a_fresh_machine_gets_its_index_and_is_told_on_stderr(stylus):
    result = stylus("plan", PROMPT, "--json", new_cards=5)
    json.loads(result.stdout)
    assert "brought up to date: 5 changed" in result.stderr


def test_again_draws_the_same_picture_and_says_so(stylus, home):
    stylus("imagine", PROMPT, "-n", "1", "--out", "o")
    by_path = stylus("again", "o/1.png")
    assert by_path.exit_code == 0
    assert "The same picture, bit for bit." in by_path.stderr
    address = kept(home)[0].stem
    told = json.loads(stylus("again", address, "--json").stdout)
    assert told["plan"] == {"tasks": [], "uncovered": [], "composer": "manifest"}
    assert len(told["images"]) == 1
    assert told["images"][0]["mask"] == "10.1.1"


def test_again_takes_a_manifest_as_json(stylus, home):
    stylus("imagine", PROMPT, "-n", "1", "--out", "o")
    Path("m.json").write_bytes(png.to_json(store.manifest_of(Path("o/1.png"))))
    assert "Drawn from the manifest." in stylus("again", "m.json").stderr


def test_a_grid_has_no_manifest_and_that_is_told(stylus):
    stylus("imagine", PROMPT, "--out", "o")
    result = stylus("again", "o/grid.png")
    assert result.exit_code == 2
    assert "no manifest" in result.stderr


def test_how_far_two_pictures_are_apart_is_told(tmp_path):
    base = np.full((8, 8, 3), 100, np.uint8)
    other = base.copy()
    other[3, 3, 1] = 93
    for name, pixels in {"a": base, "b": other, "c": base[:4]}.items():
        (tmp_path / name).write_bytes(png.encode(pixels))
    assert compare(tmp_path / "a", tmp_path / "a") == "The same picture, bit for bit."
    assert "7 of 255" in compare(tmp_path / "a", tmp_path / "b")
    assert "sizes differ" in compare(tmp_path / "a", tmp_path / "c")


def test_adapters_list_is_an_array_of_cards(stylus):
    cards = json.loads(stylus("adapters", "list", "--json").stdout)
    assert [card["card_id"] for card in cards] == [card.card_id for card in CARDS]
    drawable = json.loads(stylus("adapters", "list", "--drawable", "--json").stdout)
    assert len(drawable) == len(CARDS) - 1
    assert "5 adapters, 4 of them with a file" in stylus("adapters", "list").stdout


def test_a_narrow_list_of_adapters_keeps_its_short_words(stylus, monkeypatch):
    monkeypatch.setenv("COLUMNS", "58")
    shown = stylus("adapters", "list").stdout
    for words in ("category", "weight", "rating", "subject", "licence"):
        assert words in shown


def test_one_card_is_shown_whole(stylus):
    shown = stylus("adapters", "show", "graphite").stdout
    for words in ("test:graphite:1", "pencil sketch", "CC0-1.0 (commercial use", "the house"):
        assert words in shown
    assert json.loads(stylus("adapters", "show", "graphite", "--json").stdout)["name"] == "Graphite"


def test_search_and_index(stylus):
    found = json.loads(stylus("adapters", "search", "dragon", "-k", "2", "--json").stdout)
    assert found[0]["adapter"]["name"] == "Graphite"
    assert len(found) == 2
    assert "Nothing found." in stylus("adapters", "search", "nothing").stdout
    built = json.loads(stylus("adapters", "index", "--json").stdout)
    assert (built["adapters"], built["changed"]) == (5, 0)
    assert "written anew: 5 adapters" in stylus("adapters", "index").stdout


@pytest.mark.parametrize("command", [("adapters", "search"), ("plan",), ("imagine",)])
def test_words_of_a_command_line_that_are_not_utf_8_are_refused_in_one_sentence(stylus, command):
    result = stylus(*command, os.fsdecode(b"caf\xe9"), "--json")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "it is not UTF-8" in result.stderr
    assert json.loads(result.stdout)["error"]["kind"] == "BadText"


def test_help_names_every_command(stylus):
    shown = stylus("--help").stdout
    assert all(
        name in shown for name in ("imagine", "again", "plan", "adapters", "setup", "bot", "doctor")
    )
    assert "demo" not in shown


@pytest.mark.parametrize(("value", "text"), [(0.8, "0.8"), (1, "1.0"), (0.64, "0.64"), (-0.5, "-0.5"), (0.666, "0.67")])  # fmt: skip
def test_weights_are_short(value, text):
    assert weight(value) == text


def test_texts_of_cards_are_one_plain_line():
    assert plain("a\x1b[31m\r\nb\u2028c\x00  d") == "a [31m b c d"
    assert plain("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("command", ["bot", "demo"])
def test_on_windows_the_bot_says_what_it_needs(stylus, monkeypatch, command):
    monkeypatch.setattr(sys, "platform", "win32")
    result = stylus(command)
    assert result.exit_code != 0
    assert "needs Linux or macOS; on Windows use WSL" in result.stderr
