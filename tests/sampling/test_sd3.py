"""Stable Diffusion 3.5: ours, in a batch with other adapters a row, against the plain pipeline that diffusers fused."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusion3Img2ImgPipeline,
    StableDiffusion3InpaintPipeline,
    StableDiffusion3Pipeline,
)
from diffusers.loaders.single_file_utils import swap_scale_shift
from PIL import Image
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.errors import AdapterWrongFamily, OutOfRange
from stylus_engine.model import Drawn, Shot, Start
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.compiling import repeated
from tests.sampling.converting import factors
from tests.sampling.draws import Pool
from tests.sampling.flowing import EDGE, gap, mask, ours, picture, tiny_pool
from tests.sampling.flowing import fox as shot
from tests.sampling.judge import finals, stage
from tests.sampling.oracle import quiet, seeded
from tests.sampling.plain import fresh, fuse
from tests.sampling.tiny_flux import WINDOW, swapped, tiny_flux
from tests.sampling.tiny_flux import adapter as of_flux
from tests.sampling.tiny_sd3 import adapter, places, tiny_sd3

LAYOUTS = ("diffusers", "kohya")
BOUND = 1e-4
__all__ = ["ours"]  # a fixture
PARTS = ["transformer", "text_encoder", "text_encoder_2"]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("sd3")
    return tiny_pool(root, tiny_sd3(), adapter, LAYOUTS)


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Tensor:
    """The shot alone in diffusers' pipeline of its kind, its recipe loaded and fused by diffusers."""
    with quiet():
        kind, more = _kind(shot)
        whole = (pool.folder / "text_encoder_3").exists()
        absent = () if whole else ("text_encoder_3", "tokenizer_3")
        pipeline = fresh(kind, pool.folder, absent)
        fuse(pipeline, pool, shot, PARTS)
        return pipeline(
            prompt=shot.recipe.prompt,
            negative_prompt=shot.recipe.negative,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            max_sequence_length=WINDOW if whole else 256,
            generator=seeded(shot.seed),
            output_type="latent",
            **({"width": shot.width, "height": shot.height} | more),
        ).images


def _kind(shot: Shot) -> tuple[Any, dict[str, Any]]:
    if shot.start is None:
        return StableDiffusion3Pipeline, {}
    more: dict[str, Any] = {"image": Image.fromarray(picture()), "strength": shot.start.strength}
    if shot.start.mask is None:
        return StableDiffusion3Img2ImgPipeline, more
    return StableDiffusion3InpaintPipeline, more | {
        "mask_image": Image.fromarray(mask()).convert("L")
    }


def test_the_folder_is_known(pool):
    found = pool.checkpoint
    assert (found.family, found.size, found.multiple) == ("sd3", 32, 4)


def test_a_batch_of_other_adapters_a_row_draws_what_the_plain_pipeline_draws(pool, ours):
    shots = [
        shot(pool, "bare", {}),
        *(shot(pool, layout, {layout: 0.8}) for layout in LAYOUTS),
        shot(pool, "two", {"kohya": 0.5, "diffusers": -0.4}, width=48, steps=6),
        shot(pool, "unguided", {"kohya": 1.0}, guidance=1.0),
    ]
    ends = finals(ours, shots)
    for each in shots:
        assert gap(ends[each.id], plain(pool, each)) <= BOUND, each.id


def test_compiled_blocks_draw_what_the_stack_draws(pool, ours):
    """The stack is held against diffusers above."""
    asked = [shot(pool, "one", {"kohya": 0.8}, steps=2), shot(pool, "bare", {}, steps=2)]
    on = stage(pool, executor="compiled")
    assert repeated(on.parts.unet)
    ends, truth = finals(on, asked), finals(ours, asked)
    assert max(gap(ends[each.id], truth[each.id]) for each in asked) <= 1e-5


def test_adapters_and_all_three_texts_matter(pool, ours):
    worn = shot(pool, "kohya", {"kohya": 0.8})
    end = finals(ours, [worn])["kohya"]
    assert gap(end, plain(pool, shot(pool, "kohya", {}))) > 100 * BOUND
    for part in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        ours.drawer._studio.phrases.forget()  # what it has encoded once it remembers
        hook = getattr(ours.parts, part).register_forward_pre_hook(_other_words)
        try:
            assert gap(finals(ours, [worn])["kohya"], end) > 10 * BOUND, part
        finally:
            hook.remove()
            ours.drawer._studio.phrases.forget()


def _other_words(_: object, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (args[0].flip(1), *args[1:])


@pytest.mark.parametrize(("masked", "strength"), [(False, 0.6), (True, 0.7), (True, 1.0)])
def test_a_start_among_others_is_what_the_plain_pipeline_draws(pool, ours, masked, strength):
    start = Start(picture="picture", mask="mask" if masked else None, strength=strength)
    me = shot(pool, "me", {"kohya": 0.8}, start=start, steps=6)
    end = finals(ours, [shot(pool, "words", {}), me])["me"]
    assert gap(end, plain(pool, me)) <= BOUND


def test_a_folder_without_t5_draws_as_the_plain_pipeline_does(tmp_path: Path):
    tiny_sd3(t5=False).save_pretrained(tmp_path / "small", safe_serialization=True)
    checkpoint = LocalCheckpoints({"small": tmp_path / "small"}, "small").find("")
    pool = Pool(checkpoint, (), {}, (), (EDGE,))
    me = shot(pool, "small", {})
    assert gap(finals(stage(pool), [me])["small"], plain(pool, me)) <= BOUND


def test_every_layer_of_both_layouts_arrives(pool, ours):
    checkpoint = ours.parts.checkpoint
    bases = Bases(checkpoint.id, checkpoint.family, ours.parts.modules)
    for layout in LAYOUTS:
        found = factors(pool.files[layout], bases)
        assert len(found.layers) == sum(len(paths) for _, paths in places(tiny_sd3(), layout))


def test_the_last_blocks_halves_change_places_as_diffusers_has_it():
    """The tiny files are written by hand; diffusers' converter of whole checkpoints judges that hand."""
    rows = torch.randn(64, 4)
    assert torch.equal(swapped(rows), swap_scale_shift(rows, dim=32))


def test_an_adapter_for_flux_is_refused_by_its_family(ours, tmp_path: Path):
    of_flux(tmp_path / "ink.safetensors", tiny_flux(), "kohya", seed=1)
    checkpoint = ours.parts.checkpoint
    with pytest.raises(AdapterWrongFamily, match="flux1"):
        factors(tmp_path / "ink.safetensors", Bases(checkpoint.id, "sd3", ours.parts.modules))


def test_a_picture_beyond_the_places_it_knows_is_refused_unless_it_is_drawn_in_squares(pool, ours):
    with pytest.raises(OutOfRange, match="96"):
        ours.drawer.admit(shot(pool, "huge", {}, width=128))
    start = Start(picture="large", strength=0.5, tile=EDGE)
    ours.pictures.brought["large"] = np.zeros((EDGE, 128, 3), np.uint8)
    ours.drawer.admit(shot(pool, "well", {}, width=128, start=start))
    assert [each for each in ours.drawer.events() if isinstance(each, Drawn)]
