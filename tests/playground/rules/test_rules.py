"""Every rule is needed and tried: its case breaks it alone, and its neighbour passes."""

from types import ModuleType

import pytest

from playground.rules import judge
from playground.rules.judging import ROOMS, whole_book
from playground.rules.tree import Book, Rule
from tests.playground.rules.cases_callbacks import CALLBACKS
from tests.playground.rules.cases_commands import COMMANDS
from tests.playground.rules.cases_layout import LAYOUT
from tests.playground.rules.cases_messages import MESSAGES
from tests.playground.rules.rows import ROWS
from tests.playground.rules.takes import Case

CASES = [
    *(case for kind, field, takes in ROWS for case in takes.cases(kind, field)),
    *MESSAGES,
    *LAYOUT,
    *CALLBACKS,
    *COMMANDS,
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_breaks_its_rule_alone_and_its_neighbour_passes(case: Case):
    found = judge(case.operation, case.bad, case.context)
    assert {finding.rule for finding in found} == {case.rule}
    assert judge(case.operation, case.good, case.good_context or case.context) == []


@pytest.mark.parametrize("name", whole_book().names)
def test_without_the_rule_its_case_is_accepted(name: str):
    torn = whole_book().without(name)
    cases = [case for case in CASES if case.rule == name]
    assert cases, f"no case for {name}"
    for case in cases:
        assert judge(case.operation, case.bad, case.context, torn) == []


def test_no_two_rules_share_a_name():
    names = whole_book().names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_rule_that_is_written_is_in_the_book(room: ModuleType):
    written = {thing.name for thing in vars(room).values() if isinstance(thing, Rule)}
    assert written <= set(Book.of(room.ENTRIES).names)
