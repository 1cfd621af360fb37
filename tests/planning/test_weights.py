"""The weight rules: ours within its budgets, the paper's to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.model import Choice, Mask, Plan, Task
from stylus_engine.planning.weights import BudgetRule, Budgets, Weigh, paper_rule
from tests.planning.plans import adapter, plan


def weights(rule: Weigh, of: Plan, code: str, strength: float = 1.0) -> list[float]:
    return [round(w.weight, 6) for w in rule(of, Mask.parse(code), strength)]


def test_a_lone_adapter_keeps_its_weight() -> None:
    assert weights(BudgetRule(Budgets()), plan(1), "1") == [0.8]


def test_adapters_of_one_concept_share_its_budget() -> None:
    assert weights(BudgetRule(Budgets(task=1.0)), plan(2), "11") == [0.4, 0.4]


def uneven(*tasks: tuple[float, ...]) -> Plan:
    """A plan of these weights; below zero an adapter draws the opposite of what it learned."""
    names = [f"t{number}" for number in range(len(tasks))]
    made = (
        Task(
            concept=name,
            start=3 * number,
            choices=tuple(
                Choice(adapter=adapter(f"{name}-a{at}", weight_low=-1.0), weight=weight, reason="")
                for at, weight in enumerate(weights)
            ),
        )
        for number, (name, weights) in enumerate(zip(names, tasks, strict=True))
    )
    return Plan(prompt=" ".join(names), tasks=tuple(made), composer="test")


def test_a_concept_is_drawn_as_strongly_as_its_strongest_adapter_alone() -> None:
    of = uneven((0.8, 0.4))
    assert weights(BudgetRule(Budgets()), of, "11") == [0.533333, 0.266667]


def test_what_is_turned_around_weighs_as_much() -> None:
    rule = BudgetRule(Budgets(total=0.8))
    assert weights(rule, uneven((-0.8, 0.8)), "11") == [-0.4, 0.4]
    assert weights(rule, uneven((-0.8,), (0.8,)), "1.1") == [-0.4, 0.4]


def test_all_concepts_share_the_budget_of_the_picture() -> None:
    assert weights(BudgetRule(Budgets(total=1.2)), plan(1, 1, 1), "1.1.1") == [0.4, 0.4, 0.4]


def test_only_lit_adapters_weigh_anything() -> None:
    assert weights(BudgetRule(Budgets(total=1.2)), plan(2, 1, 1), "01.0.1") == [0.6, 0.6]


def test_an_adapter_is_never_drawn_outside_its_own_range() -> None:
    shy = adapter("shy", weight=0.8, weight_low=0.7, weight_high=0.9)
    task = Task(concept="a", start=0, choices=(Choice(adapter=shy, weight=0.8, reason=""),))
    of = Plan(prompt="a", tasks=(task,), composer="test")
    assert weights(BudgetRule(Budgets(total=0.1)), of, "1") == [0.7]
    assert weights(BudgetRule(Budgets()), of, "1", strength=2.0) == [0.9]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.floats(0, 2), st.data())
def test_budgets_hold_for_every_mask(
    sizes: list[int], strength: float, data: st.DataObject
) -> None:
    of = plan(*sizes)
    bits = tuple(tuple(data.draw(st.booleans()) for _ in range(size)) for size in sizes)
    drawn = BudgetRule(Budgets(task=1.0, total=1.5))(of, Mask(bits=bits), strength)
    assert sum(w.weight for w in drawn) <= 1.5 + 1e-9
    assert len(drawn) == sum(map(sum, bits))


@pytest.mark.parametrize(("code", "expected"), [("1.00", [0.64]), ("1.11", [0.64, 0.32, 0.32])])
def test_the_paper_s_rule(code: str, expected: list[float]) -> None:
    """Weight = recommended × 0.8 ÷ lit adapters of the topic, 0.64 for a lone one at 0.8."""
    assert weights(paper_rule, plan(1, 2), code) == expected


def test_the_paper_s_rule_turns_with_the_person_s_dial_and_knows_no_range() -> None:
    assert weights(paper_rule, plan(1, 2), "1.11", strength=2.0) == [1.28, 0.64, 0.64]


def test_a_mask_of_another_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        BudgetRule(Budgets())(plan(2), Mask.parse("1.1"), 1.0)
