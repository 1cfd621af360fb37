"""Models that wait off the device: the same bits, nobody in the way of anybody, everybody home at the end.

There is no second device here, so the models wait on the `cpu` and draw on `cpu:0`: torch
says of both that they are the CPU, but copies what it is told to bring from one to the
other, and who was told to go where is written down.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from stylus_engine.model import Drawn, Failed, Shot
from stylus_engine.sampling.decoding import Coder
from stylus_engine.sampling.executors.slotting import Slotting
from stylus_engine.sampling.executors.stacking import Stacking
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.gauge import Gauge
from stylus_engine.sampling.offload import HERE, models, placed
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool
from tests.sampling.judge import Files, Stage, finals, stage
from tests.sampling.small import shot, small_pool

DEVICE = torch.device("cpu", 0)
Move = tuple[str, str]  # who, and whether on or off


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


def load(pool: Pool, offload: str) -> Parts:
    parts = family_of(pool.checkpoint).load(pool.checkpoint)
    return placed(dataclasses.replace(parts, device=DEVICE), offload)


def shots(pool: Pool):
    """Texts, LoCon, a DoRA that reads base weights, one that joins late, a bare one."""
    yield shot(pool, "a", {"peft-0": 0.8, "locon-1": 0.5}, steps=3, guidance=5.0)
    yield shot(pool, "bb", {"dora-0": 1.0}, steps=3, guidance=5.0)
    yield shot(pool, "bare", {}, steps=3)


def names(parts: Parts) -> dict[nn.Module, str]:
    """Models, and the blocks of the denoiser."""
    found = {parts.text_encoder: "text", parts.unet: "unet", parts.vae: "vae"}
    for side in ("down_blocks", "up_blocks"):
        for number, block in enumerate(getattr(parts.unet, side)):
            found[block] = f"{side}.{number}"
    return found


@contextmanager
def moves(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Move]]:
    """Whoever is told to go somewhere, in order."""
    seen: list[Move] = []
    known, to = names(parts), nn.Module.to

    def told(module: nn.Module, where: torch.device, non_blocking: bool = False) -> nn.Module:
        if module in known:
            seen.append((known[module], "on" if where == DEVICE else "off"))
        return to(module, device=where, non_blocking=non_blocking)

    with monkeypatch.context() as patched:
        patched.setattr(nn.Module, "to", told)
        yield seen


def turns(seen: list[Move]) -> list[Move]:
    """Without repetitions: on `cpu:0` every use of a model brings it anew."""
    return [move for at, move in enumerate(seen) if at == 0 or seen[at - 1] != move]


def draw(on: Stage, *asked: Shot) -> list[Drawn | Failed]:
    for each in asked:
        on.drawer.admit(each)
    return [event for event in on.drawer.events() if isinstance(event, Drawn | Failed)]


@pytest.mark.parametrize("kind", ["stack", "slots", "auto"])
@pytest.mark.parametrize("offload", ["models", "blocks"])
def test_the_same_bits(pool, offload, kind):
    plain, away = (stage(pool, parts=load(pool, each), executor=kind) for each in ("none", offload))
    *first, late = shots(pool)
    theirs, ours = (finals(on, first, [late], after=2) for on in (plain, away))
    assert theirs.keys() == ours.keys()
    for name, latents in theirs.items():
        assert torch.equal(ours[name], latents)
        assert (away.pictures.kept[name] == plain.pictures.kept[name]).all()


def test_one_model_at_a_time_is_on_the_device(pool, monkeypatch):
    parts = load(pool, "models")
    on = stage(pool, parts=parts)
    with moves(parts, monkeypatch) as seen:
        (end,) = draw(on, next(shots(pool)))
    assert isinstance(end, Drawn)
    through = [("text", "on"), ("text", "off"), ("unet", "on"), ("unet", "off"), ("vae", "on")]
    assert turns(seen) == [*through, ("text", "off"), ("unet", "off"), ("vae", "off")]


def test_the_denoiser_comes_block_by_block(pool, monkeypatch):
    parts = load(pool, "blocks")
    on = stage(pool, parts=parts)
    known, order = names(parts), list[Move]()
    with moves(parts, monkeypatch) as seen:
        for block, name in known.items():
            if "." in name:
                inner = next(module for module in block.modules() if isinstance(module, nn.Conv2d))
                inner.register_forward_hook(came(block, name, order, seen))
        (end,) = draw(on, shot(pool, "a", {"locon-1": 0.5}, steps=2))
    assert isinstance(end, Drawn)
    blocks = [f"{side}.{number}" for side in ("down_blocks", "up_blocks") for number in range(2)]
    assert order == [(name, "on") for name in blocks] * 2
    gone = [move for move in seen if "." in move[0]]
    assert gone[: 2 * len(blocks)] == [(name, "off") for name in blocks] * 2
    assert seen[0] == ("text", "on")
    assert seen.index(("text", "off")) < seen.index(gone[0]), "texts leave before the first block"


def came(block: nn.Module, name: str, order: list[Move], seen: list[Move]):
    """Writes down that a block was brought since it last left, and that the one before it has left."""
    before = [each.detach() for each in block.parameters()]  # held, so that no place is used twice

    def hook(*_: object) -> None:
        brought = {each.data_ptr() for each in block.parameters()}
        fresh = brought.isdisjoint(each.data_ptr() for each in before)
        order.append((name, "on" if fresh else "off"))
        assert len([move for move in seen if "." in move[0]]) == len(order) - 1
        before.extend(each.detach() for each in block.parameters())

    return hook


@pytest.mark.parametrize("offload", ["models", "blocks"])
def test_a_step_that_breaks_leaves_nobody_on_the_device(pool, offload, monkeypatch):
    parts = load(pool, offload)
    on = stage(pool, parts=parts)
    inner = parts.unet.up_blocks[0].resnets[0].conv1

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    handle = inner.register_forward_hook(breaks)
    with moves(parts, monkeypatch) as seen, pytest.raises(ZeroDivisionError):
        draw(on, next(shots(pool)))
    handle.remove()
    assert {name for name, way in seen[-3:] if way == "off"} == {"text", "unet", "vae"}
    assert not inner._forward_hooks, "and no adapter is left on"
    assert isinstance(draw(on, next(shots(pool)))[0], Drawn), "the next picture is drawn"


def test_memory_that_runs_out_sends_everybody_off(pool, monkeypatch):
    parts = load(pool, "models")
    on = stage(pool, parts=parts)
    with moves(parts, monkeypatch) as seen:
        on.drawer._studio.relieve()
    assert seen == [("text", "off"), ("unet", "off"), ("vae", "off")]


def test_a_decoder_that_leaves_is_never_stopped_on_the_way(pool):
    """Its weights would leave the device under it while others step."""
    studio = stage(pool, parts=load(pool, "models")).drawer._studio
    slots = [studio.seat(each) for each in shots(pool)]
    studio.encode(slots)
    for slot in slots:  # the first one tells how long it takes
        with pytest.raises(StopIteration):
            next(studio.develop(slot, seconds=0.0))


def test_a_decoder_that_runs_in_tiles_is_brought_as_well(pool, monkeypatch):
    parts = dataclasses.replace(load(pool, "models"), room=1 << 16)
    coder, latents = Coder(parts, family_of(pool.checkpoint)), torch.randn(1, 4, 32, 32)
    with moves(parts, monkeypatch) as seen, torch.inference_mode():
        coder.decode(latents)
        coder.parts.vae.encode(torch.randn(1, 3, 64, 64))
    assert turns(seen) == [("vae", "on")]


@pytest.mark.parametrize("kind", [Stacking, Slotting])
def test_factors_lie_on_the_device_while_the_weights_do_not(pool, kind):
    parts = family_of(pool.checkpoint).load(pool.checkpoint)
    store = FactorStore(Files(pool.files), 2**30)
    studio = stage(pool, parts=parts).drawer._studio
    locon = next(each for each in pool.adapters if each.name == "locon-0")
    row = ((store.get(locon, studio._bases), 0.7),)
    with kind(parts.modules, device=torch.device("meta")).applied("unet", [row]):
        hooks = [hook for m in parts.unet.modules() for hook in m._forward_hooks.values()]
    assert hooks
    for hook in hooks:
        block = hook if kind is Stacking else hook._blocks[0]
        tensors = [block.down, block.up, *([hook.w] if kind is Stacking else [])]
        assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_weights_on_their_way_are_not_counted_as_a_picture_s():
    gauge, weight = Gauge(HERE), torch.zeros(1 << 20)
    gauge.measured(lambda: (weight.to("meta"), torch.zeros(256)), area=1)
    assert gauge.per_latent == 1024


def test_without_offload_all_models_go_to_the_device(pool, monkeypatch):
    parts = dataclasses.replace(family_of(pool.checkpoint).load(pool.checkpoint), device=DEVICE)
    with moves(parts, monkeypatch) as seen:
        assert placed(parts, "none").wings is None
    assert seen == [("text", "on"), ("unet", "on"), ("vae", "on")]
    assert list(models(parts)) == [parts.text_encoder, parts.unet, parts.vae]
