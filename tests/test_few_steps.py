"""Drawing in four steps from the user's end, with the adapter that the miniature was distilled into."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine
from miniature.judge import Judge
from stylus_engine.pictures.store import manifest_of
from tests.house.source import HOUSE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
QUICK = "miniature:quick_strokes:1"
PROMPT = "a red cat in the snow"


def stylus(folder: Path, *words: str) -> Result:
    flags = ("--set", f"paths.data={folder / 'data'}")
    result = CliRunner().invoke(application(open_engine), [*flags, *words], prog_name="stylus")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def asked(folder: Path, *words: str) -> Any:
    result = stylus(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quick")


def test_fast_sets_steps_guidance_and_sampler_and_a_manifest_draws_the_same(folder: Path):
    drawn = asked(folder, "imagine", PROMPT, "--fast", "--preset", "base", "-n", "2", "-s", "7")
    fast = drawn["plan"]["fast"]
    assert (fast["id"], fast["kind"], fast["steps"], fast["sampler"]) == (QUICK, "LCM", 4, "lcm")
    paths = [Path(image["path"]) for image in drawn["images"]]
    shot = manifest_of(paths[0]).shot
    assert (shot.steps, shot.guidance, shot.sampler) == (4, 1.0, "lcm")
    assert [(lit.adapter.card_id, lit.weight) for lit in shot.recipe.adapters] == [(QUICK, 1.0)]
    again = pixels(asked(folder, "again", str(paths[0]))["images"][0]["path"])
    alone = asked(folder, "imagine", PROMPT, "--fast", "--preset", "base", "-n", "1", "-s", "7")
    assert (again == pixels(alone["images"][0]["path"])).all()
    # In a grid of two some processors round one value in thousands otherwise: one level, no more.
    assert np.abs(again.astype(int) - pixels(paths[0])).max() <= 1
    seen = Judge.load(HOUSE / "miniature" / "data").read([Image.open(path) for path in paths])
    assert [(each.subject, each.colour, each.place) for each in seen] == 2 * [
        ("cat", "red", "snow")
    ]


def test_a_pinned_one_does_the_same_beside_a_style_and_what_the_person_says_stays(folder: Path):
    words = ("imagine", "a red cat in the snow, watercolour", "-n", "1", "-s", "7")
    told = stylus(folder, *words, "--pin", "Quick Strokes LCM 4 steps", "--steps", "5")
    assert told.exit_code == 0, told.output
    said = "Drawn in 5 steps, guidance 1.0, lcm: few-step adapter Quick Strokes LCM 4 steps 1.0"
    assert said in told.stdout
    assert "1 · Wet Paper" in told.stdout
    assert "Quick Strokes" not in told.stdout.replace(said, "")


def test_a_file_without_a_card_is_one_by_its_name_and_no_words_choose_it(folder: Path):
    loras = folder / "loras"
    loras.mkdir(exist_ok=True)
    quick = HOUSE / "miniature" / "data" / "adapters" / "quick_strokes.safetensors"
    shutil.copy(quick, loras / "x_Lightning6Step.safetensors")
    flags = ("--set", f"cards.folders=[{json.dumps(str(loras))}]", "--set", "cards.builtin=false")
    told = asked(folder, *flags, "plan", "a red cat, x lightning 6 step", "--fast")["plan"]
    assert (told["fast"]["kind"], told["fast"]["steps"]) == ("Lightning", 6)
    assert "Lightning" not in json.dumps({**told, "fast": None, "prompt": ""})


def test_it_is_never_chosen_for_words_of_a_prompt(folder: Path):
    plan = asked(folder, "plan", "quick strokes, lcm, few steps, 4 steps")["plan"]
    assert "fast" not in plan
    assert QUICK not in json.dumps(plan)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--fast", "--steps", "60"), "Steps of lcm must lie between 1 and 50; 60 was given."),
        (("--fast", "--set-fast", "nobody"), "There is no adapter called “nobody”."),
    ],
)
def test_what_cannot_be_is_one_sentence(folder: Path, words: tuple[str, ...], why: str):
    before = ("--set", f"drawing.fast={words[2]}") if "--set-fast" in words else ()
    refused = stylus(
        folder, *before, "imagine", PROMPT, "--preset", "base", *words[: 1 if before else 3]
    )
    assert refused.exit_code == 2
    assert why in refused.stderr


def pixels(path: str | Path) -> Any:
    return np.asarray(Image.open(path))
