"""The self-check: an independent reading is held against ours, and what is wrong is found."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from typer.testing import CliRunner

from bot.__main__ import application, open_engine
from stylus_engine.model import Adapter
from stylus_engine.sampling import selfcheck
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


def test_a_folder_without_files_is_said_in_one_sentence(tmp_path):
    told = CliRunner().invoke(application(open_engine), ["selfcheck", "--adapters", str(tmp_path)])
    assert told.exit_code == 1
    assert "there is no .safetensors file" in told.stderr
