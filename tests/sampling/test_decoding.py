"""Latents to pixels: the same pixels in whatever memory, and never a black picture."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.errors import DrawNotFinite, MemoryRanOut
from stylus_engine.model import Drawn, Failed
from stylus_engine.sampling import piecewise
from stylus_engine.sampling.decoding import Coder
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.families.folders import upcast
from stylus_engine.sampling.frugal import Frugal, decoding, encoding
from stylus_engine.sampling.pausing import in_pieces
from stylus_engine.sampling.piecewise import tiled
from tests.sampling.draws import Pool
from tests.sampling.judge import Stage, stage
from tests.sampling.small import shot, small_pool

# diffusers' lazy module hides its names from type checkers.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

SAME = 5e-5  # of pixels from -1 to 1; fp32 itself is 7e-6 from fp64 here


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.fixture
def parts(pool: Pool) -> Parts:
    return family_of(pool.checkpoint).load(pool.checkpoint)


@pytest.fixture
def on(pool: Pool, parts: Parts) -> Stage:
    return stage(pool, parts=parts)


def four_blocks(**changes: Any) -> AutoencoderKL:
    """As wide as SD's where it matters: the wide layers come last, the first two do not widen."""
    torch.manual_seed(0)
    facts: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "block_out_channels": (8, 16, 32, 32),
        "norm_num_groups": 4,
    }
    return AutoencoderKL(**facts, **changes).eval()


@pytest.mark.parametrize("share", [2, 5, 40])
@torch.inference_mode()
def test_in_less_memory_the_same_pixels(share):
    vae = four_blocks()
    latents = torch.randn(1, 4, 25, 18, generator=torch.Generator().manual_seed(1))
    whole = vae.decode(latents).sample
    (pieces,) = Frugal(vae, int(max(decoding(vae, latents)) / share)).decode(latents)
    assert (pieces - whole).abs().max() <= SAME
    pixels = torch.rand(2, 3, 200, 144) * 2 - 1
    whole = vae.encode(pixels).latent_dist
    (said,) = Frugal(vae, int(max(encoding(vae, pixels)) / share)).encode(pixels)
    assert (said.mean - whole.mean).abs().max() <= SAME
    assert (said.std - whole.std).abs().max() <= SAME


@torch.inference_mode()
def test_without_the_statistics_of_the_whole_the_pixels_are_others(monkeypatch):
    """So the test above can fail: each tile by itself, as diffusers' `enable_tiling` has it."""
    vae = four_blocks()
    latents = torch.randn(1, 4, 25, 18)
    whole = vae.decode(latents).sample
    monkeypatch.setattr(piecewise, "_learned", lambda *_: False)
    monkeypatch.setattr(piecewise, "statistics", lambda _: torch.no_grad())
    (pieces,) = Frugal(vae, int(max(decoding(vae, latents)) / 5)).decode(latents)
    assert (pieces - whole).abs().max() > 1000 * SAME


@torch.inference_mode()
def test_the_widest_layer_never_holds_the_whole():
    vae, seen = four_blocks(), list[int]()
    latents = torch.randn(1, 4, 80, 80)
    vae.decoder.conv_out.register_forward_hook(lambda _, given, __: seen.append(given[0].numel()))
    vae.decode(latents)
    whole = seen.pop()
    Frugal(vae, int(max(decoding(vae, latents)) / 8)).decode(latents)
    assert max(seen) <= whole / 4


@torch.inference_mode()
def test_no_hook_is_left_on_the_vae_even_after_a_failure():
    vae = four_blocks()
    latents = torch.randn(1, 4, 24, 24)
    broken = vae.decoder.conv_out.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Frugal(vae, 1).decode(latents)
    broken.remove()
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in vae.modules())


