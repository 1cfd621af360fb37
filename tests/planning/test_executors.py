"""The planner's arithmetic: its choice is the cheapest, it is steady, and a switch pays back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.planning.executors import (
    WORTH,
    WRITING,
    Batch,
    Choice,
    Load,
    Machine,
    Run,
    bare,
    choose,
    costs,
    kept_by,
)

CPU = Machine(flops=3e10, thin=8e10, bytes=7e9, call=1.7e-6)
MODEL = Load(work=1e9, layers=130, weights=1e8)
rates = st.floats(1e8, 1e15)
machines = st.builds(Machine, rates, rates, rates, st.floats(1e-7, 1e-4), st.floats(0.0, 1e-3))


def load(adapters: int, rank: int = 16) -> Load:
    """Of adapters that touch the same 40 layers."""
    if not adapters:
        return Load()
    work = 1e6 * adapters * rank
    return Load(work=work, traffic=4e6, layers=40, weights=4e7, making=work)


def batch(
    own: list[int], shared: int, *, rows: int = 2, steps: int = 20, room: float = 1e10
) -> Batch:
    """A recipe for each of `own`, with so many adapters of its own beside the shared ones."""
    return Batch(
        runs=[Run(rows, load(each + shared), load(each)) for each in own],
        union=load(sum(own) + shared),
        left=load(sum(own)),
        core=load(shared),
        bare=MODEL,
        steps=steps,
        room=room,
    )


batches = st.builds(
    batch,
    st.lists(st.integers(0, 8), min_size=1, max_size=6),
    st.integers(0, 6),
    rows=st.integers(1, 4),
    steps=st.integers(1, 150),
    room=st.sampled_from([0.0, 5e7, 1e10]),
)


@given(machines, batches)
def test_no_way_is_worth_leaving_the_choice_for(machine: Machine, asked: Batch):
    choice, seconds = choose(machine, asked), costs(machine, asked)
    assert choice == choose(machine, asked)
    if choice.why == "bare":
        assert not asked.union.layers
        return
    least = WORTH * (bare(machine, asked) + seconds["stack"])
    assert seconds[choice.executor] <= min(seconds.values()) + least
    assert choice.over != choice.executor
    assert all(second >= 0 for second in seconds.values())


@given(machines, batches)
def test_what_does_not_fit_is_not_merged(machine: Machine, asked: Batch):
    if choose(machine, asked).executor in {"bank", "merge"}:
        assert sum(run.own.weights for run in asked.runs) <= asked.room
    if choose(machine, asked).executor.startswith("core"):
        assert asked.core.weights <= asked.room


@given(machines, batches, st.sampled_from(["models", "blocks"]), st.sampled_from(["none", "int8"]))
def test_weights_that_are_only_read_are_never_replaced(
    machine: Machine, asked: Batch, offload: str, quantised: str
):
    for kept, off in (("offloaded", offload), ("quantised", "none")):
        whole = quantised if kept == "offloaded" else "int8"
        assert kept_by(off, whole) == kept
        choice = choose(machine, replace(asked, kept=kept))
        assert not WRITING & {choice.executor, choice.over}
        assert choice.why in {kept, "bare"}
    assert kept_by("none", "none") == ""


@given(machines, batches)
def test_more_steps_only_make_merging_cheaper(machine: Machine, asked: Batch):
    longer = costs(machine, batch([len(asked.runs)], 1, steps=asked.steps + 1))
    shorter = costs(machine, batch([len(asked.runs)], 1, steps=asked.steps))
    assert all(longer[name] <= shorter[name] for name in shorter)


def test_the_cases_that_were_measured():
    assert choose(CPU, batch([0, 0], 0)) == Choice("stack", "bare")
    assert choose(CPU, batch([0], 4)).executor == "core"  # all rows wear the same
    assert choose(CPU, batch([8, 8, 8, 8], 0)).executor == "bank"  # the union trap
    assert choose(CPU, batch([8, 8, 8, 8], 0, room=0)).executor == "slots"
    assert choose(CPU, batch([1, 1], 0, steps=1)).executor == "stack"  # a merge never pays back


WAYS = {"stack", "slots", "core", "core+slots", "bank", "merge"}


def test_every_way_has_its_price_and_a_core_where_something_is_worn_by_all():
    assert set(costs(CPU, batch([2, 2], 1))) == WAYS
    assert set(costs(CPU, batch([2, 2], 0))) == WAYS - {"core", "core+slots"}


def test_what_is_made_already_is_not_paid_again():
    asked = batch([2, 2], 1)
    made = replace(asked, core_made=True, runs=[run._replace(made=True) for run in asked.runs])
    before, after = costs(CPU, asked), costs(CPU, made)
    assert {name for name in WAYS if after[name] < before[name]} == WAYS - {"stack", "slots"}


def test_each_further_run_of_a_sliding_kernel_has_its_price():
    masks = batch([8, 8, 8, 8], 0)
    sliding = replace(masks, union=replace(masks.union, sliding=20))
    dear = replace(CPU, slide=1e-3)
    more = {name: costs(dear, sliding)[name] - cost for name, cost in costs(CPU, masks).items()}
    assert more.pop("bank") == pytest.approx(3 * 20 * 1e-3)
    assert set(more.values()) == {0.0}
    assert choose(CPU, masks).executor == "bank"
    assert choose(dear, sliding).executor != "bank"


def test_another_recipe_costs_small_layers_the_bytes_of_a_weight():
    def bank(recipes: int) -> float:
        asked = batch([8] * recipes, 0)
        made = [run._replace(made=True) for run in asked.runs]
        steadily = replace(asked, runs=made, steady=10**9)
        sliding = replace(asked.union, sliding=5)
        small = replace(steadily, union=sliding, small=sliding)
        return costs(replace(CPU, call=1e-4, slide=1e-2), small)["bank"]

    assert bank(8) - bank(4) == pytest.approx(4 * load(8).weights / CPU.bytes, rel=1e-3)


def test_who_comes_and_goes_all_the_time_stays_with_the_stack():
    crowd = replace(batch([2] * 8, 0), steady=1)
    quiet = replace(crowd, steady=20)
    slow = replace(CPU, call=1e-4)
    assert choose(slow, crowd).executor == "stack"
    assert {
        name for name in WAYS if costs(slow, quiet).get(name, 0) < costs(slow, crowd).get(name, 0)
    } == {"stack", "slots", "bank"}


def test_factors_of_every_row_need_room_beside_each_other():
    crowd = batch([2] * 8, 1)
    wide = [
        run._replace(own=replace(run.own, factors=2**27), rest=replace(run.rest, factors=2**20))
        for run in crowd.runs
    ]
    assert set(costs(CPU, replace(crowd, runs=wide))) == WAYS - {"slots"}
    kept = replace(crowd, runs=wide, kept="quantised")
    assert set(costs(CPU, kept)) == {"stack"}
