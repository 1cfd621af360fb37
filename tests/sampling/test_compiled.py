"""Compiled blocks: what is compiled anew and what is not, and the way back.

That they draw what the oracle draws is held beside all other executors, in test_executors.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from functools import partial

import pytest
import torch
from torch import fx

from stylus_engine.model import Drawn, Manifest, Shot
from stylus_engine.sampling import compiling
from stylus_engine.sampling.compiling import linear, repeated
from stylus_engine.sampling.executors import Compiled
from stylus_engine.sampling.executors.branches import step
from tests.sampling.draws import Pool
from tests.sampling.judge import MAKERS, Stage, finals, stage
from tests.sampling.small import shot, small_pool
from tests.sampling.test_bitwise import bits, furniture


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


class Counting:
    """A backend that compiles nothing and counts how often it was asked."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: fx.GraphModule, _: object):
        self.graphs += 1
        return graph.forward


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    """What is compiled is kept for the process: others' is forgotten before, this one's after."""
    backend = Counting()
    monkeypatch.setitem(MAKERS, "counted", partial(Compiled, backend=backend))
    torch.compiler.reset()
    yield backend
    torch.compiler.reset()


Masks = tuple[Mapping[str, float], ...]


def asked(pool: Pool, masks: Masks) -> list[Shot]:
    return [shot(pool, f"{at}", dict(mask), steps=2, seed=at) for at, mask in enumerate(masks)]


LOW = ({"peft-0": 0.8, "kohya-1": 0.6}, {"kohya-1": 0.6}, {})
OTHERS: tuple[Masks, ...] = (
    ({"kohya-1": 0.6}, {"peft-0": 0.8}, {"peft-0": -1.0, "kohya-1": 0.1}),  # other masks
    ({"locon-0": 0.7}, {}, {"lokr-1": 0.4}),  # other adapters, on other layers
    ({"loha-0": 0.7, "locon-1": 0.2}, {"loha-0": 1.0}, {"loha-0": 0.5}),  # of other ranks
)
HIGH = ({"dora-0": 0.2}, {}, {})  # becomes factors of rank 64


def test_only_another_step_of_rank_or_number_of_rows_is_compiled(pool, counting):
    on = stage(pool, executor="counted")
    finals(on, asked(pool, LOW))
    first = counting.graphs
    assert 0 < first < len(repeated(on.parts.unet))  # blocks of one shape share it
    for masks in OTHERS:
        finals(on, asked(pool, masks))
        assert counting.graphs == first, masks
    finals(on, asked(pool, HIGH))
    assert counting.graphs == 2 * first
    finals(on, asked(pool, LOW[:2]))
    assert counting.graphs == 3 * first
    for masks in (LOW, HIGH, LOW[:2], *OTHERS):
        finals(on, asked(pool, masks))
    assert counting.graphs == 3 * first


def test_a_picture_without_adapters_has_no_branches(pool, counting):
    on, plain = stage(pool, executor="counted"), stage(pool)
    before = furniture(on.parts)
    bare = asked(pool, ({}, {}))
    ends, truth = finals(on, bare), finals(plain, bare)
    assert all(torch.equal(ends[name], truth[name]) for name in truth)
    assert furniture(on.parts) == before
    assert counting.graphs > 0


def test_an_adapter_put_on_later_is_drawn(pool, monkeypatch):
    """What hooks in compiled blocks do not do."""
    monkeypatch.setitem(MAKERS, "traced", partial(Compiled, backend="aot_eager"))
    on, plain = stage(pool, executor="traced"), stage(pool)
    for masks in (({}, {}, {}), LOW, OTHERS[1]):
        ends, truth = (finals(each, asked(pool, masks)) for each in (on, plain))
        for name, end in truth.items():
            assert (ends[name] - end).norm() / end.norm() <= 1e-5


def breaks(_: fx.GraphModule, __: object) -> None:
    raise OSError("no compiler here\nand much advice")


