"""FLUX.1: ours, in a batch with other adapters a row, against the plain pipeline that diffusers fused."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from diffusers import FluxImg2ImgPipeline, FluxInpaintPipeline, FluxPipeline
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.errors import BadCheckpoint, OutOfRange, UnknownName
from stylus_engine.model import Drawn, Shot, Start
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.families import family_of, flux
from stylus_engine.sampling.tokens import OwnTokens
from tests.sampling.converting import factors
from tests.sampling.draws import Pool
from tests.sampling.flowing import EDGE, fox, gap, mask, ours, picture, tiny_pool
from tests.sampling.judge import MAKERS, finals, stage
from tests.sampling.oracle import quiet, seeded
from tests.sampling.plain import fuse
from tests.sampling.tiny_flux import (
    WINDOW,
    Layout,
    adapter,
    bfl_file,
    places,
    tiny_flux,
    tiny_transformer,
    tiny_words,
)

LAYOUTS = get_args(Layout)
BOUND = 1e-4
__all__ = ["ours"]  # a fixture


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("flux")
    return tiny_pool(root, tiny_flux(), adapter, LAYOUTS)


def shot(pool: Pool, name: str, worn: dict[str, float], **changes: object) -> Shot:
    return fox(pool, name, worn, **({"guidance": 3.5} | changes))


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Tensor:
    """The shot alone in diffusers' pipeline of its kind, its recipe loaded and fused by diffusers."""
    with quiet():
        kind, more = _kind(shot)
        pipeline = kind.from_pretrained(pool.folder, dtype=torch.float32, local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        fuse(pipeline, pool, shot, ["transformer", "text_encoder"])
        tokens = pipeline(
            prompt=shot.recipe.prompt,
            width=shot.width,
            height=shot.height,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            max_sequence_length=WINDOW,
            generator=seeded(shot.seed),
            output_type="latent",
            **more,
        ).images
    return flux.unpacked(tokens, shot.height // 4, shot.width // 4)


def _kind(shot: Shot) -> tuple[Any, dict[str, Any]]:
    if shot.start is None:
        return FluxPipeline, {}
    more: dict[str, Any] = {"image": Image.fromarray(picture()), "strength": shot.start.strength}
    if shot.start.mask is None:
        return FluxImg2ImgPipeline, more
    return FluxInpaintPipeline, more | {"mask_image": Image.fromarray(mask()).convert("L")}


def test_the_folder_is_known(pool):
    found = pool.checkpoint
    assert (found.family, found.size, found.multiple) == ("flux1", 256, 4)


def test_a_batch_of_other_adapters_a_row_draws_what_the_plain_pipeline_draws(pool, ours):
    shots = [
        shot(pool, "bare", {}),
        shot(pool, "kohya", {"kohya": 0.8}),
        shot(pool, "wide", {"ai_toolkit": 0.8}, width=48, guidance=7.0),
        shot(pool, "one", {"comfy": 0.8}, steps=1),
        shot(pool, "xlabs", {"xlabs": 1.0}, steps=3),
        shot(pool, "onetrainer", {"onetrainer": 0.8}, steps=2),
        shot(pool, "two", {"xlabs": 0.5, "diffusers": -0.4}, guidance=1.0, steps=6),
    ]
    ends = finals(ours, shots)
    for each in shots:
        assert gap(ends[each.id], plain(pool, each)) <= BOUND, each.id


def test_adapters_guidance_and_both_texts_matter(pool, ours):
    """The comparison above would notice what was left out."""
    worn = shot(pool, "kohya", {"kohya": 0.8})
    end = finals(ours, [worn])["kohya"]
    assert gap(end, plain(pool, shot(pool, "kohya", {}))) > 100 * BOUND
    assert gap(end, plain(pool, shot(pool, "kohya", {"kohya": 0.8}, guidance=5.0))) > 10 * BOUND
    for part in ("text_encoder", "text_encoder_2"):
        ours.drawer._studio.phrases.forget()
        hook = getattr(ours.parts, part).register_forward_pre_hook(_other_words, with_kwargs=True)
        try:
            assert gap(finals(ours, [worn])["kohya"], end) > 10 * BOUND, part
        finally:
            hook.remove()
            ours.drawer._studio.phrases.forget()


def _other_words(_: object, args: tuple[Tensor, ...], more: dict[str, Any]) -> Any:
    return (args[0].flip(1), *args[1:]), more


def test_schnell_reads_no_guidance(tmp_path: Path):
    tiny_flux(distilled=False).save_pretrained(tmp_path / "fast", safe_serialization=True)
    checkpoint = LocalCheckpoints({"fast": tmp_path / "fast"}, "fast").find("")
    pool = Pool(checkpoint, (), {}, (), (EDGE,))
    shots = [shot(pool, "one", {}), shot(pool, "another", {}, guidance=0.0, steps=2)]
    ends = finals(stage(pool), shots)
    for each in shots:
        assert gap(ends[each.id], plain(pool, each)) <= BOUND, each.id


@pytest.mark.parametrize(("masked", "strength"), [(False, 0.6), (True, 0.7), (True, 1.0)])
def test_a_start_among_others_is_what_the_plain_pipeline_draws(pool, ours, masked, strength):
    start = Start(picture="picture", mask="mask" if masked else None, strength=strength)
    me = shot(pool, "me", {"kohya": 0.8}, start=start, steps=6)
    end = finals(ours, [shot(pool, "words", {}), me])["me"]
    assert gap(end, plain(pool, me)) <= BOUND


def test_a_picture_is_one_row(pool, ours):
    rows: list[int] = []
    hook = ours.parts.unet.register_forward_pre_hook(
        lambda _, __, told: rows.append(len(told["hidden_states"])), with_kwargs=True
    )
    try:
        finals(ours, [shot(pool, "one", {}), shot(pool, "two", {"kohya": 1.0})])
    finally:
        hook.remove()
    assert rows == [2, 2, 2, 2]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layer_of_every_layout_arrives(pool, ours, layout):
    checkpoint = ours.parts.checkpoint
    bases = Bases(checkpoint.id, checkpoint.family, ours.parts.modules)
    found = factors(pool.files[layout], bases)
    wanted = {place for _, paths in places(tiny_flux(), layout) for place in paths}
    assert {_dotted(*place) for place in found.layers} == wanted


def _dotted(component: str, path: str) -> str:
    inside = "text_model." if component == "text_encoder" else ""
    return f"{component}.{inside}{path.removeprefix('text_model.')}"


def test_a_fill_model_is_refused_by_name(tmp_path: Path):
    pipeline = tiny_flux()
    pipeline.register_modules(transformer=tiny_transformer(channels=384))
    pipeline.save_pretrained(tmp_path, safe_serialization=True)
    checkpoint = LocalCheckpoints({"fill": tmp_path}, "fill").find("")
    with pytest.raises(BadCheckpoint, match="Fill"):
        stage(Pool(checkpoint, (), {}, (), (EDGE,)))


def test_another_sampler_than_euler_is_refused_before_it_waits(pool, ours):
    with pytest.raises(UnknownName, match="euler"):
        ours.drawer.admit(shot(pool, "one", {}, sampler="ddim"))


def test_half_precision_is_bf16_but_for_a_vae_that_asks_for_more(pool, ours):
    parts = family_of(pool.checkpoint).load(pool.checkpoint, dtype=torch.float16)
    assert parts.unet.dtype == parts.text_encoder_2.dtype == torch.bfloat16
    assert parts.vae.dtype == torch.float32
    shots = [shot(pool, layout, {layout: 0.8}) for layout in ("kohya", "onetrainer")]
    halves, wholes = finals(stage(pool, parts=parts), shots), finals(ours, shots)
    assert all(end.dtype == torch.float32 for end in halves.values())
    assert max(gap(halves[each], wholes[each]) for each in halves) <= 0.1
    pixels = flux.decode(parts, torch.randn(1, 16, 16, 16))
    assert pixels.dtype == torch.float32


def test_the_prompt_must_fit_into_the_window_of_t5(pool):
    tokens = OwnTokens()
    assert tokens.fits(pool.checkpoint, "fox " * (WINDOW - 1))
    assert not tokens.fits(pool.checkpoint, "fox " * WINDOW)
    assert tiny_words().decode(tiny_words()("the red fox").input_ids[:-1]) == "the red fox"


@pytest.mark.parametrize(("distilled", "prefix"), [(True, "model.diffusion_model."), (False, "")])
def test_a_transformers_file_in_a_folder_draws_what_its_own_folder_draws(
    pool, tmp_path: Path, distilled, prefix
):
    """A *schnell* in a *dev* folder too: what the file shows wins over the folder's config."""
    other = tiny_flux(seed=4, distilled=distilled)
    with torch.no_grad():
        for name, weight in other.transformer.named_parameters():
            weight.add_(0.3 if "norm_" in name and weight.ndim == 1 else 0)  # else all are 1
    other.save_pretrained(tmp_path / "own", safe_serialization=True)
    home = tmp_path / "home"
    shutil.copytree(tmp_path / "own", home)
    tiny_transformer().save_config(home / "transformer")
    for weights in (home / "transformer").glob("*.safetensors"):
        weights.unlink()
    file = bfl_file(home / "dreamy.safetensors", other, prefix)
    found = LocalCheckpoints({"own": tmp_path / "own", "file": file}, "own")
    ends = [
        finals(stage(Pool(found.find(name), (), {}, (), (EDGE,))), [shot(pool, "one", {})])["one"]
        for name in ("own", "file")
    ]
    assert found.find("file").family == "flux1"
    assert [found.find(name).guided for name in ("own", "file")] == [distilled] * 2
    assert found.find("file").id != found.find("own").id
    assert gap(*ends) <= 1e-5
    assert OwnTokens().fits(found.find("file"), "fox " * (WINDOW - 1))


def test_a_transformers_file_alone_or_with_tensors_nobody_knows_is_refused(pool, tmp_path: Path):
    file = bfl_file(tmp_path / "dreamy.safetensors", tiny_flux())
    with pytest.raises(BadCheckpoint, match=r"FLUX\.1 folder"):
        LocalCheckpoints({"file": file}, "file").find("")
    home = tmp_path / "home"
    shutil.copytree(pool.folder, home)
    state = load_file(file) | {"double_blocks.0.img_mlp.0.scale_weight": torch.ones(1)}
    save_file(state, home / "dreamy.safetensors")
    checkpoint = LocalCheckpoints({"file": home / "dreamy.safetensors"}, "file").find("")
    with pytest.raises(BadCheckpoint, match="scale_weight"):
        family_of(checkpoint).load(checkpoint)


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "stack"])
def test_every_executor_draws_what_the_stack_draws(pool, ours, kind):
    """The stack is held against diffusers above; layers that no UNet has are here."""
    shots = [
        shot(pool, "one", {"kohya": 0.8}, steps=2),
        shot(pool, "other", {"kohya": 0.8, "xlabs": -0.5}, steps=2),
        shot(pool, "bare", {}, steps=2),
    ]
    ends, truth = finals(stage(pool, executor=kind), shots), finals(ours, shots)
    assert max(gap(ends[each.id], truth[each.id]) for each in shots) <= 1e-5


@pytest.mark.parametrize("tile", [1, 2, 6, 10, 4, 8])
def test_squares_that_cannot_be_cut_into_patches_are_refused_at_the_door(pool, tile):
    on = stage(pool)
    on.pictures.brought = {"picture": picture()}
    start = Start(picture="picture", strength=0.5, tile=tile)
    me = shot(pool, "me", {}, width=EDGE, height=EDGE, steps=2, start=start)
    if tile % pool.checkpoint.multiple:
        with pytest.raises(OutOfRange, match="squares"):
            on.drawer.admit(me)
    else:
        on.drawer.admit(me)
        assert isinstance(list(on.drawer.events())[-1], Drawn)
