"""Any JSON may be judged: nothing is raised, and every refusal can be written down."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.rules import Context, Operation, Upload, judge, refusal
from tests.playground.rules.changed import changed, places
from tests.playground.rules.payloads import valid

NAMES = sorted(
    {
        step
        for sent in valid()
        for steps in places(sent.body)
        for step in steps
        if isinstance(step, str)
    }
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 25),
    st.integers(),
    st.floats(),
    st.text(max_size=9),
    st.sampled_from(["attachment://a.png", "https://e.org", "1", "users", "🎲"]),
)


def inside(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    names = st.one_of(st.sampled_from(NAMES), st.text(max_size=3))
    return st.one_of(st.lists(values, max_size=4), st.dictionaries(names, values, max_size=5))


ANYTHING = st.recursive(LEAVES, inside, max_leaves=25)
CONTEXTS = st.builds(
    Context,
    files=st.dictionaries(
        st.integers(0, 12), st.builds(Upload, st.text(max_size=5), st.integers())
    ),
    message=st.one_of(st.none(), st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=5)),
    interaction=st.one_of(st.none(), st.integers(1, 6)),
    focused=st.one_of(st.none(), st.integers(1, 12)),
    commands=st.lists(st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=3), max_size=3),
)


def check(operation: Operation, body: object, context: Context) -> None:
    found = judge(operation, body, context)
    assert all(finding.rule for finding in found)
    if found:
        status, said = refusal(found)
        assert status in {400, 413}
        assert json.loads(json.dumps(said)) == said


@given(st.sampled_from(Operation), ANYTHING, CONTEXTS)
def test_any_json_is_judged(operation: Operation, body: object, context: Context):
    check(operation, body, context)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), ANYTHING, CONTEXTS)
def test_a_valid_body_with_anything_in_any_place_is_judged(data, new: object, context: Context):
    sent = data.draw(st.sampled_from(valid()))
    steps = data.draw(st.sampled_from(sorted(places(sent.body), key=str)))
    check(sent.operation, changed(sent.body, steps, new), context)


def test_a_bottomless_body_is_judged():
    body: dict[str, object] = {"type": 2, "name": "s", "description": "d"}
    for _ in range(5000):
        body = {"type": 2, "name": "s", "description": "d", "options": [body], "contexts": [[body]]}
    check(Operation.COMMANDS_CREATE, body, Context())
    row: dict[str, object] = {"type": 17}
    for _ in range(5000):
        row = {"type": 17, "components": [row]}
    check(Operation.MESSAGE_CREATE, {"flags": 1 << 15, "components": [row]}, Context())
