"""What discord.py sends when nothing is wrong: no finding, from the first rule to the last."""

import pytest

from playground.rules import judge
from playground.rules.components import TYPES
from playground.rules.judging import whole_book
from playground.rules.tree import Call, Spot, below
from tests.playground.rules.payloads import Sent, valid


@pytest.mark.parametrize("sent", valid(), ids=str)
def test_a_valid_body_has_no_finding(sent: Sent):
    assert judge(sent.operation, sent.body, sent.context) == []


def test_every_component_of_discord_py_was_sent():
    book = whole_book()
    found: set[str] = set()
    for sent in valid():
        root = Spot(
            ("request",), sent.body, (), Call(sent.operation, sent.body, sent.context, book)
        )
        found |= {kind for spot in below(root) for kind in spot.kinds}
    missing = {kind for kinds in TYPES.values() for kind in kinds} - found
    assert missing == set()
