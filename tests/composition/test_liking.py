"""What use has taught moves the offline composer's order, and nothing that a rule or a floor decides."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylus_engine.composition.fits import Floors
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.model import Adapter, Candidate, Liking, Policy, Query, Request
from stylus_engine.planning.concepts import concepts

pytestmark = pytest.mark.asyncio
PROMPT = "a dragon in the fog"
SHARES = st.floats(0, 1000)


def found(name: str, similarity: float, tags: tuple[str, ...] = ("dragon",)) -> Candidate:
    adapter = Adapter(card_id=f"t:{name}:1", name=name, family_declared="f", tags=tags, path="/x")
    return Candidate(
        adapter=adapter, concept="dragon", similarity=similarity, rank=1, cluster=hash(name)
    )


EMBER, SCALE, TEAPOT = found("Ember", 0.62), found("Scale", 0.58), found("Teapot", 0.3, ())


def liking(one: Candidate, good: float = 0.0, bad: float = 0.0) -> Liking:
    return Liking(card_id=one.adapter.card_id, concept="dragon", good=good, bad=bad)


async def planned(*likes: Liking, policy: Policy | None = None):
    query = Query(
        prompt=PROMPT,
        concepts=concepts(PROMPT),
        family="f",
        policy=policy or Policy(),
        likes=likes,
    )
    return await OfflineComposer().compose(Request(prompt=PROMPT), query, [EMBER, SCALE, TEAPOT])


def names(plan) -> list[str]:
    return [choice.adapter.name for choice in plan.choices]


async def test_evidence_turns_two_alternatives_round_and_stands_in_the_plan():
    assert names(await planned()) == ["Ember", "Scale"]
    against = liking(EMBER, bad=4)
    turned = await planned(against)
    assert names(turned) == ["Scale", "Ember"]
    assert turned.likes == (against,)


async def test_without_evidence_the_plan_is_the_same_to_the_byte():
    elsewhere = Liking(card_id=EMBER.adapter.card_id, concept="teapot", bad=50)
    stranger = Liking(card_id="t:nobody:1", concept="dragon", good=50)
    before = msgspec.json.encode(await planned())
    assert msgspec.json.encode(await planned(elsewhere, stranger)) == before


async def test_what_does_not_fit_is_never_lifted_over_its_floor():
    assert "Teapot" not in names(await planned(liking(TEAPOT, good=1e9)))


async def test_what_nobody_likes_is_the_last_to_be_chosen_and_is_chosen():
    """Held by meaning alone a score is small: dislikes brought it under what a look-alike must add."""
    far = found("Far", 0.42, ("reptile",))
    query = Query(
        prompt=PROMPT, concepts=concepts(PROMPT), family="f", likes=(liking(far, bad=99),)
    )
    near = OfflineComposer(Floors(alike=0.4))
    plan = await near.compose(Request(prompt=PROMPT), query, [far])
    assert (names(plan), plan.dropped) == (["Far"], ())


async def test_a_policy_stands_whatever_is_liked():
    loved = liking(SCALE, good=1e9)
    plan = await planned(loved, policy=Policy(per_task=1))
    assert names(plan) == ["Scale"]  # one of two that fit: here the order decides which
    assert "Teapot" not in names(plan)


@settings(deadline=None)
@given(SHARES, SHARES, SHARES, SHARES)
async def test_the_same_counts_give_the_same_plan(a: float, b: float, c: float, d: float):
    likes = (liking(EMBER, a, b), liking(SCALE, c, d))
    one, other = await planned(*likes), await planned(*reversed(likes))
    assert one == other
    assert set(names(one)) <= {"Ember", "Scale"}
