"""Each executor against the independent oracle, and what they owe: order, bits, memory."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from bot.cards.made import made_of
from bot.texts.catalogue import Texts
from stylus_engine.model import Drawn, Shot
from stylus_engine.planning.executors import Machine
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import (
    Banking,
    Executor,
    Planned,
    Sharing,
    Slotting,
    Stacking,
    banking,
)
from stylus_engine.sampling.executors.banks import Bank
from stylus_engine.sampling.executors.beside import Shelf, arranged
from stylus_engine.sampling.executors.census import Census
from stylus_engine.sampling.executors.core import split
from stylus_engine.sampling.executors.seam import alike, runs
from stylus_engine.sampling.executors.slotting import FILLED, stretches
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.machine import probe
from stylus_engine.sampling.stack import Row, key
from tests.sampling.draws import Pool
from tests.sampling.judge import MAKERS, apart, end_bound, finals, stage
from tests.sampling.oracle import Oracle, Truth
from tests.sampling.small import shot, small_pool
from tests.sampling.test_bitwise import bits, furniture

MASKS = (  # the first two share an adapter at one weight; one is bare; one is there twice
    {"kohya-0": 0.7, "locon-1": 0.5},
    {"kohya-0": 0.7, "loha-0": -0.4},
    {},
    {"kohya-0": 0.7, "locon-1": 0.5},
)
SAME = ({"kohya-0": 0.7, "locon-1": 0.5},) * 3
CORE = (*MASKS[:2], {"kohya-0": 0.7})


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


def grid(pool: Pool, masks: tuple[Mapping[str, float], ...]) -> list[Shot]:
    """Half of them guided, so that rows of one recipe do not lie evenly."""
    return [
        shot(pool, f"{at}", dict(mask), steps=4, seed=at, guidance=5.0 if at % 2 else 1.0)
        for at, mask in enumerate(masks)
    ]


@pytest.fixture(scope="module")
def oracle(pool: Pool) -> Oracle:
    return Oracle(pool.folder, pool.files)


@pytest.fixture(scope="module")
def truths(pool: Pool, oracle: Oracle) -> dict[str, tuple[Truth, float]]:
    """What the oracle says of every shot, and how far from it one may end; by recipe and seed."""
    found: dict[str, tuple[Truth, float]] = {}
    for masks in (MASKS, SAME, CORE):
        for each in grid(pool, masks):
            if named(each) not in found:
                truth = oracle.draw(each)
                found[named(each)] = truth, end_bound(oracle, each, truth, 0.0)
    return found


def named(each: Shot) -> str:
    return f"{each.seed} {[(lit.adapter.name, lit.weight) for lit in each.recipe.adapters]}"


@pytest.mark.parametrize("masks", [MASKS, SAME, CORE], ids=["mixed", "same", "core"])
@pytest.mark.parametrize("kind", MAKERS)
def test_every_executor_draws_what_the_oracle_draws(pool, truths, kind, masks):
    on = stage(pool, executor=kind)
    before = bits(on.parts), furniture(on.parts)
    shots = grid(pool, masks)
    ends = finals(on, shots[:-1], late=shots[-1:], after=2)
    for each in shots:
        truth, limit = truths[named(each)]
        assert apart(ends[each.id], truth) <= limit, (kind, named(each))
    assert (bits(on.parts), furniture(on.parts)) == before


@pytest.mark.parametrize("kind", MAKERS)
def test_a_forward_that_breaks_leaves_every_bit(pool, kind, monkeypatch):
    on = stage(pool, executor=kind)
    before = bits(on.parts), furniture(on.parts)
    taken = 0

    def breaks(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == 2:
            raise torch.OutOfMemoryError("a card that is full")

    handle = on.parts.unet.mid_block.register_forward_hook(breaks)
    events: list[object] = []
    for each in grid(pool, MASKS):
        on.drawer.admit(each)
    try:
        events += on.drawer.events()
    finally:
        handle.remove()
    assert taken >= 2
    assert (bits(on.parts), furniture(on.parts)) == before
    again, fresh = (finals(each, grid(pool, MASKS)) for each in (on, stage(pool, executor=kind)))
    for name, end in fresh.items():
        assert (again[name] - end).norm() / end.norm() <= 1e-5


def test_the_core_is_merged_once_and_only_the_rest_is_stacked(pool):
    on = stage(pool, executor="core")
    assert isinstance(on.executor, Sharing)
    finals(on, grid(pool, SAME))
    inner = on.executor._inner
    assert isinstance(inner, Stacking)
    assert [stack.gathers for stack in inner.stacks.values()] == [0, 0]
    assert on.executor.merges == 2  # UNet and text encoder, once each


def test_a_bank_merges_each_recipe_once_for_all_steps(pool):
    on = stage(pool, executor="bank")
    assert isinstance(on.executor, Banking)
    finals(on, grid(pool, MASKS))
    assert on.executor.merges == 2 * 3


def test_large_layers_have_a_product_for_each_recipe(pool, truths, monkeypatch):
    monkeypatch.setattr(banking, "SMALL", 0)
    ends = finals(stage(pool, executor="bank"), grid(pool, MASKS))
    for each in grid(pool, MASKS):
        truth, limit = truths[named(each)]
        assert apart(ends[each.id], truth) <= limit, named(each)


SLOW_PRODUCTS = Machine(flops=1e12, thin=1e6, bytes=1e12, call=1e-9)  # merging pays
SLOW_MEMORY = Machine(flops=1e9, thin=1e12, bytes=1e3, call=1e-9)  # merging never pays


@pytest.mark.parametrize(
    ("machine", "masks", "then"),
    [
        (SLOW_PRODUCTS, SAME, "core"),
        (SLOW_PRODUCTS, MASKS, "bank"),
        (SLOW_MEMORY, MASKS, "slots"),
    ],
)
def test_what_is_told_is_what_ran(pool, machine, masks, then):
    """The planner's word in the manifest, and in Details of the bot, against the calls themselves."""
    on = stage(pool, executor="stack")
    planned = Planned(on.parts.modules, machine=lambda _: machine)
    taken: dict[str, int] = {}
    for name, way in planned._ways.items():
        watch(planned._ways, name, way, taken)
    drawer = Drawer(on.parts, on.store, on.pictures, slots=8, executor=planned)
    shots = grid(pool, masks)
    for each in shots:
        drawer.admit(each)
    drawn = [event for event in drawer.events() if isinstance(event, Drawn)]
    assert len(drawn) == len(shots)
    assert taken == {"stack": 1, then: 3}
    say = Texts.load().of("en")
    for event in drawn:
        told = event.picture.manifest.ran
        first, *rest = told
        assert (first.executor, first.steps, first.why) == ("stack", 1, "first")
        assert [(ran.executor, ran.steps, ran.why) for ran in rest] == [(then, 3, "cheapest")]
        card = "\n".join(made_of(say, event.picture.manifest))
        assert "One step drawn with executor stack" in card
        assert f"3 steps drawn with executor {then}" in card


