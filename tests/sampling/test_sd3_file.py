"""A Stable Diffusion 3.5 transformer in one file, with its VAE or without: as its own folder draws.

The names are written by hand; diffusers' converter judges that hand.
"""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportUnknownVariableType=false

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusion3Pipeline
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from safetensors.torch import save_file
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.catalog.weighing import weights
from stylus_engine.errors import BadCheckpoint
from stylus_engine.sampling.families import family_of
from tests.sampling.draws import Pool
from tests.sampling.flowing import EDGE, gap
from tests.sampling.flowing import fox as shot
from tests.sampling.judge import finals, stage
from tests.sampling.test_single_file import vae
from tests.sampling.tiny_flux import swapped
from tests.sampling.tiny_sd3 import of_makers, tiny_sd3

PREFIX = "model.diffusion_model."
MORE = (  # layers that the adapters of the tests leave alone
    ("x_embedder.proj", "pos_embed.proj"),
    ("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"),
    ("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
)
TURNED = {"final_layer.adaLN_modulation.1", "joint_blocks.1.context_block.adaLN_modulation.1"}


def by_makers(pipeline: StableDiffusion3Pipeline) -> dict[str, Tensor]:
    """The transformer alone, as its makers name it."""
    ours, theirs = pipeline.transformer.state_dict(), dict[str, Tensor]()
    for name, paths in (*of_makers(), *((name, (path,)) for name, path in MORE)):
        for part in ("weight", "bias"):
            whole = torch.cat([ours[f"{path}.{part}"] for path in paths])
            theirs[f"{name}.{part}"] = swapped(whole) if name in TURNED else whole
    for at, attention in ((0, "attn"), (0, "attn2"), (1, "attn")):
        mine, block = f"transformer_blocks.{at}.{attention}", f"joint_blocks.{at}"
        for letter in "qk":
            norm = ours[f"{mine}.norm_{letter}.weight"]
            theirs[f"{block}.x_block.{attention}.ln_{letter}.weight"] = norm
            if attention == "attn":
                norm = ours[f"{mine}.norm_added_{letter}.weight"]
                theirs[f"{block}.context_block.attn.ln_{letter}.weight"] = norm
    theirs["pos_embed"] = ours["pos_embed.pos_embed"]
    return {name: each.clone().contiguous() for name, each in theirs.items()}


@pytest.fixture(scope="module")
def other() -> StableDiffusion3Pipeline:
    made = tiny_sd3(seed=4)
    with torch.no_grad():
        for weight in (*made.transformer.parameters(), *made.vae.parameters()):
            weight.add_(0.1 if weight.ndim == 1 else 0)  # norms are all 1 else, and biases 0
    return made


@pytest.fixture
def home(other: StableDiffusion3Pipeline, tmp_path: Path) -> Path:
    """A folder of the same texts, but another transformer, of another shape, and another VAE."""
    other.save_pretrained(tmp_path / "own", safe_serialization=True)
    shutil.copytree(tmp_path / "own", tmp_path / "home")
    first = tiny_sd3(seed=9)
    first.transformer.register_to_config(num_layers=5, dual_attention_layers=(1,))
    first.transformer.save_config(tmp_path / "home" / "transformer")
    first.vae.save_pretrained(tmp_path / "home" / "vae")
    return tmp_path / "home"


def test_the_hand_that_writes_is_right(other):
    theirs = convert_sd3_transformer_checkpoint_to_diffusers(by_makers(other))
    for name, weight in other.transformer.state_dict().items():
        assert torch.equal(theirs.pop(name), weight), name
    assert not theirs


@pytest.mark.parametrize(("prefix", "whole"), [(PREFIX, True), (PREFIX, False), ("", False)])
def test_a_file_draws_what_its_own_folder_draws(other, home: Path, prefix: str, whole: bool):
    state = {prefix + name: each for name, each in by_makers(other).items()}
    if whole:
        state |= {name: each.contiguous() for name, each in vae(other).items()}
    else:
        shutil.copytree(home.parent / "own" / "vae", home / "vae", dirs_exist_ok=True)
    save_file(state, home / "dreamy.safetensors")
    found = LocalCheckpoints({"own": home.parent / "own", "file": home / "dreamy.safetensors"}, "")
    stages = [stage(Pool(found.find(name), (), {}, (), (EDGE,))) for name in ("own", "file")]
    pool = Pool(found.find("file"), (), {}, (), (EDGE,))
    own, file = (finals(on, [shot(pool, "one", {})])["one"] for on in stages)
    assert found.find("file").family == "sd3"
    assert gap(own, file) <= 1e-5
    pictures = [
        torch.as_tensor(family_of(on.parts.checkpoint).decode(on.parts, own)) for on in stages
    ]
    assert gap(*pictures) <= 1e-5
    own_weights, file_weights = (
        {each.part: each for each in weights(found.find(name), 4)} for name in ("own", "file")
    )
    assert file_weights == own_weights


def test_a_file_alone_or_with_its_text_encoders_is_refused(other, home: Path, tmp_path: Path):
    state = by_makers(other)
    save_file(state, tmp_path / "alone.safetensors")
    save_file(state | {"text_encoders.clip_l.x": torch.ones(1)}, home / "fat.safetensors")
    files = {"alone": tmp_path / "alone.safetensors", "fat": home / "fat.safetensors"}
    checkpoints = LocalCheckpoints(files, "")
    with pytest.raises(BadCheckpoint, match="SD 3 folder"):
        checkpoints.find("alone")
    with pytest.raises(BadCheckpoint, match=r"text_encoders\.clip_l"):
        family_of(checkpoints.find("fat")).load(checkpoints.find("fat"))


@pytest.mark.parametrize("places", [None, torch.ones(3)], ids=["none", "flat"])
def test_a_file_without_the_places_of_patches_is_refused_in_a_sentence(
    other, home: Path, places: Tensor | None
):
    state = by_makers(other)
    del state["pos_embed"]
    save_file(state | ({} if places is None else {"pos_embed": places}), home / "odd.safetensors")
    odd = LocalCheckpoints({"odd": home / "odd.safetensors"}, "odd").find("")
    with pytest.raises(BadCheckpoint, match="where it stands"):
        family_of(odd).load(odd)
