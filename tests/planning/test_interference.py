"""What is known of adapters changes masks and weights; where nothing is known, nothing changes."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.model import Friction, Mask, Measured, Plan, Request, Strain
from stylus_engine.planning.interference import clash, friction, noted
from stylus_engine.planning.masks import RankedOrder, StylusOrder, sizes
from stylus_engine.planning.presets import presets
from stylus_engine.planning.weights import BURNT, BudgetRule, Budgets
from tests.planning.plans import plan

small = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple)
unit = st.floats(0, 1)
seeds = st.integers(0, 2**32 - 1)


def measured(strength: float, saturation: float = 0.1, checkpoint: str = "c") -> Measured:
    return Measured(checkpoint=checkpoint, strength=strength, saturation=saturation, scale=0.8)


def names(of: Plan) -> list[str]:
    return [choice.adapter.card_id for choice in of.choices]


def rubbing(of: Plan, data: st.DataObject) -> Plan:
    """The plan with any frictions between its adapters."""
    pairs = combinations(names(of), 2)
    told = tuple(Friction(one=a, other=b, clash=data.draw(unit)) for a, b in pairs)
    return replace(of, frictions=told)


def test_where_nothing_is_known_the_plan_is_the_very_same() -> None:
    assert noted(plan(2, 1), {}) == plan(2, 1)


def test_a_pair_is_told_once_and_only_where_one_checkpoint_drew_both() -> None:
    of = plan(2, 1)
    a, b, c = names(of)
    known = {a: measured(0.4), b: measured(0.6), c: measured(0.5, checkpoint="another")}
    told = noted(of, known)
    assert [({f.one, f.other}, f.clash) for f in told.frictions] == [({a, b}, 0.4)]
    assert [strain.card_id for strain in told.strains] == [a, b, c]


def test_a_card_that_was_never_measured_stands_beside_measured_ones_and_no_friction_is_told() -> (
    None
):
    """The usual day: some cards were checked, the rest still wait for a quiet hour."""
    of = plan(2, 1)
    for name in names(of):
        told = noted(of, {name: measured(0.4)})
        assert [strain.card_id for strain in told.strains] == [name]
        assert not told.frictions


def test_two_that_are_strong_clash_more_than_a_strong_and_a_weak_one() -> None:
    assert clash(measured(0.6), measured(0.5)) > clash(measured(0.9), measured(0.1))
    assert clash(measured(0.6), measured(0.5)) == clash(measured(0.5), measured(0.6))


@given(small, seeds, st.booleans(), st.data())
def test_a_calm_order_is_every_mask_once_and_keeps_its_first(
    shape: tuple[int, ...], seed: int, bare: bool, data: st.DataObject
) -> None:
    of, order = rubbing(plan(*shape), data), StylusOrder(shape, seed, bare)
    calm = RankedOrder(order, lambda mask: friction(of, mask), fixed=1 + bare)
    before = [order[number] for number in range(order.total)]
    after = [calm[number] for number in range(calm.total)]
    assert sorted(mask.code for mask in after) == sorted(mask.code for mask in before)
    assert after[: 1 + bare] == before[: 1 + bare]
    dark = [sum(not any(group) for group in mask.bits) for mask in after[1 + bare :]]
    assert dark == sorted(dark) or calm.total > 65


def test_adapters_that_clash_are_lit_together_later() -> None:
    of = plan(2, 2)
    a0, _, _, b1 = names(of)
    rubs = replace(of, frictions=(Friction(one=a0, other=b1, clash=0.9),))
    codes = order_of(rubs)
    clashing = {codes.index(mask) for mask in ("10.01", "10.11", "11.01", "11.11")}
    full = [code for code in codes if all("1" in group for group in code.split("."))]
    assert min(clashing) >= len(full) - 4
    assert sorted(codes) == sorted(order_of(of))


def order_of(of: Plan, seed: int = 5, *, bare: bool = False) -> list[str]:
    asked = Request(prompt=of.prompt, seed=seed, bare=bare)
    order = presets(Budgets())["stylus"].masks(of, asked)
    return [order[number].code for number in range(order.total)]


def test_without_frictions_the_order_is_the_plain_one() -> None:
    plain = StylusOrder(sizes(plan(2, 3)), seed=5)
    assert order_of(plan(2, 3)) == [plain[n].code for n in range(plain.total)]


def test_a_picture_without_adapters_is_the_second_one_where_it_is_asked_for() -> None:
    of = plan(2, 2)
    a0, _, _, b1 = names(of)
    rubs = replace(of, frictions=(Friction(one=a0, other=b1, clash=0.9),))
    for each in (of, rubs):
        assert "00.00" not in order_of(each)
        assert order_of(each, bare=True)[:2] == ["10.10", "00.00"]


def strained(of: Plan, *saturations: float, scale: float = 0.8) -> Plan:
    told = tuple(
        Strain(card_id=name, strength=0.5, saturation=saturation, scale=scale)
        for name, saturation in zip(names(of), saturations, strict=True)
    )
    return replace(of, strains=told)


def drawn(of: Plan, code: str) -> list[float]:
    return [w.weight for w in BudgetRule(Budgets())(of, Mask.parse(code), 1.0)]


def test_two_that_would_burn_a_picture_together_hold_each_other_back() -> None:
    free, held = drawn(plan(1, 1), "1.1"), drawn(strained(plan(1, 1), 0.4, 0.4), "1.1")
    assert held[0] < free[0]
    assert held[0] == held[1]
    left = (1 - 0.4) ** (held[0] / 0.8) * (1 - 0.4) ** (held[1] / 0.8)
    assert abs((1 - left) - BURNT) < 1e-9


def test_heat_is_that_of_the_weights_the_budget_leaves() -> None:
    """Two at 0.8, of which a picture of 0.8 in all takes 0.4 each; both were measured at 0.8."""
    of = strained(plan(1, 1), 0.9, 0.9)
    rule = BudgetRule(Budgets(total=0.8))
    one, two = (w.weight for w in rule(of, Mask.parse("1.1"), 1.0))
    assert 1 - 0.1 ** (one / 0.8) * 0.1 ** (two / 0.8) == pytest.approx(BURNT)


def test_what_is_turned_around_burns_as_well() -> None:
    opposite = strained(plan(1, 1, weight=-0.8, weight_low=-1.0), 0.4, 0.4)
    straight = strained(plan(1, 1), 0.4, 0.4)
    assert drawn(opposite, "1.1") == [-weight for weight in drawn(straight, "1.1")]


def test_calm_ones_and_one_alone_keep_their_weight() -> None:
    assert drawn(strained(plan(1, 1), 0.1, 0.2), "1.1") == drawn(plan(1, 1), "1.1")
    assert drawn(strained(plan(1, 1), 0.9, 0.9), "1.0") == drawn(plan(1, 1), "1.0")


@given(small, st.data())
def test_health_only_ever_lowers_weights(shape: tuple[int, ...], data: st.DataObject) -> None:
    of = plan(*shape)
    told = strained(of, *(data.draw(unit) for _ in of.choices), scale=data.draw(st.floats(0, 2)))
    code = ".".join("1" * size for size in shape)
    assert all(0 <= a <= b for a, b in zip(drawn(told, code), drawn(of, code), strict=True))