def watch(ways: dict[str, Executor], name: str, way: Executor, taken: dict[str, int]) -> None:
    """Count the forwards of the denoiser that each way makes."""

    class Watched:
        def __getattr__(self, asked: str) -> object:
            return getattr(way, asked)

        @contextmanager
        def applied(self, component: Component, rows: list[Row]) -> Iterator[None]:
            with way.applied(component, rows):
                taken[name] = taken.get(name, 0) + (component == "unet")
                yield

    ways[name] = Watched()  # pyright: ignore[reportArgumentType] - by __getattr__


def test_the_probe_is_quick_and_asked_once():
    here = torch.device("cpu"), torch.float32
    probe.cache_clear()
    began = time.process_time()
    figures = probe(*here)
    assert time.process_time() - began < 3  # about 0.2 s of one core
    assert probe(*here) is figures
    assert min(figures.flops, figures.thin, figures.bytes, figures.call) > 0


def test_kernels_that_slide_are_told_from_those_that_do_not():
    layers = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 8, 1), nn.Linear(6, 5))
    census = Census()
    with census.watching(layers, 2), torch.inference_mode():
        layers(torch.zeros(2, 4, 6, 6))
    assert [size.slides for size in census.sizes.values()] == [True, False, False]
    assert (census.bare().sliding, census.bare().layers) == (1, 3)
    worn = Factors(
        "a", "a", {("unet", path): Layer(torch.ones(1, 3), torch.ones(2, 1)) for path in "01"}
    )
    assert census.load("unet", [worn]).sliding == 1


# --- pure parts --------------------------------------------------------------------


def factors(name: str) -> Factors:
    return Factors(name, name, {("unet", "0"): Layer(torch.ones(1, 3), torch.ones(2, 1))})


KNOWN = [factors(name) for name in "abc"]
rows_of = st.lists(
    st.lists(st.tuples(st.sampled_from(KNOWN), st.sampled_from([0.5, 1.0, -1.0])), max_size=4).map(
        tuple
    ),
    min_size=1,
    max_size=6,
)


@given(rows_of)
def test_core_and_rest_are_the_row(rows: list[Row]):
    core, rest = split(rows)
    for row, left in zip(rows, rest, strict=True):
        assert sorted(key(core) + key(left)) == sorted(key(row))
    if len(set(map(key, rows))) == 1:
        assert not any(rest)
    again, _ = split(rest)
    assert not again  # nothing that all have was left


@given(rows_of)
def test_the_order_of_a_group_makes_equal_rows_neighbours(rows: list[Row]):
    modules: dict[Component, nn.Module] = {"unet": nn.Sequential(nn.Linear(3, 2))}
    (order,) = Slotting(modules).groups("unet", rows)
    assert sorted(order) == list(range(len(rows)))
    stretches = runs([rows[index] for index in order])
    assert len(stretches) == len(alike(rows)) == len({key(row) for row in rows})
    assert [one.start for one in stretches[1:]] == [one.stop for one in stretches[:-1]]


