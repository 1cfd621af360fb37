"""A base in int8: what plain diffusers draws with one quantised the same way, and never a secret."""

import dataclasses
from io import StringIO
from typing import Any

import pytest
import torch
from optimum.quanto import QTensor, freeze, qint8, quantize
from rich.console import Console
from torch import Tensor, nn

from bot.cli.show import show_quantised
from stylus_engine.model import Drawn, Shot
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import executor
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.offload import placed
from stylus_engine.sampling.quantising import quantised
from tests.sampling.draws import Pool
from tests.sampling.judge import END_TO_END, finals, stage
from tests.sampling.oracle import pristine
from tests.sampling.small import shot, small_pool

# optimum-quanto is not typed.
# pyright: reportMissingTypeStubs=false


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def eight(pool: Pool) -> Parts:
    parts = quantised(family_of(pool.checkpoint).load(pool.checkpoint), "int8")
    return dataclasses.replace(parts, kept="quantised")


def shots(pool: Pool) -> list[Shot]:
    worn: tuple[dict[str, float], ...] = ({"kohya-0": 0.8}, {"kohya-1": -0.5}, {})
    plain = [shot(pool, f"shot-{at}", each, steps=3) for at, each in enumerate(worn)]
    return [*plain, shot(pool, "guided", {"kohya-0": 0.8}, steps=3, guidance=5.0)]


def reference(pool: Pool, asked: Shot) -> Tensor:
    """diffusers' pipeline and peft's adapters on a UNet of int8 linear layers; the last latents."""
    pipeline: Any = pristine(pool.folder)
    linear = {name for name, each in pipeline.unet.named_modules() if isinstance(each, nn.Linear)}
    others = [name for name, _ in pipeline.unet.named_modules() if name not in linear]
    quantize(pipeline.unet, weights=qint8, exclude=others)
    freeze(pipeline.unet)
    worn = {lit.adapter.name: lit.weight for lit in asked.recipe.adapters}
    for name in worn:
        folder, file = pool.files[name].parent, pool.files[name].name
        pipeline.load_lora_weights(str(folder), weight_name=file, adapter_name=name)
    if worn:
        pipeline.set_adapters(list(worn), list(worn.values()))
    with torch.inference_mode():
        return pipeline(
            asked.recipe.prompt,
            negative_prompt="",
            width=asked.width,
            height=asked.height,
            num_inference_steps=asked.steps,
            guidance_scale=asked.guidance,
            generator=torch.Generator().manual_seed(asked.seed),
            output_type="latent",
        ).images


@pytest.mark.parametrize("kind", ["stack", "slots", "auto"])
def test_as_diffusers_draws_with_the_same_weights(pool, eight, kind):
    on = stage(pool, parts=eight)
    made = executor(kind, eight.modules, kept=eight.kept)
    on.drawer = Drawer(eight, on.store, on.pictures, executor=made)
    ends = finals(on, shots(pool))
    for asked in shots(pool):
        truth = reference(pool, asked)
        unit = max(1.0, float(truth.std()))
        assert (ends[asked.id] - truth).abs().max() <= END_TO_END * unit
    assert made.choice.executor in {"stack", "slots"}


def test_linear_layers_of_the_denoiser_are_what_is_quantised(eight):
    for module in eight.unet.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            assert isinstance(module.weight, QTensor) is isinstance(module, nn.Linear)
    for module in (eight.text_encoder, eight.vae):
        assert not any(isinstance(each, QTensor) for each in module.parameters())


def test_an_adapter_that_reads_base_weights_reads_these(pool, eight):
    """DoRA, while drawing: what it is measured against is the base as it is drawn with."""
    whole = family_of(pool.checkpoint).load(pool.checkpoint)
    dora = shot(pool, "dora", {"dora-0": 1.0}, steps=2)
    ends = [finals(stage(pool, parts=each), [dora])["dora"] for each in (whole, eight)]
    apart = float((ends[1] - ends[0]).norm() / ends[0].norm())
    assert 1e-5 < apart < 0.01


def test_a_model_that_waits_draws_the_same(pool, eight):
    away = quantised(family_of(pool.checkpoint).load(pool.checkpoint), "int8")
    away = placed(dataclasses.replace(away, device=torch.device("cpu", 0)), "models")
    asked = shots(pool)[:2]
    ours, plain = (finals(stage(pool, parts=each), asked) for each in (away, eight))
    for name, latents in plain.items():
        assert torch.equal(ours[name], latents)


def test_it_is_told(pool, eight):
    on = stage(pool, parts=eight)
    on.drawer.admit(shot(pool, "a", {}))
    *_, event = on.drawer.events()
    assert isinstance(event, Drawn)
    assert event.picture.manifest.how["quantised"] == "int8"
    out = StringIO()
    show_quantised(Console(file=out, width=100), [event.picture])
    assert "other pictures than the checkpoint's own" in " ".join(out.getvalue().split())