@torch.inference_mode()
def test_a_preview_in_another_thread_is_left_alone():
    vae = four_blocks()
    latents, small = torch.randn(1, 4, 25, 18), torch.randn(1, 4, 8, 8)
    expected, told = vae.decode(small).sample, list[torch.Tensor]()

    @torch.inference_mode()
    def preview() -> None:
        told.append(vae.decode(small).sample)

    def aside(*_: object) -> None:
        if threading.current_thread() is threading.main_thread() and len(told) < 2:
            thread = threading.Thread(target=preview)
            thread.start()
            thread.join()

    vae.decoder.up_blocks[-1].register_forward_pre_hook(aside)
    Frugal(vae, int(max(decoding(vae, latents)) / 5)).decode(latents)
    assert len(told) == 2
    assert all(torch.equal(each, expected) for each in told)


@given(
    high=st.integers(1, 90),
    wide=st.integers(1, 90),
    edge=st.integers(0, 90),
    margin=st.integers(1, 20),
)
def test_cores_lie_side_by_side_and_leave_nothing_out(high, wide, edge, margin):
    covered: Counter[tuple[int, int]] = Counter()
    for core, outer in tiled(high, wide, edge, margin):
        covered.update(
            (y, x)
            for y in range(core.top, core.top + core.high)
            for x in range(core.left, core.left + core.wide)
        )
        for start, end, before, after, most in (
            (core.top, core.top + core.high, outer.top, outer.top + outer.high, high),
            (core.left, core.left + core.wide, outer.left, outer.left + outer.wide, wide),
        ):
            assert before == max(0, start - margin)
            assert after == min(most, end + margin)
    assert len(covered) == high * wide
    assert set(covered.values()) == {1}


def test_with_little_room_a_picture_is_the_same(pool, parts):
    drawn = []
    for room in (0, 1):
        on = stage(pool, parts=dataclasses.replace(parts, room=room))
        on.drawer.admit(shot(pool, "a", {"peft-0": 0.8}, steps=2))
        *_, event = on.drawer.events()
        assert isinstance(event, Drawn)
        drawn.append(on.pictures.kept["a"])
    assert abs(drawn[0].astype(int) - drawn[1]).max() <= 1


def test_memory_that_runs_out_is_tried_again_with_less(parts, monkeypatch):
    room = Coder(parts, family_of(parts.checkpoint))
    latents = torch.randn(1, 4, 8, 8)
    expected = room.decode(latents)
    seen, decode = list[int](), Frugal.decode

    def scarce(self: Frugal, *given: Any, **named: Any) -> object:
        seen.append(self._most)
        if len(seen) < 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return decode(self, *given, **named)

    monkeypatch.setattr(Frugal, "decode", scarce)
    assert torch.equal(room.decode(latents), expected)
    assert [round(seen[0] / most) for most in seen] == [1, 4, 16]
    monkeypatch.setattr(Frugal, "decode", lambda *_, **__: torch.empty(2**50))
    with pytest.raises(MemoryRanOut):
        room.decode(latents)


def test_a_vae_that_overflows_in_half_precision_draws_in_fp32_and_says_so(pool, parts, monkeypatch):
    parts.vae.to(torch.bfloat16)
    decode = AutoencoderKL.decode

    def narrow(self: AutoencoderKL, z: Any, **named: Any) -> object:
        (out,) = decode(self, z, **named)
        return (out if self.dtype == torch.float32 else out * float("inf"),)

    monkeypatch.setattr(AutoencoderKL, "decode", narrow)
    on = stage(pool, parts=dataclasses.replace(parts, dtype=torch.float32))
    on.drawer.admit(shot(pool, "a", {}))
    *_, event = on.drawer.events()
    assert isinstance(event, Drawn)
    assert on.pictures.kept["a"].std() > 0
    assert parts.vae.dtype == torch.float32


