"""Z-Image: ours, texts of unlike lengths and other adapters a row, against the plain pipeline that diffusers fused."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportUnknownVariableType=false

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ZImageImg2ImgPipeline, ZImageInpaintPipeline, ZImagePipeline
from diffusers.loaders.lora_conversion_utils import (
    _convert_non_diffusers_z_image_lora_to_diffusers,
)
from diffusers.loaders.single_file_utils import (
    convert_z_image_transformer_checkpoint_to_diffusers,
)
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.model import Shot, Start
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.families import zimage
from stylus_engine.sampling.tokens import OwnTokens
from tests.sampling.converting import factors, file_of
from tests.sampling.draws import Pool
from tests.sampling.flowing import EDGE, gap, mask, ours, picture, tiny_pool
from tests.sampling.flowing import fox as shot
from tests.sampling.judge import MAKERS, finals, stage
from tests.sampling.oracle import quiet, seeded
from tests.sampling.plain import fuse
from tests.sampling.tiny_zimage import adapter, by_makers, places, tiny_words, tiny_zimage

LAYOUTS = ("diffusers", "comfy")
BOUND = 1e-4
__all__ = ["ours"]  # a fixture


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("zimage")
    return tiny_pool(root, tiny_zimage(), adapter, LAYOUTS)


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Tensor:
    """The shot alone in diffusers' pipeline of its kind, which counts the guidance from 0."""
    with quiet():
        kind, more = _kind(shot)
        pipeline = kind.from_pretrained(pool.folder, dtype=torch.float32, local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        fuse(pipeline, pool, shot, ["transformer"])
        return pipeline(
            prompt=shot.recipe.prompt,
            negative_prompt=shot.recipe.negative,
            width=shot.width,
            height=shot.height,
            num_inference_steps=shot.steps,
            guidance_scale=max(0.0, shot.guidance - 1),
            generator=seeded(shot.seed),
            output_type="latent",
            **more,
        ).images


def _kind(shot: Shot) -> tuple[Any, dict[str, Any]]:
    if shot.start is None:
        return ZImagePipeline, {}
    more: dict[str, Any] = {"image": Image.fromarray(picture()), "strength": shot.start.strength}
    if shot.start.mask is None:
        return ZImageImg2ImgPipeline, more
    return ZImageInpaintPipeline, more | {"mask_image": Image.fromarray(mask()).convert("L")}


def test_the_folder_is_known(pool):
    found = pool.checkpoint
    assert (found.family, found.size, found.multiple) == ("z-image", 256, 4)


def test_a_batch_of_unlike_texts_and_adapters_draws_what_the_plain_pipeline_draws(pool, ours):
    shots = [
        shot(pool, "bare", {}),
        *(shot(pool, layout, {layout: 0.8}) for layout in LAYOUTS),
        shot(pool, "two", {"comfy": 0.5, "diffusers": -0.4}, width=48, steps=6),
        shot(pool, "unguided and much longer than all the others", {"comfy": 1.0}, guidance=1.0),
    ]
    ends = finals(ours, shots)
    for each in shots:
        assert gap(ends[each.id], plain(pool, each)) <= BOUND, each.id


def test_adapters_and_words_matter(pool, ours):
    worn = shot(pool, "comfy", {"comfy": 0.8})
    end = finals(ours, [worn])["comfy"]
    assert gap(end, plain(pool, shot(pool, "comfy", {}))) > 100 * BOUND
    assert gap(end, finals(ours, [shot(pool, "other", {"comfy": 0.8})])["other"]) > 100 * BOUND


@pytest.mark.parametrize(("masked", "strength"), [(False, 0.6), (True, 0.7)])
def test_a_start_among_others_is_what_the_plain_pipeline_draws(pool, ours, masked, strength):
    start = Start(picture="picture", mask="mask" if masked else None, strength=strength)
    me = shot(pool, "me", {"comfy": 0.8}, start=start, steps=6)
    end = finals(ours, [shot(pool, "words", {}), me])["me"]
    assert gap(end, plain(pool, me)) <= BOUND


def test_every_layer_of_both_layouts_arrives(pool, ours):
    checkpoint = ours.parts.checkpoint
    bases = Bases(checkpoint.id, checkpoint.family, ours.parts.modules)
    for layout in LAYOUTS:
        found = factors(pool.files[layout], bases)
        assert len(found.layers) == sum(len(paths) for _, paths in places(tiny_zimage(), layout))


def test_the_prompt_must_fit_beside_the_template(pool, ours):
    most = zimage.room(tiny_words())
    assert most < zimage.WINDOW
    assert OwnTokens().fits(pool.checkpoint, "a" * most)
    assert not OwnTokens().fits(pool.checkpoint, "a" * (most + 1))
    me = shot(pool, "me", {}, steps=1)
    ours.drawer.admit(me)
    drawn = [event.picture for event in ours.drawer.events() if hasattr(event, "picture")]
    assert [picture.manifest.encoded for picture in drawn] == ["a me fox"]


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "stack"])
def test_every_executor_draws_what_the_stack_draws(pool, ours, kind):
    """The stack is held against diffusers above; layers that no UNet has are here."""
    shots = [
        shot(pool, "one", {"comfy": 0.8}, steps=2),
        shot(pool, "other", {"comfy": 0.8, "diffusers": -0.5}, steps=2),
        shot(pool, "bare", {}, steps=2),
    ]
    ends, truth = finals(stage(pool, executor=kind), shots), finals(ours, shots)
    assert max(gap(ends[each.id], truth[each.id]) for each in shots) <= 1e-5


