"""The self-check: an independent reading is held against ours, and what is wrong is found."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.model import Adapter
from stylus_engine.pictures.store import manifest_of
from stylus_engine.sampling import executors, selfcheck
from stylus_engine.sampling.executors import Compiled
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.judging import judged
from stylus_engine.sampling.selfcheck import Inspector
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool, tiny_pool
from tests.sampling.judge import Files

MINIATURE = Path(__file__).parents[2] / "miniature" / "data" / "adapters"


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return tiny_pool(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def parts(pool: Pool) -> Parts:
    return family_of(pool.checkpoint).load(pool.checkpoint)


def inspector(pool: Pool, parts: Parts) -> Inspector:
    return Inspector(parts, FactorStore(Files(pool.files), 2**30))


def test_every_layout_is_what_it_would_be_merged(pool, parts):
    looking = inspector(pool, parts)
    found = {a.name: looking.check(placed(pool, a)) for a in pool.adapters}
    assert all(each.good for each in found.values()), found
    judges = {name.rpartition("-")[0]: each.judge for name, each in found.items()}
    assert {layout for layout, judge in judges.items() if judge == "diffusers"} >= {
        "peft",
        "kohya",
        "locon",
    }
    assert judges["loha"] == judges["lokr"] == "formula"


def test_a_scheduler_config_that_leads_to_no_picture_is_told(pool, parts):
    config = {**parts.scheduler_config, "prediction_type": "flow_prediction"}
    looking = inspector(pool, replace(parts, scheduler_config=config))
    found = looking.check(placed(pool, pool.adapters[0]))
    assert not found.good
    assert "scheduler config" in found.sentence


def test_a_wrong_reading_of_a_file_is_found(pool, parts, monkeypatch):
    """One layer at three times what it should be, as a wrong alpha makes it."""

    def off(path: Path, parts: Parts, ours: Factors) -> Factors:
        theirs = judged(path, parts, ours)
        assert theirs is not None
        place, layer = next(iter(theirs.layers.items()))
        return replace(
            theirs, layers=dict(theirs.layers) | {place: replace(layer, up=layer.up * 3)}
        )

    monkeypatch.setattr(selfcheck, "judged", off)
    kohya = next(a for a in pool.adapters if a.name.startswith("kohya"))
    found = inspector(pool, parts).check(placed(pool, kohya))
    assert not found.good
    assert found.forward > 1e-3 or found.draw > 1e-3


def placed(pool: Pool, adapter: Adapter) -> Adapter:
    return structs.replace(adapter, path=str(pool.files[adapter.card_id]))


@pytest.mark.slow
def test_the_command_tells_of_a_folder_and_draws_a_sheet(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("soft_pencil", "little_dragon"):
        shutil.copy(MINIATURE / f"{name}.safetensors", folder)
    (folder / "a broken one.safetensors").write_text("<html>")
    out = tmp_path / "out"
    said = ["--set", f"paths.data={tmp_path}", "selfcheck"]
    more = ["--steps", "2", "--pictures", "1", "--json"]
    told = CliRunner().invoke(
        application(open_engine),
        [*said, "--adapters", str(folder), "--out", str(out), *more],
    )
    assert told.exit_code == 1, told.output  # one file is refused
    answer = json.loads(told.stdout)
    assert answer == json.loads((out / "selfcheck.json").read_bytes())
    broken, dragon, pencil = answer["adapters"]
    assert "web page" in broken["sentence"]
    assert dragon["good"]
    assert pencil["good"]
    assert dragon["judge"] == "diffusers"
    assert (out / "selfcheck.png").is_file()
    assert answer["peak_mib"] > 50


DRAWN = [
    ("compile=blocks", "compiled", {"compile": "blocks"}),
    ("executor=bank", "bank", {}),
    ("quantised=int8", "stack", {"quantised": "int8"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "executor", "how"), DRAWN)
def test_its_grid_is_drawn_as_the_settings_say_and_it_says_how(
    tmp_path, monkeypatch, setting, executor, how
):
    monkeypatch.setattr(executors, "Compiled", partial(Compiled, backend="eager"))
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("soft_pencil", "little_dragon", "golden_hour", "neon_tubes", "cut_paper"):
        shutil.copy(MINIATURE / f"{name}.safetensors", folder)
    said = ["--set", f"paths.data={tmp_path}", "--set", f"sampling.{setting}", "selfcheck"]
    more = ["--adapters", str(folder), "--out", str(tmp_path / "out"), "--steps", "2"]
    told = CliRunner().invoke(application(open_engine), [*said, *more])
    assert told.exit_code == 0, told.output
    assert f"Drawn in 10 steps with executor {executor}: the settings ask for it." in told.stdout
    answer = json.loads((tmp_path / "out" / "selfcheck.json").read_bytes())
    assert [(ran["executor"], ran["steps"]) for ran in answer["ran"]] == [(executor, 10)]
    assert answer["seconds_of_a_grid"] > 0
    assert answer["with_compiling"] is (executor == "compiled")
    assert ("compiling among it" in told.stdout) is (executor == "compiled")
    pictures = [manifest_of(path).how for path in (tmp_path / "pictures").rglob("*.png")]
    assert len(pictures) == 5
    for told_of in pictures:
        assert {key: told_of.get(key, "") for key in ("compile", "quantised")} == (
            {"compile": "", "quantised": ""} | how
        )


def test_a_folder_without_files_is_said_in_one_sentence(tmp_path):
    told = CliRunner().invoke(application(open_engine), ["selfcheck", "--adapters", str(tmp_path)])
    assert told.exit_code == 1
    assert "there is no .safetensors file" in told.stderr
