"""SDXL from a picture, and within a mask: ours among others against diffusers' own pipelines."""

# diffusers' lazy module hides its names from type checkers, and its pipelines are typed loosely.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from msgspec import structs
from PIL import Image

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.model import Mask, Recipe, Shot, Start, Weighted
from stylus_engine.ports import Pixels
from tests.sampling.draws import Pool, adapters
from tests.sampling.judge import Stage, finals, stage
from tests.sampling.oracle import SCHEDULERS, quiet, seeded
from tests.sampling.tiny_sdxl import adapter, tiny_sdxl

EDGE, BOUND = 32, 1e-4
PARTS = ["unet", "text_encoder", "text_encoder_2"]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("sdxl")
    pipeline = tiny_sdxl()
    pipeline.save_pretrained(root / "tiny", safe_serialization=True)
    files = {"kohya": root / "kohya.safetensors"}
    adapter(files["kohya"], pipeline, "kohya", seed=1)
    checkpoint = LocalCheckpoints({"tiny": root / "tiny"}, "tiny").find("")
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat",), (EDGE,))


@pytest.fixture(scope="module")
def ours(pool: Pool) -> Stage:
    on = stage(pool)
    on.pictures.brought = {"picture": picture(), "mask": mask()}
    return on


def picture() -> Pixels:
    ramp = np.linspace(0, 255, EDGE)
    layers = np.broadcast_arrays(ramp[:, None], ramp, 255 - ramp)
    return np.stack(layers, axis=-1).astype(np.uint8)


def mask() -> Pixels:
    white = np.zeros((EDGE, EDGE, 3), np.uint8)
    white[:17, 9:] = 255
    return white


def shot(pool: Pool, start: Start | None, sampler: str) -> Shot:
    worn = (Weighted(adapter=pool.adapters[0], weight=0.8),)
    recipe = Recipe(adapters=worn, prompt="a red fox", negative="blurry", mask=Mask())
    return Shot(
        id="me", job="job", index=0, recipe=recipe, seed=9, width=EDGE, height=EDGE, steps=6,
        guidance=5.0, sampler=sampler, start=start,
    )  # fmt: skip


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Any:
    """The shot alone, its recipe fused by diffusers, in diffusers' pipeline of that kind."""
    assert shot.start is not None
    masked = shot.start.mask is not None
    kind = StableDiffusionXLInpaintPipeline if masked else StableDiffusionXLImg2ImgPipeline
    more: dict[str, Any] = {"mask_image": Image.fromarray(mask()).convert("L")} if masked else {}
    with quiet():
        fresh = kind(**_fused(pool, shot), add_watermarker=False)
        fresh.set_progress_bar_config(disable=True)
        return fresh(
            prompt=shot.recipe.prompt,
            negative_prompt=shot.recipe.negative,
            image=Image.fromarray(picture()),
            strength=shot.start.strength,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            generator=seeded(shot.seed),
            output_type="latent",
            **(more | ({"width": EDGE, "height": EDGE} if masked else {})),
        ).images


def _fused(pool: Pool, shot: Shot) -> dict[str, Any]:
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        pool.folder, dtype=torch.float32, local_files_only=True, add_watermarker=False
    )
    path = pool.files["kohya"]
    pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name="kohya")
    pipeline.set_adapters(["kohya"], [shot.recipe.adapters[0].weight])
    pipeline.fuse_lora(components=PARTS, adapter_names=["kohya"])
    pipeline.unload_lora_weights()
    scheduler, options = SCHEDULERS[shot.sampler]
    config = {**pipeline.scheduler.config, "clip_sample": False}
    return {**pipeline.components, "scheduler": scheduler.from_config(config, **options)}


@pytest.mark.parametrize("sampler", ["euler_a", "dpmpp_2m_karras"])
@pytest.mark.parametrize(("masked", "strength"), [(False, 0.5), (True, 0.7), (True, 1.0)])
def test_a_start_among_others_is_what_the_plain_pipeline_draws(
    pool, ours, sampler, masked, strength
):
    start = Start(picture="picture", mask="mask" if masked else None, strength=strength)
    me = shot(pool, start, sampler)
    words = structs.replace(shot(pool, None, "ddim"), id="words", seed=4)
    end, truth = finals(ours, [words, me])["me"], plain(pool, me)
    assert float((end - truth).abs().max()) <= BOUND * max(1.0, float(truth.std()))