def test_kohyas_names_are_what_diffusers_reads(ours, tmp_path):
    dice = torch.Generator().manual_seed(2)
    state: dict[str, Tensor] = {}
    for name, module in ours.parts.unet.named_modules():
        if isinstance(module, nn.Linear) and ("attention" in name or "feed_forward" in name):
            out, into = module.weight.shape
            flat = f"lora_unet_{name.replace('.', '_')}"
            state[f"{flat}.lora_down.weight"] = torch.randn(3, into, generator=dice)
            state[f"{flat}.lora_up.weight"] = torch.randn(out, 3, generator=dice)
            state[f"{flat}.alpha"] = torch.tensor(1.5)
    checkpoint = ours.parts.checkpoint
    bases = Bases(checkpoint.id, checkpoint.family, ours.parts.modules)
    found = factors(file_of(tmp_path / "ink.safetensors", **state), bases)
    theirs = _convert_non_diffusers_z_image_lora_to_diffusers(state)
    assert 2 * len(found.layers) == len(theirs)
    for (component, path), layer in found.layers.items():
        down, up = (theirs[f"{component}.{path}.lora_{part}.weight"] for part in "AB")
        assert torch.allclose(layer.up @ layer.down, up @ down, atol=1e-5), path


def test_a_transformers_file_in_a_folder_draws_what_its_own_folder_draws(pool, tmp_path: Path):
    """Written by hand; read by diffusers' converter, it is the model again."""
    other = tiny_zimage(seed=4)
    with torch.no_grad():
        for weight in other.transformer.parameters():
            weight.add_(0.1 if weight.ndim == 1 else 0)  # norms are all 1 else, and biases 0
    other.save_pretrained(tmp_path / "own", safe_serialization=True)
    home = tmp_path / "home"
    shutil.copytree(pool.folder, home)
    state = by_makers(other)
    save_file(state, home / "dreamy.safetensors")
    theirs = convert_z_image_transformer_checkpoint_to_diffusers(dict(state))
    for name, weight in other.transformer.state_dict().items():
        assert torch.equal(theirs.pop(name), weight), name
    assert not theirs
    found = LocalCheckpoints({"own": tmp_path / "own", "file": home / "dreamy.safetensors"}, "own")
    shutil.rmtree(home / "text_encoder")
    shutil.copytree(tmp_path / "own" / "text_encoder", home / "text_encoder")
    shutil.rmtree(home / "vae")
    shutil.copytree(tmp_path / "own" / "vae", home / "vae")
    ends = [
        finals(stage(Pool(found.find(name), (), {}, (), (EDGE,))), [shot(pool, "one", {})])["one"]
        for name in ("own", "file")
    ]
    assert found.find("file").family == "z-image"
    assert gap(*ends) <= 1e-5
