"""Settings for speed change pictures by rounding and nothing else, and say so."""

import pytest
import torch

from stylus_engine.errors import BadSettings
from stylus_engine.model import Drawn
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.speed import attending, tuned
from tests.sampling.draws import Pool
from tests.sampling.judge import MAKERS, finals, stage
from tests.sampling.small import shot, small_pool

ROUNDING = 1e-5  # relative, of latents; as far as a row is from itself in another batch


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.fixture
def parts(pool: Pool) -> Parts:
    return family_of(pool.checkpoint).load(pool.checkpoint)


def drawn(pool: Pool, parts: Parts) -> dict[str, torch.Tensor]:
    worn = {"peft-0": 0.8, "locon-1": 0.5}
    first = shot(pool, "a", worn, steps=3, guidance=5.0)
    other = shot(pool, "bb", {"kohya-0": 1.0}, steps=3, guidance=5.0)
    return finals(stage(pool, parts=parts), [first, other, shot(pool, "bare", {}, steps=3)])


@pytest.mark.parametrize(
    "set_to", [{"channels_last": True}, {"attention": "math"}, {"attention": "flash"}]
)
def test_pictures_change_by_rounding_only(pool, parts, set_to):
    plain = drawn(pool, parts)
    quick = drawn(pool, tuned(parts, **set_to))
    for name in plain:
        assert (quick[name] - plain[name]).norm() / plain[name].norm() <= ROUNDING


@pytest.mark.parametrize("executor", MAKERS)
def test_every_executor_draws_with_channels_last(pool, parts, executor):
    kept = []
    for each in (parts, tuned(parts, channels_last=True)):
        on = stage(pool, parts=each)
        drawer = Drawer(each, on.store, on.pictures, executor=MAKERS[executor](each.modules))
        for one in (shot(pool, "a", {"locon-1": 0.8}), shot(pool, "bb", {"locon-0": 1.0})):
            drawer.admit(one)
        assert sum(isinstance(event, Drawn) for event in drawer.events()) == 2
        kept.append(on.pictures.kept)
    for name in ("a", "bb"):
        assert abs(kept[0][name].astype(int) - kept[1][name]).max() <= 1


def test_a_kernel_that_cannot_run_here_is_refused(parts):
    with pytest.raises(BadSettings, match="cudnn attention does not run on the device cpu"):
        tuned(parts, attention="cudnn")


def test_the_kernel_is_really_the_one(parts):
    with attending("math"):
        assert not torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()


def test_the_manifest_says_how(pool, parts):
    on = stage(pool, parts=tuned(parts, channels_last=True, attention="math"))
    on.drawer.admit(shot(pool, "a", {}))
    *_, event = on.drawer.events()
    assert isinstance(event, Drawn)
    told = event.picture.manifest.how
    assert (told["attention"], told["channels_last"]) == ("math", "true")
