"""What a step takes is counted, and a picture that cannot fit is refused before it is tried."""

import pytest
import torch

from stylus_engine.errors import MemoryRanOut
from stylus_engine.model import Drawn, Failed
from stylus_engine.planning.turns import Bill
from stylus_engine.sampling import gauge as gauges
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.gauge import Gauge
from tests.sampling.draws import Pool
from tests.sampling.judge import stage
from tests.sampling.small import shot, small_pool

CPU = torch.device("cpu")
WORN = {"peft-0": 0.8}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.mark.parametrize("inference", [True, False])
def test_live_bytes_are_those_that_live_at_the_same_time(inference):
    def work() -> torch.Tensor:
        x = torch.zeros(1000)  # 4 kB
        y = x + 1
        del x
        z = y + 1
        y.add_(1)
        return z.view(10, 100)

    gauge = Gauge(CPU)
    with torch.inference_mode(inference):
        assert gauge.measured(work, area=1).shape == (10, 100)
    assert gauge.per_latent == 8000


def test_what_was_there_before_is_nobodys_cost():
    weights = torch.zeros(1000)
    gauge = Gauge(CPU)
    gauge.measured(lambda: weights.view(10, 100).mul_(2), area=1)
    assert gauge.per_latent == 0


def limited(pool: Pool, on, most_bytes: int) -> Drawer:
    return Drawer(on.parts, on.store, on.pictures, slots=8, most_bytes=most_bytes)


def test_a_large_picture_is_refused_in_one_sentence_before_it_is_tried_and_the_others_are_drawn(
    pool,
):
    on = stage(pool)
    drawer = limited(pool, on, 4 << 20)
    rows: list[int] = []
    hook = on.parts.unet.register_forward_pre_hook(lambda _, given: rows.append(given[0].shape[-1]))
    drawer.admit(shot(pool, "huge", WORN, width=4096, height=4096))
    drawer.admit(shot(pool, "usual", WORN, steps=2))
    events = list(drawer.events())
    hook.remove()
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert (failed.shot, failed.kind) == ("huge", "MemoryRanOut")
    assert "4096×4096 takes about" in failed.sentence
    assert "GiB a step, 4 MiB may be used" in failed.sentence
    assert [event.shot for event in events if isinstance(event, Drawn)] == ["usual"]
    assert set(rows) == {8}, "nothing but small ones went through the denoiser"


def test_without_a_bound_what_is_free_decides(pool, monkeypatch):
    on = stage(pool)
    monkeypatch.setattr(gauges, "free", lambda _: 2 << 20)
    on.drawer.admit(shot(pool, "large", WORN, width=512, height=512))
    on.drawer.admit(shot(pool, "usual", WORN))
    ends = [event for event in on.drawer.events() if isinstance(event, Drawn | Failed)]
    kinds = {event.shot: type(event) for event in ends}
    assert kinds == {"large": Failed, "usual": Drawn}


def test_as_many_rows_go_together_as_the_bound_allows(pool):
    on = stage(pool)
    measured = Gauge(CPU, 1)
    plain = on.drawer._studio
    plain._gauge = measured
    plain._measure(shot(pool, "a", {}))
    row = measured.per_latent * plain.bill(shot(pool, "a", {})).area
    drawer = limited(pool, on, int(3.5 * row))
    batches: list[int] = []
    hook = on.parts.unet.register_forward_pre_hook(lambda _, given: batches.append(len(given[0])))
    for name in "abcd":
        drawer.admit(shot(pool, name, WORN, guidance=5.0))
    assert sum(isinstance(event, Drawn) for event in drawer.events()) == 4
    hook.remove()
    assert batches == [1, 3, 2, 3]


def test_a_bill_is_that_of_the_steps_that_are_drawn(pool):
    on = stage(pool)
    bill = on.drawer._studio.bill(shot(pool, "a", {}, steps=7, guidance=5.0, width=32))
    assert bill == Bill(rows=2, shape=(8, 16), steps=7)


def apart(folder, monkeypatch) -> None:
    """A system and a group of a test's own."""
    names = ("MOST", "max"), ("TAKEN", "current"), ("SHARES", "stat"), ("MEMINFO", "meminfo")
    for name, file in names:
        monkeypatch.setattr(gauges, name, folder / file)


def test_what_is_free_is_known_here_or_said_not_to_be(tmp_path, monkeypatch):
    apart(tmp_path, monkeypatch)
    assert gauges.free(CPU) == 0
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    assert gauges.free(CPU) == 2 << 20
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "current").write_text("1000\n")
    assert gauges.free(CPU) == 2 << 20
    (tmp_path / "max").write_text("2000\n")
    assert gauges.free(CPU) == 1000


def test_what_a_container_read_from_the_disk_counts_as_free(tmp_path, monkeypatch):
    """A checkpoint that was just read fills a container with pages that the system takes back."""
    apart(tmp_path, monkeypatch)
    (tmp_path / "max").write_text("2000\n")
    (tmp_path / "current").write_text("1990\n")
    (tmp_path / "stat").write_text("anon 400\nactive_file 90\ninactive_file 1500\n")
    assert gauges.free(CPU) == 1510


def test_no_memory_at_all_is_no_reason_to_try(tmp_path, monkeypatch):
    apart(tmp_path, monkeypatch)
    (tmp_path / "max").write_text("2000\n")
    (tmp_path / "current").write_text("2000\n")
    gauge = gauges.Gauge(CPU)
    gauge.per_latent = 1000.0
    with pytest.raises(MemoryRanOut):
        gauge.check(64, "64×64")
