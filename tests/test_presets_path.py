"""Every preset from the user's end: `stylus plan` on the miniature, with all that is real."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Indexed once."""
    made = tmp_path_factory.mktemp("presets")
    stylus(made, "plan", "a cat")
    return made


def stylus(folder: Path, *words: str) -> Result:
    flags = ("--set", f"paths.data={folder / 'data'}")
    result = CliRunner().invoke(application(open_engine), [*flags, *words], prog_name="stylus")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def planned(folder: Path, prompt: str, *words: str) -> Any:
    result = stylus(folder, "plan", prompt, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["plan"]


def lit(plan: Any) -> list[str]:
    return [one["name"] for task in plan["tasks"] for one in task["adapters"]]


def test_ours_hears_what_is_meant(folder: Path):
    assert lit(planned(folder, "a triceratops in a tempest")) == ["Long-neck Dino", "Thunder"]
    assert lit(planned(folder, "a kitten in the woods")) == []
    assert lit(planned(folder, "a red dragn"))[0] in {"Storybook Dragon", "Little Dragon"}


@pytest.mark.parametrize("preset", ["retriever-only", "reranker", "random"])
def test_the_baselines_take_three(folder: Path, preset: str):
    first, again = (
        planned(folder, "a tin robot at night", "--preset", preset, "--seed", "5") for _ in "12"
    )
    assert len(lit(first)) == 3
    assert lit(first) == lit(again)
    assert first["composer"] == preset


def test_the_paper_asks_for_a_model_in_one_sentence(folder: Path):
    result = stylus(folder, "plan", "a dragon", "--preset", "paper")
    assert result.exit_code != 0
    assert "paper-rules" in result.output
    assert "Traceback" not in result.output


def test_help_names_every_preset(folder: Path):
    shown = " ".join(stylus(folder, "plan", "--help").output.replace("│", " ").split())
    for preset in (
        "stylus",
        "paper",
        "paper-rules",
        "retriever-only",
        "reranker",
        "random",
        "base",
    ):
        assert preset in shown