LAYERS = {
    "linear": (nn.Linear(6, 5), (7, 6)),
    "no bias": (nn.Linear(6, 5, bias=False), (7, 6)),
    "slides": (nn.Conv2d(6, 4, 3, stride=2, padding=1), (6, 8, 8)),
    "a place": (nn.Conv2d(6, 4, 1), (6, 8, 8)),
    "a place, no bias": (nn.Conv2d(6, 4, 1, bias=False), (6, 8, 8)),
    "a place in two": (nn.Conv2d(6, 4, 1, stride=2), (6, 8, 8)),
}
ROWS = st.lists(st.integers(0, 3), min_size=1, max_size=8)


@given(st.sampled_from(list(LAYERS)), ROWS, ROWS, st.booleans(), st.booleans())
def test_every_row_is_multiplied_by_its_own(kind, first, then, last, factors_apart):
    """Against the plain layer with the weight of the row, alone; also after others were there."""
    layer, shape = LAYERS[kind]
    module = nn.Sequential(layer).requires_grad_(False)
    way = (Slotting if factors_apart else Banking)({"unet": module})
    recipes: list[Row] = [
        tuple((wide(layer, rank), 0.5 + rank) for rank in (1, 3, 9)[:worn]) for worn in range(4)
    ]
    for worn in (first, then):
        rows = [recipes[each] for each in worn]
        x = torch.randn(len(rows), *shape, generator=torch.Generator().manual_seed(len(rows)))
        if last and x.ndim == 4:
            x = x.to(memory_format=torch.channels_last)
        (order,) = way.groups("unet", rows)
        with way.applied("unet", [rows[at] for at in order]), torch.inference_mode():
            together = module(x[order])
        way.rest("unet")
        for at, row in enumerate(order):
            alone = by_weight(layer, rows[row], x[row : row + 1])
            torch.testing.assert_close(together[at : at + 1], alone, rtol=1e-5, atol=1e-4)


def wide(layer: nn.Module, rank: int) -> Factors:
    dice, weight = torch.Generator().manual_seed(rank), layer.get_parameter("weight")
    inner, outer = weight.shape[1:].numel(), weight.shape[0]
    down, up = (torch.randn(*shape, generator=dice) for shape in ((rank, inner), (outer, rank)))
    return Factors(f"{rank}", f"{rank}", {("unet", "0"): Layer(down, up)})


def by_weight(layer: nn.Module, row: Row, x: torch.Tensor) -> torch.Tensor:
    """The formula: the layer with W + Σ weight · up · down."""
    weight = layer.get_parameter("weight").clone()
    for factors, share in row:
        each = factors.layers["unet", "0"]
        weight += share * (each.up @ each.down).reshape(weight.shape)
    return torch.func.functional_call(layer, {"weight": weight}, (x,))


keys = st.lists(st.sampled_from("abcdefgh").map(lambda name: ((name, 1.0),)), unique=True)


@given(keys, keys)
def test_who_can_stay_in_its_place_stays(before, now):
    order = arranged(before, now)
    assert sorted(order) == sorted(now)
    for at, name in enumerate(before[: len(now)]):
        assert order[at] == name or name not in now


def test_a_shelf_copies_newcomers_only():
    shelf = Shelf()
    old, new = torch.ones(2), torch.zeros(2)
    names = [(("a", 1.0),), (("b", 1.0),), (("c", 1.0),)]
    first = shelf.holding([(names[0], old), (names[1], old)])
    then = shelf.holding([(names[0], new), (names[2], new)])  # a name says what a weight is
    assert then.tolist() == [[1, 1], [0, 0]]
    assert then.data_ptr() == first.data_ptr()
    assert shelf.holding([(names[0], new), (names[2], old)]).tolist() == [[1, 1], [0, 0]]
    assert shelf.holding([(names[2], new)]).tolist() == [[0, 0]]
    assert shelf.holding([(names[2], new), (names[0], old), (names[1], old)]).shape == (3, 2)


@given(st.lists(st.integers(0, 100), max_size=12))
def test_rows_of_like_rank_go_together(ranks):
    found = stretches(ranks)
    covered = [at for start, stop in found for at in range(start, stop)]
    assert covered == [at for at, rank in enumerate(ranks) if rank]
    for start, stop in found:
        assert max(ranks[start:stop]) <= FILLED * min(ranks[start:stop])
    for (before, stop), (start, _) in pairwise(found):
        longer = ranks[before : start + 1]
        assert stop < start or max(longer) > FILLED * min(longer)


def test_a_bank_keeps_no_more_than_its_room():
    module = nn.Sequential(nn.Linear(3, 2))
    bank = Bank(module, "unet", room=2 * 24)  # two weights of six fp32 numbers
    rows: list[Row] = [((each, 1.0),) for each in KNOWN]
    made = [bank.get(row) for row in rows]
    assert bank.get(rows[2]) is made[2]
    assert bank.get(rows[1]) is made[1]
    assert bank.merges == 3
    assert bank.get(rows[0]) is not made[0]
