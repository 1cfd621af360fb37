"""Our table against Discord's own document: what the document refuses, we refuse.

Not the other way round: there is much that the document does not hold.
"""

from itertools import islice

import pytest

from playground.rules import judge
from tests.playground.rules.changed import everywhere
from tests.playground.rules.documents import spec
from tests.playground.rules.payloads import PATHS, Sent, valid
from tests.playground.rules.test_rules import CASES

EVERY = 3
"""All 7,500 changes take half a minute; every third is another kind of change in each place."""

NOT_IN_THE_DOCUMENT = (
    "message.content.most",
    "embed.field.value.least",
    "message: all embeds together hold 6000",
    "message: media shows a file that is there",
    "message: five rows without the flag",
    "message: no custom id twice",
    "button: a button has a custom id",
    "button: a link has no custom id",
    "button: a link has a url",
    "row: a row is five wide",  # two selects
    "row: a row is five wide",  # a select beside a button
    "ranged: the fewest are not more than the most",
    "optioned: the most are not more than there are",
    "optioned: no value twice",
    "message: new components need their flag",
    "message: components v2 stand alone",
    "message: forty components in all",
    "message: four thousand characters in all",
    "message: a message says something",
    "callback: these answers carry data",
    "defer: a deferral is at most ephemeral",
    "modal.components.most",
    "named: a name is one word",
    "command.new: what is typed has a description",
    "completed: choices or autocomplete",
    "named: required options come first",
    "named: no option named twice",
    "request: no command named twice",
    "request: a scope holds so many commands",
    "command: a command has 8000 characters",
    "choice: a value has 100 characters",
)
"""The 31 that were found by trying bodies on the document: it takes what these rules refuse."""


@pytest.mark.parametrize("sent", valid(), ids=str)
def test_a_valid_body_passes_the_document_too(sent: Sent):
    assert spec().request(*PATHS[sent.operation], sent.body, sent.content_type) == []


def test_the_document_refuses_hundreds_of_our_cases():
    said = [spec().request(*PATHS[case.operation], case.bad) for case in CASES]
    assert sum(map(bool, said)) > 500


@pytest.mark.parametrize("name", sorted(set(NOT_IN_THE_DOCUMENT)))
def test_the_document_takes_what_only_we_refuse(name: str):
    cases = [case for case in CASES if case.rule == name]
    assert [] in [spec().request(*PATHS[case.operation], case.bad) for case in cases]


@pytest.mark.slow
def test_whatever_the_document_refuses_we_refuse():
    tried = refused = 0
    accepted: list[tuple[object, ...]] = []
    for sent, steps, new, body in islice(everywhere(), 0, None, EVERY):
        tried += 1
        said = spec().request(*PATHS[sent.operation], body, sent.content_type)
        if said and body is not None:
            refused += 1
            if not judge(sent.operation, body, sent.context):
                accepted.append((str(sent), steps, new, said))
    assert accepted == []
    assert refused > 1000, f"only {refused} of {tried}: nothing was compared"