@torch.inference_mode()
def test_a_vae_that_overflows_over_a_picture_that_is_brought_compresses_it_in_fp32(parts):
    """And the shot's own dice stand where they would."""
    family, pixels = family_of(parts.checkpoint), torch.linspace(-1, 1, 768).view(1, 3, 16, 16)
    first = parts.vae.encoder.conv_in.weight
    first.copy_((first * 3e5).clamp(-6e4, 6e4))
    parts.vae.half().float()  # so that nothing is lost when it is halved again
    wide, half = (torch.Generator().manual_seed(7) for _ in range(2))
    expected = family.compress(parts, pixels, wide)
    coder = Coder(dataclasses.replace(parts, vae=parts.vae.half()), family)
    assert not family.compress(coder.parts, pixels, torch.Generator()).isfinite().all()
    assert torch.equal(coder.compress(pixels, half), expected)
    assert torch.equal(half.get_state(), wide.get_state())
    with pytest.raises(DrawNotFinite):
        coder.compress(pixels * torch.inf, half)


@torch.inference_mode()
def test_a_picture_that_pauses_half_way_begins_anew_when_another_widens_the_vae(parts):
    """Its numbers are half ones by then, and the layers to come no longer are."""
    calm, wild = torch.rand(1, 4, 8, 8), torch.full((1, 4, 8, 8), 3e6)
    wide = Coder(parts, family_of(parts.checkpoint)).decode(calm)
    coder = Coder(dataclasses.replace(parts, vae=parts.vae.half()), family_of(parts.checkpoint))
    work = in_pieces(lambda: coder.decode(calm), parts.vae)
    for _ in range(3):
        next(work)
    assert coder.decode(wild).isfinite().all()
    assert parts.vae.dtype == torch.float32
    assert torch.allclose(finished(work), wide, atol=2e-3)  # its weights were halved once


def finished(work: Generator[None, None, torch.Tensor]) -> torch.Tensor:
    while True:
        try:
            next(work)
        except StopIteration as ended:
            return ended.value


@torch.inference_mode()
def test_what_breaks_while_nobody_widens_stays_broken(parts, monkeypatch):
    tries: list[int] = []

    def broken(*_: object) -> torch.Tensor:
        tries.append(1)
        raise RuntimeError("a bug")

    coder = Coder(parts, family_of(parts.checkpoint))
    monkeypatch.setattr(coder, "_fitting", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        coder.decode(torch.zeros(1, 4, 8, 8))
    assert len(tries) == 1


def test_what_overflows_even_then_is_a_failure(parts):
    room = Coder(parts, family_of(parts.checkpoint))
    with pytest.raises(DrawNotFinite):
        room.decode(torch.full((1, 4, 8, 8), 1e38))
    with pytest.raises(DrawNotFinite):
        room.decode(torch.full((1, 4, 8, 8), float("nan")))


def test_a_row_that_leaves_the_numbers_takes_no_other_with_it(pool, on):
    """Pictures share a forward; one goes astray in the middle and the others do not notice."""
    calm = [shot(pool, name, {"peft-0": 0.8}, steps=4, guidance=5.0) for name in ("a", "bb")]
    for each in calm:
        on.drawer.admit(each)
    assert all(not isinstance(event, Failed) for event in on.drawer.events())
    alone = dict(on.pictures.kept)
    wild = shot(pool, "wild", {"peft-0": 3e38, "locon-0": -3e38}, steps=4, guidance=5.0)
    for each in (calm[0], wild, calm[1]):
        on.drawer.admit(each)
    ends = {e.shot: e for e in on.drawer.events() if isinstance(e, Drawn | Failed)}
    assert getattr(ends["wild"], "kind", None) == "DrawNotFinite"
    for each in calm:
        assert abs(on.pictures.kept[each.id].astype(int) - alone[each.id]).max() <= 1


def test_a_marked_vae_is_fp32_whatever_the_model_is():
    assert upcast(four_blocks(force_upcast=True), torch.float16).dtype == torch.float32
    assert upcast(four_blocks(force_upcast=False), torch.bfloat16).dtype == torch.bfloat16


def test_the_manifest_tells_the_ways_that_change_pixels(pool, on):
    on.drawer.admit(shot(pool, "a", {}))
    *_, event = on.drawer.events()
    assert isinstance(event, Drawn)
    assert event.picture.manifest.how == {"device": "cpu", "precision": "float32"}
