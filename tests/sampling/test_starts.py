"""Shots that start from a picture, each against diffusers' own pipeline for it, alone and among others."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.errors import BadText, OutOfRange, Unsupported
from stylus_engine.model import SAMPLERS, Drawn, Shot, Start
from stylus_engine.ports import Ground, Pixels
from stylus_engine.sampling import slots as slots_room
from stylus_engine.sampling import starts, tiles
from tests.sampling.draws import Pool, adapters, tiny_checkpoint
from tests.sampling.judge import Stage, apart, finals, stage
from tests.sampling.oracle import Oracle, pristine
from tests.sampling.oracle_starts import Squares, redraw
from tests.sampling.small import shot
from tests.sampling.tiny import Layout, random_adapter, tiny_unet

LAYOUTS: tuple[Layout, ...] = ("peft", "locon", "kohya")
WORN = {"peft-0": 0.8, "locon-0": 0.5}
CLOSE = 1e-4


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The tiny checkpoint and three adapters on all of its layers: what the oracle can vouch for."""
    folder = tmp_path_factory.mktemp("small")
    checkpoint = tiny_checkpoint(folder)
    files = {f"{layout}-0": folder / f"{layout}-0.safetensors" for layout in LAYOUTS}
    for seed, layout in enumerate(LAYOUTS):
        path = files[f"{layout}-0"]
        random_adapter(path, pristine(folder / "checkpoint"), layout, rank=2, seed=seed)
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat",), (16,))


@pytest.fixture(scope="module")
def oracle(pool: Pool) -> Oracle:
    return Oracle(pool.folder, pool.files)


@pytest.fixture(scope="module")
def merged(pool: Pool, oracle: Oracle):
    """The plain pipeline that wears what every shot here wears; to draw with it changes nothing of it."""
    return oracle.merged(shot(pool, "", WORN).recipe)


@pytest.fixture(scope="module")
def on(pool: Pool) -> Stage:
    return brought(stage(pool))


def brought(on: Stage) -> Stage:
    on.pictures.brought = {"picture": picture(16), "mask": mask(16), "large": picture(40)}
    return on


def picture(edge: int) -> Pixels:
    """Smooth colours, as a photograph has, with some grain."""
    dice = np.random.default_rng(edge)
    ramp = np.linspace(0, 255, edge)
    colours = np.stack(
        [ramp[:, None] + 0 * ramp, ramp + 0 * ramp[:, None], 255 - ramp + 0 * ramp[:, None]],
        axis=-1,
    )
    return (colours + dice.normal(0, 12, colours.shape)).clip(0, 255).astype(np.uint8)


