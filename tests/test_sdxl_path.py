"""An SDXL checkpoint and its adapters from the user's end: the real command line and the real parts."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.model import Adapter
from stylus_engine.pictures.store import manifest_of
from tests.sampling.tiny_sdxl import adapter, tiny_sdxl


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder, an adapter with its card, and a data folder."""
    pipeline = tiny_sdxl()
    pipeline.save_pretrained(tmp_path / "xl", safe_serialization=True)
    adapter(tmp_path / "ink.safetensors", pipeline, "kohya_ldm", seed=3)
    card = Adapter(
        card_id="test:ink:1",
        name="Pencil Sketch",
        family_declared="sdxl",
        category="style",
        triggers=("pencil sketch",),
        path="ink.safetensors",
    )
    (tmp_path / "cards.jsonl").write_bytes(msgspec.json.encode(card))
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stylus(folder: Path, *words: str, checkpoint: str = "xl") -> dict[str, Any]:
    settings = {
        "checkpoints.folders.xl": str(folder / checkpoint),
        "checkpoints.default": "xl",
        "cards.builtin": "false",
        "cards.files": f'["{folder}/cards.jsonl"]',
    }
    options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    result = CliRunner().invoke(
        application(open_engine), [*options, *words, "--json"], prog_name="stylus"
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_prompt_becomes_pictures_of_an_sdxl_checkpoint_with_its_adapter(folder: Path):
    words = ("imagine", "a pencil sketch of a fox", "-n", "2", "--steps", "2", "--seed", "5")
    told = stylus(folder, *words, "--width", "32", "--height", "32")
    images = told["images"]
    assert [image["seed"] for image in images] == [5, 6]
    manifest = manifest_of(Path(images[0]["path"]))
    assert manifest is not None
    assert [lit.name for lit in manifest.adapters] == ["Pencil Sketch"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("xl", (8, 5.0, "dpmpp_2m_karras")), ("sdxl_turbo", (4, 1.0, "euler_a_trailing"))],
)
def test_an_adapter_is_checked_at_the_pace_that_suits_its_checkpoint(
    folder: Path, name: str, wanted: tuple[int, float, str]
):
    (folder / "xl").rename(folder / name)
    told = stylus(folder, "catalog", "health", "Pencil Sketch", checkpoint=name)
    assert told["learned"] == 1
    shots = [manifest_of(path).shot for path in (folder / "data" / "pictures").rglob("*.png")]
    assert len(shots) >= 12
    assert {(shot.steps, shot.guidance, shot.sampler) for shot in shots} == {wanted}
