"""The `Sampler` port on the tiny checkpoint: what it refuses, what it leaves behind, what its numbers are."""

from contextlib import closing
from pathlib import Path

import pytest
import torch
from msgspec import json, structs

from stylus_engine.errors import BadCheckpoint, BadSize, UnknownName
from stylus_engine.model import Checkpoint, Drawn, Failed, Shot, Stepped
from stylus_engine.sampling.executors import Stacking
from stylus_engine.sampling.families import family_of
from stylus_engine.sampling.pixels import PREVIEW, shrunk
from stylus_engine.sampling.signing import portable
from stylus_engine.sampling.text import token_count
from tests.model.nouns import INK, SHOT
from tests.sampling.draws import Pool
from tests.sampling.judge import MAKERS, Stage, finals, stage
from tests.sampling.small import shot, small_pool

WORN = {"peft-0": 0.8, "locon-1": 0.5}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def on(pool: Pool) -> Stage:
    return stage(pool)


def pins(on: Stage) -> int:
    return sum(on.store._pins.values())


def hooks(on: Stage) -> int:
    modules = [module for root in on.parts.modules.values() for module in root.modules()]
    return sum(len(module._forward_hooks) for module in modules)


def guided(pool: Pool, name: str, sampler: str = "euler_a") -> Shot:
    return shot(pool, name, WORN, steps=6, guidance=5.0, sampler=sampler, seed=77)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"checkpoint": "another"}, UnknownName),
        ({"sampler": "plms"}, UnknownName),
        ({"width": 18}, BadSize),
        ({"height": 17}, BadSize),
    ],
)
def test_what_can_never_be_drawn_is_refused_at_the_door(pool, on, change, error):
    with pytest.raises(error) as refused:
        on.drawer.admit(structs.replace(shot(pool, "a", {}), **change))
    assert len(str(refused.value)) > 10
    assert list(on.drawer.events()) == []


def test_a_checkpoint_may_be_called_by_its_name_or_its_id(pool, on):
    here = on.parts.checkpoint
    for name in ("", here.name, here.id):
        on.drawer.admit(shot(pool, f"a{name}", {}, checkpoint=name))
    assert sum(isinstance(event, Drawn) for event in on.drawer.events()) == 3


@pytest.mark.parametrize("sampler", ["euler_a", "dpmpp_2m_karras"])
def test_alone_in_a_batch_and_joining_late_are_one_picture(pool, on, sampler):
    me = guided(pool, "me", sampler)
    others = [
        shot(pool, f"other{i}", {"kohya-0": 0.3 * i}, steps=5 + i, guidance=i * 1.0, seed=i)
        for i in range(7)
    ]
    alone = finals(on, [me])["me"]
    together = finals(on, [me, *others])["me"]
    late = finals(on, others, late=[me])["me"]
    size = alone.norm()
    assert (together - alone).norm() / size <= 1e-5
    assert (late - alone).norm() / size <= 1e-5


@pytest.mark.parametrize("executor", [kind for kind in MAKERS if kind != "stack"])
def test_all_executors_draw_the_same_picture(pool, on, executor):
    merging = stage(pool, executor=executor, parts=on.parts)
    shots = [guided(pool, "me"), shot(pool, "bare", {}, steps=4), guided(pool, "twin")]
    stacked, merged = finals(on, shots), finals(merging, shots)
    for name in stacked:
        assert (stacked[name] - merged[name]).norm() / stacked[name].norm() <= 1e-5


def test_the_next_mask_of_a_plan_loads_gathers_and_merges_nothing(pool):
    on = stage(pool)
    assert isinstance(on.executor, Stacking)
    stacks = on.executor.stacks
    first = [shot(pool, "a", WORN, steps=3), shot(pool, "b", {"peft-0": 1.0}, steps=3)]
    finals(on, first)
    before = [(stack.gathers, on.store.loads) for stack in stacks.values()]
    finals(on, [shot(pool, "c", {"locon-1": 0.4, "peft-0": -0.2}, steps=3)])
    assert [(stack.gathers, on.store.loads) for stack in stacks.values()] == before
    assert stacks["unet"].weight_updates >= 2


def test_closed_in_the_middle_it_gives_everything_back(pool, on):
    for index in range(10):
        on.drawer.admit(guided(pool, str(index)))
    with closing(on.drawer.events()) as events:
        while not isinstance(next(events), Stepped):
            pass
        assert hooks(on) > 0
        assert pins(on) == 8 * len(WORN)
    assert (hooks(on), pins(on)) == (0, 0)
    assert list(on.drawer.events()) == []
    assert torch.is_inference_mode_enabled() is False


