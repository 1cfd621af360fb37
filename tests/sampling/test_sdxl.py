"""SDXL: ours, in a batch with different adapters a row, against the plain pipeline that diffusers fused."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

from pathlib import Path
from typing import get_args

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Mask, Recipe, Shot, Weighted
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.compiling import repeated
from stylus_engine.sampling.families import family_of
from tests.sampling.converting import deltas, factors
from tests.sampling.draws import Pool, adapters
from tests.sampling.judge import Stage, finals, stage
from tests.sampling.oracle import SCHEDULERS, quiet, seeded
from tests.sampling.tiny_sdxl import Layout, adapter, tiny_sdxl

LAYOUTS = ("diffusers", "kohya", "kohya_ldm", "diffusers_dotted")
BOUND = 1e-4
COMPONENTS = ["unet", "text_encoder", "text_encoder_2"]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("sdxl")
    pipeline = tiny_sdxl()
    pipeline.save_pretrained(root / "tiny", safe_serialization=True)
    files = {layout: root / f"{layout}.safetensors" for layout in LAYOUTS}
    for number, layout in enumerate(LAYOUTS):
        adapter(files[layout], pipeline, layout, seed=number)
    checkpoint = LocalCheckpoints({"tiny": root / "tiny"}, "tiny").find("")
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat", "the fox"), (32,))


@pytest.fixture(scope="module")
def ours(pool: Pool) -> Stage:
    return stage(pool)


def shot(pool: Pool, name: str, worn: dict[str, float], **changes: object) -> Shot:
    known = {each.name: each for each in pool.adapters}
    weighted = tuple(Weighted(adapter=known[each], weight=worn[each]) for each in worn)
    recipe = Recipe(adapters=weighted, prompt=f"a {name} fox", negative="blurry", mask=Mask())
    facts = {"width": 32, "height": 32, "steps": 4, "guidance": 5.0, "sampler": "euler"}
    return Shot(id=name, job="job", index=0, recipe=recipe, seed=len(name), **(facts | changes))


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Tensor:
    """The shot alone, its recipe loaded and fused by diffusers into a pristine copy."""
    with quiet():
        pipeline = StableDiffusionXLPipeline.from_pretrained(
            pool.folder, dtype=torch.float32, local_files_only=True, add_watermarker=False
        )
        pipeline.set_progress_bar_config(disable=True)
        worn = {each.adapter.name: each.weight for each in shot.recipe.adapters}
        for name in worn:
            path = pool.files[name]
            pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=name)
        if worn:
            pipeline.set_adapters(list(worn), list(worn.values()))
            pipeline.fuse_lora(components=COMPONENTS, adapter_names=list(worn))
            pipeline.unload_lora_weights()
        kind, options = SCHEDULERS[shot.sampler]
        # DDIM would clip latents as if they were pixels; SD 1's pipeline repairs that, this one does not.
        config = {**pipeline.scheduler.config, "clip_sample": False}
        pipeline.scheduler = kind.from_config(config, **options)
        made = pipeline(
            prompt=shot.recipe.prompt,
            negative_prompt=shot.recipe.negative,
            width=shot.width,
            height=shot.height,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            generator=seeded(shot.seed),
            output_type="latent",
            return_dict=False,
        )
    assert isinstance(made[0], Tensor)
    return made[0]


def gap(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max().nan_to_num(nan=torch.inf)) / max(
        1, float(theirs.std())
    )


def test_the_folder_is_known(pool):
    assert (pool.checkpoint.family, pool.checkpoint.size) == ("sdxl", 32)


def test_a_batch_of_other_adapters_a_row_draws_what_the_plain_pipeline_draws(pool, ours):
    shots = [
        shot(pool, "bare", {}),
        *(shot(pool, layout, {layout: 0.8}) for layout in LAYOUTS),
        shot(pool, "two", {"kohya": 0.5, "diffusers": -0.4}, sampler="ddim", width=48),
        shot(pool, "unguided", {"kohya_ldm": 1.0}, guidance=1.0, sampler="dpmpp_2m_karras"),
        shot(pool, "ancestral", {"kohya": 0.7}, sampler="euler_a", guidance=7.0),
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


def test_adapters_and_both_text_encoders_matter(pool, ours):
    """The comparison above would notice an adapter that was left out, and a text."""
    worn = shot(pool, "kohya", {"kohya": 0.8})
    end = finals(ours, [worn])["kohya"]
    assert gap(end, plain(pool, shot(pool, "kohya", {}))) > 100 * BOUND
    for part in ("text_encoder", "text_encoder_2"):
        ours.drawer._studio.phrases.forget()
        hook = getattr(ours.parts, part).register_forward_pre_hook(other_words)
        try:
            assert gap(finals(ours, [worn])["kohya"], end) > 10 * BOUND, part
        finally:
            hook.remove()


def other_words(_: object, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (args[0].flip(1), *args[1:])


def test_every_layer_of_every_layout_arrives(pool, ours):
    checkpoint = ours.parts.checkpoint
    bases = Bases(checkpoint.id, checkpoint.family, ours.parts.modules)
    for layout in get_args(Layout):
        path = pool.folder.with_name(f"{layout}-again.safetensors")
        count = adapter(path, tiny_sdxl(), layout, 7)
        found = factors(path, bases)
        assert len(deltas(found)) == count
        assert {component for component, _ in found.layers} == set(COMPONENTS)


def test_a_unet_that_is_told_too_little_is_refused(pool, tmp_path: Path):
    pipeline = tiny_sdxl()
    pipeline.unet.register_to_config(projection_class_embeddings_input_dim=99)
    pipeline.save_pretrained(tmp_path, safe_serialization=True)
    checkpoint = LocalCheckpoints({"odd": tmp_path}, "odd").find("")
    with pytest.raises(BadCheckpoint):
        stage(Pool(checkpoint, (), {}, (), (32,)))


def test_the_vae_is_fp32_where_its_config_says_so(pool):
    parts = family_of(pool.checkpoint).load(pool.checkpoint, dtype=torch.bfloat16)
    assert parts.vae.dtype == torch.float32
    assert parts.unet.dtype == torch.bfloat16
    pixels = family_of(pool.checkpoint).decode(parts, torch.randn(1, 4, 16, 16))
    assert pixels.dtype == torch.float32
