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

NOT_IN_THE_DOCUMENT = 31
"""What a first look found by trying; each has a case here."""


@pytest.mark.parametrize("sent", valid(), ids=str)
def test_a_valid_body_passes_the_document_too(sent: Sent):
    assert spec().request(*PATHS[sent.operation], sent.body, sent.content_type) == []


def test_the_document_refuses_hundreds_of_our_cases_and_misses_more_than_31():
    said = [spec().request(*PATHS[case.operation], case.bad) for case in CASES]
    refused = {case.rule for case, found in zip(CASES, said, strict=True) if found}
    missed = {case.rule for case in CASES} - refused
    assert len(refused) > 300
    assert len(missed) > NOT_IN_THE_DOCUMENT


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