def test_grad_mode_is_the_walkers_own_between_events(pool, on):
    on.drawer.admit(shot(pool, "a", {}, steps=2))
    for _ in on.drawer.events():
        assert not torch.is_inference_mode_enabled()


def test_a_picture_of_nan_is_a_failure_and_never_black(pool, on, monkeypatch):
    decode = on.drawer._studio._family.decode
    monkeypatch.setattr(
        on.drawer._studio._family, "decode", lambda *given: decode(*given) * float("nan")
    )
    on.drawer.admit(shot(pool, "a", {}))
    *_, failed = on.drawer.events()
    assert isinstance(failed, Failed)
    assert failed.kind == "DrawNotFinite"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"),
    ],
    ids=["cuda", "python", "cpu"],
)
def test_memory_that_runs_out_is_told_in_our_words(pool, on, monkeypatch, error):
    def denoise(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(on.drawer._studio._family, "denoise", denoise)
        on.drawer.admit(shot(pool, "a", WORN))
        *_, failed = on.drawer.events()
    assert isinstance(failed, Failed)
    assert "memory" in failed.sentence
    on.drawer.admit(shot(pool, "a", WORN))
    assert isinstance(list(on.drawer.events())[-1], Drawn)


def test_the_manifest_tells_what_was_really_encoded(pool, on):
    long = "a red cat " * 40
    recipe = structs.replace(guided(pool, "a").recipe, prompt=long, negative="the fox")
    on.drawer.admit(structs.replace(guided(pool, "a"), recipe=recipe))
    *_, drawn = on.drawer.events()
    assert isinstance(drawn, Drawn)
    manifest = drawn.picture.manifest
    assert long.startswith(manifest.encoded)
    assert token_count(on.parts, manifest.encoded) == 77 < token_count(on.parts, long)
    assert manifest.encoded_negative == "the fox"
    assert {lit.card_id: lit.weight for lit in manifest.adapters} == WORN
    assert all(len(lit.file_sha256) == 64 for lit in manifest.adapters)
    assert manifest.checkpoint == on.parts.checkpoint.id
    assert {"torch", "diffusers"} <= manifest.versions.keys()
    assert on.pictures.kept["a"].shape == (16, 16, 3)


def test_a_shot_that_travels_names_no_place_of_this_machine():
    card = structs.replace(INK, path="/here/ink.safetensors", previews=("/here/ink.png",))
    worn = structs.replace(SHOT.recipe.adapters[0], adapter=card)
    recipe = structs.replace(SHOT.recipe, adapters=(worn,))
    told = portable(structs.replace(SHOT, recipe=recipe))
    assert b"/here" not in json.encode(told)
    assert told.recipe.adapters[0].adapter.name == INK.name


@pytest.mark.parametrize(("high", "wide"), [(8, 500), (500, 8), (1, 33), (64, 64), (7, 9)])
def test_a_strip_has_a_glance_too(high, wide):
    """512 by 4,096 pixels can be asked for, and narrower ones: a glance is no reason to end a walk."""
    small = shrunk(torch.ones(1, 4, high, wide))
    assert min(small.shape[-2:]) >= 1
    assert max(small.shape[-2:]) <= PREVIEW


def test_previews_are_png_and_unguided_shots_have_no_negative(pool, on):
    on.drawer.admit(shot(pool, "a", {}, steps=4, guidance=1.0, preview_every=3))
    events = list(on.drawer.events())
    (preview,) = (e.preview for e in events if isinstance(e, Stepped) and e.preview)
    assert preview.startswith(b"\x89PNG")
    assert events[-1].picture.manifest.encoded_negative == ""


def test_an_adapter_at_weight_zero_is_not_even_opened(pool):
    on = stage(pool)
    on.drawer.admit(shot(pool, "a", {"broken": 0.0}))
    assert isinstance(list(on.drawer.events())[-1], Drawn)
    assert on.files.fetches == 0


@pytest.mark.parametrize("break_it", ["gone", "unet", "scheduler", "truncated", "family"])
def test_a_bad_folder_is_one_sentence(pool, tmp_path, break_it):
    folder = tmp_path / "copy"
    bad = structs.replace(pool.checkpoint, path=str(folder))
    if break_it != "gone":
        _copied(pool.checkpoint, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    if break_it == "unet":
        weights.unlink()
    if break_it == "scheduler":
        (folder / "scheduler" / "scheduler_config.json").write_text("{")
    if break_it == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    if break_it == "family":
        bad = structs.replace(bad, family="sdxl")
    with pytest.raises(BadCheckpoint) as error:
        family_of(bad).load(bad)
    assert "\n" not in str(error.value)


def _copied(checkpoint: Checkpoint, folder: Path) -> None:
    source = Path(checkpoint.path)
    for path in source.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
