"""SD 2: what differs from SD 1 stands in the folder's configs, v-prediction above all."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import Parts
from tests.sampling.draws import Pool, adapters, tiny_checkpoint
from tests.sampling.judge import END_TO_END, apart, finals, stage
from tests.sampling.oracle import Oracle
from tests.sampling.small import shot
from tests.sampling.tiny import random_adapter, tiny_pipeline

PREDICTS = '"prediction_type": "epsilon"'


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("sd2")
    path = Path(tiny_checkpoint(root).path, "scheduler", "scheduler_config.json")
    text = path.read_text()
    assert PREDICTS in text
    path.write_text(text.replace(PREDICTS, PREDICTS.replace("epsilon", "v_prediction")))
    files = {"kohya": root / "kohya.safetensors"}
    random_adapter(files["kohya"], tiny_pipeline(), "kohya", alpha=2.0)
    checkpoint = tiny_again(path)
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat",), (16,))


def tiny_again(path: Path) -> Checkpoint:
    """Read once more: its config is part of its id. Called what the catalogue calls width 1024."""
    folder = path.parents[1]
    found = LocalCheckpoints({"tiny": folder}, "tiny").find("")
    return structs.replace(found, family="sd2")


def test_sd2_is_drawn_by_what_its_scheduler_says(pool):
    ours, oracle = stage(pool), Oracle(pool.folder, pool.files)
    shots = [
        shot(pool, sampler, {"kohya": 0.8}, steps=4, guidance=5.0, sampler=sampler)
        for sampler in ("euler", "dpmpp_2m_karras", "ddim")
    ]
    ends = finals(ours, shots)
    for each in shots:
        truth = oracle.draw(each)
        unit = max(1.0, float(truth.final.std()))
        assert apart(ends[each.id], truth) <= END_TO_END * unit, each.id


def test_v_prediction_is_another_picture(pool):
    """The comparison above would notice a prediction read as noise."""
    ours = stage(pool)
    drawn = shot(pool, "v", {}, steps=4)
    end = finals(ours, [drawn])["v"]
    other = finals(stage(pool, parts=as_noise(ours.parts)), [drawn])["v"]
    assert float((end - other).abs().max()) > 0.1


def as_noise(parts: Parts) -> Parts:
    config = {**parts.scheduler_config, "prediction_type": "epsilon"}
    return replace(parts, scheduler_config=config)
