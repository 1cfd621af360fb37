"""Too little memory and a device that goes away, injected where torch raises them: the others' pictures stay."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from msgspec import structs

from stylus_engine.errors import DeviceLost
from stylus_engine.model import Drawn, Failed, Shot, Stepped
from tests.sampling.draws import Pool
from tests.sampling.judge import Stage, stage
from tests.sampling.small import shot, small_pool
from tests.sampling.test_drawer import hooks, pins

WORN = {"peft-0": 0.8, "locon-1": 0.5}
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


def four(pool: Pool) -> list[Shot]:
    return [shot(pool, name, WORN, steps=3, guidance=5.0, seed=n) for n, name in enumerate("abcd")]


@pytest.fixture
def limited(monkeypatch) -> Callable[[Stage, int], list[int]]:
    """A card with memory for so many rows; hears of every forward that was tried."""

    def limit(on: Stage, most: int) -> list[int]:
        family, tried = on.drawer._studio._family, list[int]()
        denoise = family.denoise

        def short(parts, latents, timesteps, told):
            tried.append(len(latents))
            if len(latents) > most:
                raise FULL
            return denoise(parts, latents, timesteps, told)

        monkeypatch.setattr(family, "denoise", short)
        return tried

    return limit


def drawn(on: Stage, shots: list[Shot]) -> dict[str, np.ndarray]:
    for each in shots:
        on.drawer.admit(each)
    for event in on.drawer.events():
        assert not isinstance(event, Failed), event.sentence
    return dict(on.pictures.kept)


def test_a_batch_that_does_not_fit_is_halved_and_its_pictures_are_the_same(pool, limited):
    on = stage(pool)
    truth = drawn(on, four(pool))
    again = stage(pool, parts=on.parts)
    tried = limited(again, 3)
    found = drawn(again, four(pool))
    assert tried == [8, 4, *[2] * 4, *[2] * 8]
    for name, picture in truth.items():
        assert np.array_equal(found[name], picture), name
    assert (hooks(again), pins(again)) == (0, 0)


def test_what_nobody_wears_goes_before_a_batch_is_halved(pool, monkeypatch):
    on = stage(pool)
    truth = drawn(on, four(pool))
    rack, family = on.drawer._studio._rack, on.drawer._studio._family
    denoise, tried = family.denoise, list[int]()

    def short(parts, latents, timesteps, told):
        tried.append(len(latents))
        if rack.hold("old", 1 << 20, bytes) == b"" and len(tried) == 1:  # somebody else's
            rack.release("old")
            raise FULL
        return denoise(parts, latents, timesteps, told)

    monkeypatch.setattr(family, "denoise", short)
    found = drawn(on, four(pool))
    assert tried == [8, 8, 8, 8]
    assert on.drawer._loop.forwards.most_area == 0
    for name, picture in truth.items():
        assert np.array_equal(found[name], picture), name


def test_a_finished_picture_is_developed_in_the_memory_of_what_was_worn(pool, monkeypatch):
    """All of its steps were taken: it is not lost for factors that can be gathered again."""
    on = stage(pool)
    truth = drawn(on, four(pool))
    studio = on.drawer._studio
    decode = studio._family.decode

    def short(parts, latents):
        if hooks(on):
            raise FULL
        return decode(parts, latents)

    monkeypatch.setattr(studio._family, "decode", short)
    found = drawn(on, four(pool))
    for name, picture in truth.items():
        assert np.array_equal(found[name], picture), name
    assert (hooks(on), pins(on)) == (0, 0)


def test_a_preview_for_which_there_is_no_memory_is_left_out(pool, monkeypatch):
    on = stage(pool)
    truth = drawn(on, four(pool)[:1])
    family = on.drawer._studio._family
    decode = family.decode

    def short(parts, latents):
        if any(not slot.done for slot in on.slots):
            raise FULL
        return decode(parts, latents)

    monkeypatch.setattr(family, "decode", short)
    on.drawer.admit(structs.replace(four(pool)[0], preview_every=1))
    events = list(on.drawer.events())
    assert [event.preview for event in events if isinstance(event, Stepped)] == [None] * 3
    assert isinstance(events[-1], Drawn)
    assert np.array_equal(on.pictures.kept["a"], truth["a"])


def test_one_row_after_the_other_is_enough_for_a_guided_picture(pool, limited):
    on = stage(pool)
    truth = drawn(on, four(pool)[:1])
    limited(on, 1)
    assert np.array_equal(drawn(on, four(pool)[:1])["a"], truth["a"])


def test_what_does_not_fit_at_all_fails_in_one_sentence_and_the_others_are_untouched(pool, limited):
    on = stage(pool)
    truth = drawn(on, four(pool))
    on = stage(pool, parts=on.parts)
    family = on.drawer._studio._family
    plain = family.denoise

    def short(parts, latents, timesteps, told):
        if latents.shape[-1] > 8:
            raise FULL
        return plain(parts, latents, timesteps, told)

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(family, "denoise", short)
        large = shot(pool, "large", WORN, width=32, height=32, steps=3)
        for each in (large, *four(pool)):
            on.drawer.admit(each)
        events = list(on.drawer.events())
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert (failed.shot, failed.kind) == ("large", "MemoryRanOut")
    assert "CUDA out of memory" in failed.sentence
    assert "GiB" not in failed.sentence
    assert sum(isinstance(event, Drawn) for event in events) == 4
    for name, picture in truth.items():
        assert np.array_equal(on.pictures.kept[name], picture), name
    assert pins(on) == 0


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nFor debug"),
        RuntimeError("CUDA error: unspecified launch failure"),
    ],
    ids=["torch", "older"],
)
def test_a_device_that_is_lost_ends_the_walk_in_one_sentence_and_nothing_is_held(
    pool, monkeypatch, error
):
    on = stage(pool)

    def lost(*_: object) -> None:
        raise error

    monkeypatch.setattr(on.drawer._studio._family, "denoise", lost)
    for each in four(pool):
        on.drawer.admit(each)
    with pytest.raises(DeviceLost) as told:
        list(on.drawer.events())
    assert str(told.value).startswith("The drawing device stopped working: CUDA error: ")
    assert "\n" not in str(told.value)
    assert (hooks(on), pins(on), on.drawer.idle) == (0, 0, True)


def test_a_bug_is_not_taken_for_a_lost_device(pool, monkeypatch):
    on = stage(pool)

    def bug(*_: object) -> None:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(on.drawer._studio._family, "denoise", bug)
    on.drawer.admit(four(pool)[0])
    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(on.drawer.events())
