"""A FLUX.1 checkpoint and its adapters from the user's end: the real command line and the real parts."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine
from stylus_engine.model import Adapter
from stylus_engine.pictures.store import manifest_of
from tests.sampling.tiny_flux import adapter, tiny_flux
from tests.sampling.tiny_sdxl import adapter as of_sdxl
from tests.sampling.tiny_sdxl import tiny_sdxl


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of adapter files without cards, a checkpoint, and one card of another family."""
    pipeline = tiny_flux()
    pipeline.save_pretrained(tmp_path / "flux", safe_serialization=True)
    (tmp_path / "loras").mkdir()
    plain = adapter(tmp_path / "loras" / "pencil sketch.safetensors", pipeline, "kohya", seed=3)
    plain.unlink()
    of_sdxl(tmp_path / "night city.safetensors", tiny_sdxl(), "kohya_ldm", seed=4)
    card = Adapter(
        card_id="test:night:1",
        name="Night City",
        family_declared="sdxl",
        triggers=("night city",),
        path="night city.safetensors",
    )
    (tmp_path / "cards.jsonl").write_bytes(msgspec.json.encode(card))
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stylus(folder: Path, *words: str) -> Result:
    settings = {
        "checkpoints.folders.flux": str(folder / "flux"),
        "checkpoints.default": "flux",
        "cards.builtin": "false",
        "cards.files": f'["{folder}/cards.jsonl"]',
        "cards.folders": f'["{folder}/loras"]',
    }
    options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    result = CliRunner().invoke(
        application(open_engine), [*options, *words], prog_name="stylus", env={"COLUMNS": "100"}
    )
    assert result.exit_code == 0, result.output
    return result


def test_a_prompt_becomes_pictures_of_flux_with_the_adapter_of_its_family(folder: Path):
    """The usual sampler is none of its own: pictures say euler, and draw again from what they say."""
    words = ("imagine", "a pencil sketch of a night city", "-n", "2", "--steps", "2", "--seed", "5")
    told = json.loads(stylus(folder, *words, "--width", "32", "--height", "32", "--json").stdout)
    pictures = [Path(image["path"]) for image in told["images"]]
    manifest = manifest_of(pictures[0])
    assert manifest is not None
    assert [lit.name for lit in manifest.adapters] == ["pencil sketch"]
    assert (manifest.shot.sampler, manifest.shot.guidance) == ("euler", 3.5)
    again = json.loads(stylus(folder, "again", str(pictures[0]), "--json").stdout)
    assert Path(again["images"][0]["path"]).read_bytes()[-2000:] == pictures[0].read_bytes()[-2000:]
    words = ("upscale", str(pictures[0]), "--json")
    large = Path(json.loads(stylus(folder, *words).stdout)["images"][0]["path"])
    found = manifest_of(large)
    assert found is not None
    assert found.shot.start is not None
    assert (found.shot.width, found.shot.start.tile) == (64, 32)


def test_schnell_is_drawn_in_four_steps_without_guidance_unless_somebody_says_so(folder: Path):
    tiny_flux(distilled=False).save_pretrained(folder / "flux", safe_serialization=True)
    words = ("imagine", "a fox", "-n", "1", "--width", "32", "--height", "32", "--json")
    for more, wanted in (((), (4, 1.0)), (("--steps", "1", "--guidance", "2"), (1, 2.0))):
        told = json.loads(stylus(folder, *words, *more).stdout)
        manifest = manifest_of(Path(told["images"][0]["path"]))
        assert manifest is not None
        assert (manifest.shot.steps, manifest.shot.guidance) == wanted


def test_what_flux_has_no_ear_for_is_told(folder: Path):
    told = stylus(
        folder, "imagine", "a fox", "-n", "1", "--steps", "1", "--width", "32", "--height", "32",
        "--sampler", "ddim", "--negative", "blurry",
    ).output  # fmt: skip
    assert "flux is drawn with euler: it has no ddim." in told
    assert "flux reads no negative prompt." in told
