"""No answer, however bad, gets an id that was not offered or words that are not in the prompt into a plan."""

import json
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylus_engine.composition.asking import question
from stylus_engine.composition.hearing import Hearing
from stylus_engine.composition.judging import judge
from stylus_engine.composition.reading import Unusable, read
from stylus_engine.model import Plan, Policy
from stylus_engine.planning.concepts import left_out
from tests.composition.answers import IDS, OBEDIENT, PROMPTS, answers
from tests.composition.asked import composing, query, shelf
from tests.openai_server import said

OFFERED = {one.adapter.card_id for one in shelf()}
POLICY = Policy(styles=1, per_task=2)
PINNED = ("t:Dusk:1",)


def audited(prompt, tasks, dropped):
    """Raises unless the plan keeps every promise; the plan checks concepts and ids once more itself."""
    plan = Plan(prompt=prompt, tasks=tasks, composer="x", dropped=dropped)
    msgspec.json.encode(plan)
    for task in tasks:
        assert task.concept.strip()
        assert prompt[task.start : task.start + len(task.concept)] == task.concept
    for choice in plan.choices:
        assert choice.adapter.card_id in OFFERED
        assert choice.adapter.weight_low <= choice.weight <= choice.adapter.weight_high
        assert len(choice.reason) < 2200
    assert sum(choice.adapter.category == "style" for choice in plan.choices) <= POLICY.styles
    assert all(len(task.choices) <= POLICY.per_task for task in tasks)
    hidden = [range(chunk[0].start, chunk[-1].end) for chunk in left_out(prompt)]
    for task in tasks:
        lone = all(choice.adapter.card_id in PINNED for choice in task.choices)
        assert lone or not any(task.start in one for one in hidden)


@cache
def asking(prompt):
    asked = query(prompt, policy=POLICY, pinned=PINNED)
    return asked, question(asked, shelf()).menu


def through(prompt, text):
    """What becomes of an answer without HTTP: whether it was usable."""
    asked, offered = asking(prompt)
    found = read(text)
    if isinstance(found, Unusable):
        return False
    judged = judge(asked, offered, found)
    audited(prompt, judged.tasks, judged.dropped)
    assert any(c.adapter.card_id in PINNED for task in judged.tasks for c in task.choices)
    return True


def test_six_thousand_answers_from_a_seed():
    usable = 0
    for number, text in enumerate(answers(6000)):
        usable += through(PROMPTS[number % len(PROMPTS)], text)
    print(  # noqa: T201 - the figures are what this test is for
        f"\n6000 answers: {usable} usable, 0 unhandled, 0 ids not offered, 0 concepts not in the prompt"
    )
    assert usable > 1500


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_model_that_obeys_the_prompt_changes_nothing(prompt):
    assert through(prompt, OBEDIENT)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(IDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["tasks", "concept", "adapters", "id", "strength", "why"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PROMPTS), json_values, st.text(max_size=20))
def test_any_json_at_any_place(prompt, value, around):
    for found in (value, {"tasks": value}, {"tasks": [{"concept": "dragon", "adapters": value}]}):
        through(prompt, around + json.dumps(found) + around)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text):
    through(PROMPTS[0], text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8), st.booleans())
def test_any_bytes_are_heard(pieces, stream):
    hearing = Hearing(stream=stream)
    for piece in pieces:
        hearing.feed(piece)
        hearing.feed(b"\ndata: " + piece + b"\n\n")
    reply = hearing.close()
    assert reply.fault or reply.text.strip()


@pytest.mark.asyncio
async def test_two_hundred_answers_over_http():
    bad = iter(answers(4000, seed=11))

    def spoken(asked):
        return said(next(bad).encode("utf-8", "replace").decode())

    by_model = 0
    async with composing(spoken, steady=Steady()) as it:
        for number in range(220):
            prompt = PROMPTS[number % len(PROMPTS)]
            plan = await it.plan(f"{prompt} {number}", policy=POLICY, pinned=PINNED)
            audited(plan.prompt, plan.tasks, plan.dropped)
            by_model += not plan.instead
        calls = len(it.server.asked)
    print(  # noqa: T201 - the figures are what this test is for
        f"\n220 plans over HTTP, {calls} calls: {by_model} by the model, the rest offline, 0 unhandled"
    )
    assert 30 < by_model < 220


class Steady:
    """A clock that runs so fast that no circuit stays open."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1000.0
        return self.now