def mask(edge: int) -> Pixels:
    """White where it is drawn anew: a corner whose border is not on the latents' grid."""
    pixels = np.zeros((edge, edge, 3), np.uint8)
    pixels[: edge // 2 + 1, : edge // 2 + 3] = 255
    return pixels


def started(pool: Pool, name: str, start: Start, **changes: object) -> Shot:
    plain = {"steps": 10, "guidance": 5.0, "sampler": "euler", "seed": 77, **changes}
    return shot(pool, name, WORN, start=start, **plain)


def close(ours, truth) -> None:
    unit = max(1.0, float(truth.final.std()))
    assert apart(ours, truth) <= CLOSE * unit


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("strength", [0.04, 0.35, 0.6, 1.0])
def test_from_a_picture_among_others_as_diffusers_draws_it_alone(
    pool, merged, on, sampler, strength
):
    me = started(pool, "me", Start(picture="picture", strength=strength), sampler=sampler)
    if strength * me.steps < 1:  # the pipeline would take no step at all
        truth = redraw(
            merged,
            structs.replace(me, start=Start(picture="", strength=0.1)),
            picture(16),
        )
    else:
        truth = redraw(merged, me, picture(16))
    words = shot(pool, "words", {"kohya-0": 0.4}, steps=7, guidance=3.0, sampler="ddim", seed=3)
    ends = finals(on, [words, me], late=[structs.replace(me, id="late")], after=2)
    close(ends["me"], truth)
    close(ends["late"], truth)


def test_steps_are_told_as_they_are_taken(pool, on):
    me = started(pool, "me", Start(picture="picture", strength=0.35))
    seen: list[tuple[int, int]] = []
    on.drawer.admit(me)
    for event in on.drawer.events():
        seen += [(event.step, event.of)] if hasattr(event, "of") else []
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_within_a_mask_as_the_inpainting_pipeline_draws_it(pool, merged, on, sampler, strength):
    start = Start(picture="picture", mask="mask", strength=strength)
    me = started(pool, "me", start, sampler=sampler)
    truth = redraw(merged, me, picture(16), mask(16))
    words = shot(pool, "words", {"kohya-0": 0.4}, steps=7, guidance=3.0, sampler="ddim", seed=3)
    close(finals(on, [words, me])["me"], truth)


def test_outside_of_the_mask_not_a_bit_changes(pool, on):
    on.drawer.admit(started(pool, "me", Start(picture="picture", mask="mask", strength=0.9)))
    assert any(isinstance(event, Drawn) for event in on.drawer.events())
    drawn, kept = on.pictures.kept["me"], mask(16)[..., 0] == 0
    assert np.array_equal(drawn[kept], picture(16)[kept])
    assert not np.array_equal(drawn[~kept], picture(16)[~kept])


def test_a_mask_that_is_not_put_back_is_noticed(pool, merged, on, monkeypatch):
    me = started(pool, "me", Start(picture="picture", mask="mask", strength=0.6))
    truth = redraw(merged, me, picture(16), mask(16))
    monkeypatch.setattr(starts.Held, "over", lambda self, latents, schedule: latents)
    assert apart(finals(on, [me])["me"], truth) > 100 * CLOSE


def test_squares_agree_with_a_denoiser_that_is_cut_by_hand(pool, oracle, on):
    start = Start(picture="large", strength=0.5, tile=16)
    me = started(pool, "me", start, width=40, height=40)
    pipeline = oracle.merged(me.recipe)
    pipeline.register_modules(unet=Squares(pipeline.unet, 8))
    truth = redraw(pipeline, me, picture(40))
    words = shot(pool, "words", {"kohya-0": 0.4}, steps=7, guidance=3.0, sampler="ddim", seed=3)
    close(finals(on, [words, me])["me"], truth)


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_karras", "euler_a"])
@pytest.mark.parametrize("strength", [0.55, 0.7])
def test_stretched_latents_are_denoised_as_diffusers_denoises_them(
    pool, merged, on, sampler, strength
):
    """The paper's second pass, among others: the plain image-to-image pipeline is given the latents."""
    start = Start(picture="picture", strength=strength, width=16, height=16, enlarge="latents")
    me = started(pool, "me", start, sampler=sampler, width=32, height=32)
    words = shot(pool, "words", {"kohya-0": 0.4}, steps=7, guidance=3.0, sampler="ddim", seed=3)
    close(finals(on, [words, me])["me"], redraw(merged, me, picture(16)))


@pytest.mark.parametrize("edges", [(1, 1), (1, 16), (16, 1), (3, 3)])
def test_latents_of_a_picture_smaller_than_one_are_refused_at_the_door(pool, on, edges):
    """The VAE's own error ended the walk, for everybody in it."""
    width, height = edges
    start = Start(picture="picture", width=width, height=height, enlarge="latents")
    with pytest.raises(OutOfRange, match="whose latents are stretched"):
        on.drawer.admit(started(pool, "me", start))


def test_latents_are_stretched_of_a_whole_picture_of_known_size():
    with pytest.raises(BadText, match="known size"):
        Start(picture="picture", enlarge="latents")
    with pytest.raises(BadText):
        Start(picture="picture", mask="mask", width=16, height=16, enlarge="latents")


def test_squares_share_a_forward_with_pictures_of_that_size(pool, on):
    start = Start(picture="large", strength=0.5, tile=16)
    large = started(pool, "large", start, width=40, height=40)
    on.drawer.admit(large)
    on.drawer.admit(shot(pool, "small", WORN))
    events = on.drawer.events()
    next(events)
    (group,) = slots_room.alike(slots_room.row_table(on.slots))
    assert {line.slot.shot.id for line in group} == {"large", "small"}
    events.close()


@pytest.mark.parametrize(
    ("high", "wide", "tile"), [(20, 20, 8), (8, 33, 8), (9, 9, 8), (8, 8, 8), (5, 30, 8)]
)
def test_squares_cover_everything_and_overlap(high, wide, tile):
    where = tiles.boxes(high, wide, tile)
    covered = torch.zeros(1, 1, high, wide)
    for box in where:
        assert 0 <= box.top <= high - box.high
        assert 0 <= box.left <= wide - box.wide
        box.of(covered).add_(1)
    assert covered.min() >= 1
    truth = torch.randn(1, 4, high, wide)
    again = tiles.blended([box.of(truth) for box in where], where, truth)
    assert (again - truth).abs().max() <= 1e-6


@pytest.fixture(scope="module")
def inpainting(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The small checkpoint with a denoiser that reads nine channels."""
    folder = tmp_path_factory.mktemp("nine") / "checkpoint"
    pipeline = pristine(pool.folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        pipeline.register_modules(unet=tiny_unet(channels=9))
    pipeline.save_pretrained(folder, safe_serialization=True)
    checkpoint = LocalCheckpoints({"nine": folder}, "nine").find("")
    return replace(pool, checkpoint=checkpoint, adapters=adapters(checkpoint, pool.files))


@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("masked", [True, False])
def test_an_inpainting_checkpoint_sees_the_picture_and_the_mask(inpainting, strength, masked):
    on = brought(stage(inpainting))
    truth_of = Oracle(inpainting.folder, inpainting.files)
    start = Start(picture="picture", mask="mask" if masked else None, strength=strength)
    worn = {"peft-0": 0.8}  # the others reach into the first convolution, which is another one here
    me = structs.replace(
        started(inpainting, "me", start, sampler="euler_a"),
        recipe=shot(inpainting, "", worn).recipe,
    )
    white = np.full((16, 16, 3), 255, np.uint8)
    truth = redraw(truth_of.merged(me.recipe), me, picture(16), mask(16) if masked else white)
    close(finals(on, [me])["me"], truth)


def test_an_inpainting_checkpoint_draws_nothing_without_a_picture(inpainting):
    with pytest.raises(Unsupported):
        stage(inpainting).drawer.admit(shot(inpainting, "me", {}))


def test_just_inside_a_mask_the_old_goes_over_into_the_new():
    marked = np.zeros((16, 16), bool)
    marked[:, 6:] = True
    ground = Ground(np.zeros((16, 16, 3), np.uint8), marked)
    row = starts.pasted(np.full((16, 16, 3), 200, np.uint8), ground, soft=4)[8, :, 0].tolist()
    assert row[:6] == [0] * 6
    assert row[10:] == [200] * 6
    assert row[5:11] == sorted(row[5:11])
    assert 0 < row[6] < row[9]