def test_without_a_compiler_one_sentence_is_logged_and_the_stack_draws(pool, monkeypatch, caplog):
    monkeypatch.setitem(MAKERS, "broken", partial(Compiled, backend=breaks))
    on, plain = stage(pool, executor="broken"), stage(pool)
    before = bits(on.parts), furniture(on.parts)
    with caplog.at_level(logging.WARNING):
        for masks in (LOW, OTHERS[0]):
            ends, truth = (finals(each, asked(pool, masks)) for each in (on, plain))
            for name, end in truth.items():
                assert (ends[name] - end).norm() / end.norm() <= 1e-5
    (said,) = caplog.messages
    assert said.startswith("Pictures are drawn without torch.compile: ")
    assert "no compiler here" in said
    assert "advice" not in said
    assert (bits(on.parts), furniture(on.parts)) == before
    told = manifest(on, pool)
    assert [(ran.executor, ran.why) for ran in told.ran] == [("stack", "uncompiled")]
    assert "compile" not in told.how


def test_more_shapes_than_there_is_room_for_are_drawn_and_said_plainly(
    pool, counting, caplog, capfd, monkeypatch
):
    monkeypatch.setattr(compiling, "MOST", 1)
    on, plain = stage(pool, executor="counted"), stage(pool)
    for masks in (LOW, LOW[:2]):
        ends, truth = (finals(each, asked(pool, masks)) for each in (on, plain))
        for name, end in truth.items():
            assert (ends[name] - end).norm() / end.norm() <= 1e-5
    said = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert set(said) == {
        "More shapes than 1 were asked of compiled blocks; new ones run as they are."
    }
    assert "recompile" not in capfd.readouterr().err


def test_inductors_advice_stays_with_it(monkeypatch):
    def advises(graph: fx.GraphModule, _: object):
        warnings.warn("consider tensor cores", UserWarning, stacklevel=2)
        return graph.forward

    monkeypatch.setattr(compiling, "lookup_backend", lambda _: advises)
    module = torch.nn.Linear(2, 2)
    graph = fx.symbolic_trace(module)
    assert compiling.inductor(graph, [])(torch.ones(1, 2)).shape == (1, 2)


def test_a_picture_tells_that_it_was_compiled(pool, counting):
    told = manifest(stage(pool, executor="counted"), pool)
    assert [(ran.executor, ran.why) for ran in told.ran] == [("compiled", "asked")]
    assert told.how["compile"] == "blocks"


def manifest(on: Stage, pool: Pool) -> Manifest:
    on.drawer.admit(shot(pool, "a", {"peft-0": 0.8}))
    (told,) = (event.picture.manifest for event in on.drawer.events() if isinstance(event, Drawn))
    return told


@pytest.mark.parametrize(("rank", "filled"), [(1, 16), (16, 16), (17, 32), (32, 32), (33, 64)])
def test_steps_of_rank_are_powers_of_two(rank, filled):
    assert step(rank) == filled


def test_a_layer_that_is_no_plain_linear_keeps_its_block_out(pool):
    unet = stage(pool).parts.unet
    whole = repeated(unet)
    path = next(iter(linear(whole)))

    class Quantised(torch.nn.Linear):
        """As another library has it."""

    unet.get_submodule(path).__class__ = Quantised
    (left_out,) = whole.keys() - repeated(unet).keys()
    assert path.startswith(left_out)


def test_half_precision_overflows_only_in_the_rows_that_wear_it(pool):
    """Factors beyond float16 are cut, and a weight of 0 is nothing, as in the stack."""
    from stylus_engine.sampling.executors.branches import Branch
    from stylus_engine.sampling.factors import Layer

    base = torch.nn.Linear(4, 3).half().requires_grad_(requires_grad=False)
    branch = Branch(base, [Layer(torch.full((1, 4), 1e9), torch.ones(3, 1))], (0,), 16)
    branch.weigh(torch.tensor([[0.0], [1.0]]))
    x = torch.full((2, 1, 4), 100.0, dtype=torch.float16)
    y = base(x)
    added = branch.added(x, y)
    assert torch.equal(added[0], y[0])
    assert not torch.isfinite(added[1]).all()
