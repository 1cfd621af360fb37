"""A textual inversion from the user's end: found by its words, lit, drawn and told of."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.pictures.store import manifest_of

WIDTH = 96  # of the miniature's text encoder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as people have it: two embeddings, what a site says of them, and a pickle."""
    files = tmp_path / "embeddings"
    files.mkdir()
    dice = torch.Generator().manual_seed(1)
    for name in ("zorblax", "bad-zorblax negative"):
        vectors = torch.randn(3, WIDTH, generator=dice) * 0.02
        save_file({"emb_params": vectors}, files / f"{name}.safetensors")
        told = {"description": "a zorblax creature", "activation text": "zorblax"}
        (files / f"{name}.json").write_text(json.dumps(told))
    torch.save({"string_to_param": {"*": torch.ones(1, WIDTH)}}, files / "zorblax old.pt")
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("STYLUS_CARDS__BUILTIN", "false")
    monkeypatch.setenv("STYLUS_CARDS__FOLDERS", json.dumps([str(files)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stylus(*words: str) -> dict[str, list[dict[str, str]]]:
    result = CliRunner().invoke(application(open_engine), [*words, "--json"], prog_name="stylus")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_prompt_finds_an_embedding_and_its_word_means_its_vectors(folder: Path):
    words = ("imagine", "a zorblax in the forest", "-n", "1", "--steps", "2", "--seed", "5")
    told = stylus(*words)
    (image,) = told["images"]
    manifest = manifest_of(Path(image["path"]))
    assert manifest is not None
    assert [lit.name for lit in manifest.adapters] == ["zorblax"]
    assert "zorblax" in manifest.encoded
    (bare,) = stylus(*words, "--preset", "base")["images"]
    assert Path(bare["path"]).read_bytes() != Path(image["path"]).read_bytes()
