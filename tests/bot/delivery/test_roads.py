"""What the choice of a road promises, whatever was tried before."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.delivery import wire
from bot.delivery.roads import EDITS, Limits, Try, in_doubt, next_road, tries
from bot.jobs.nouns import Delivery, Job, Road
from bot.jobs.posting import INTERRUPTED
from bot.sections import DeliverySettings
from tests.bot.cards.examples import JOB, NOW

LIMITS = Limits.of(DeliverySettings())
UNKNOWN = (None, INTERRUPTED, "Unreachable")
FINAL = tuple(
    each.__name__
    for each in wire.WireError.__subclasses__()
    if each not in {wire.Unreachable, wire.Unreadable}
)

roads: st.SearchStrategy[Road] = st.sampled_from(("token", "bot", "new"))
attempts = st.lists(st.builds(Try, roads, st.sampled_from((*UNKNOWN, *FINAL))), max_size=6)


@st.composite
def jobs(draw: st.DrawFn, *, youngest: int = 0) -> Job:
    origin = msgspec.structs.replace(
        JOB.origin,
        token_until=NOW + draw(st.integers(-2000, 2000)),
        roads_beside_token=draw(st.booleans()),
    )
    known = bool(youngest) or draw(st.booleans())
    return msgspec.structs.replace(
        JOB,
        origin=origin,
        private=draw(st.booleans()),
        message=5 if known else None,
        message_channel=6 if known else None,
        message_at=NOW - draw(st.integers(youngest, 8000)) if known else None,
    )


@given(jobs(), attempts)
def test_never_a_road_twice_after_a_final_refusal(job: Job, tried: list[Try]):
    road = next_road(job, NOW, LIMITS, tried)
    assert road not in {each.road for each in tried if each.error in FINAL}


@given(jobs(), attempts)
def test_never_the_token_within_its_margin(job: Job, tried: list[Try]):
    assume(job.origin.token_until - NOW <= LIMITS.token_margin)
    assert next_road(job, NOW, LIMITS, tried) != "token"


@given(jobs(), attempts)
def test_the_bot_never_edits_a_private_an_unknown_or_a_deleted_message(job: Job, tried: list[Try]):
    gone = any(each.error == "MessageGone" for each in tried if each.road in EDITS)
    assume(job.private or job.message is None or gone or not job.origin.roads_beside_token)
    assert next_road(job, NOW, LIMITS, tried) != "bot"


@given(jobs(), attempts)
def test_what_the_token_did_not_find_the_bot_does_not_look_for(job: Job, tried: list[Try]):
    assert next_road(job, NOW, LIMITS, [Try("token", "MessageGone"), *tried]) in {"new", None}


@given(jobs(youngest=3600), attempts)
def test_an_old_message_is_edited_only_to_repeat_an_edit(job: Job, tried: list[Try]):
    if next_road(job, NOW, LIMITS, tried) == "bot":
        assert any(each.error in UNKNOWN for each in tried if each.road in EDITS)


@given(jobs(), attempts, st.sampled_from(UNKNOWN), st.integers(0, 6))
def test_whoever_may_have_written_anew_edits_no_more(
    job: Job, tried: list[Try], unknown: str | None, at: int
):
    tried.insert(at, Try("new", unknown))
    assert next_road(job, NOW, LIMITS, tried) in {"new", None}


@given(jobs(), st.lists(st.sampled_from((*UNKNOWN, *FINAL)), max_size=6))
def test_without_rights_beside_the_token_nothing_but_the_token_is_begun(
    job: Job, said: list[str | None]
):
    origin = msgspec.structs.replace(job.origin, roads_beside_token=False)
    alone = msgspec.structs.replace(job, origin=origin)
    tried = [Try("token", each) for each in said]
    assert next_road(alone, NOW, LIMITS, tried) in {"token", None}


@given(jobs(), st.data())
def test_every_way_of_being_refused_ends_in_undeliverable(job: Job, data: st.DataObject):
    tried: list[Try] = []
    for _ in range(4):
        road = next_road(job, NOW, LIMITS, tried)
        if road is None:
            return
        tried.append(Try(road, data.draw(st.sampled_from(FINAL))))
    raise AssertionError(f"four roads: {tried}")


@given(jobs())
def test_the_usual_order(job: Job):
    """Token, bot, new: each only when those before are shut."""
    seen: list[Try] = []
    while (road := next_road(job, NOW, LIMITS, seen)) is not None:
        seen.append(Try(road, "NoRights"))
    order = [each.road for each in seen]
    assert order == sorted(order, key=("token", "bot", "new").index)


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_doubt_is_about_edits_only(unknown: str | None):
    assert in_doubt([Try("token", unknown)])
    assert in_doubt([Try("bot", unknown), Try("bot", "NoRights")])
    assert not in_doubt([Try("new", unknown)])
    assert not in_doubt([Try("token", "TokenGone")])


def test_what_the_line_remembers_becomes_tries():
    rows = (
        Delivery(job=JOB.id, number=1, road="token", began_at=1, ended_at=2, outcome="TokenGone"),
        Delivery(job=JOB.id, number=2, road="bot", began_at=3),
    )
    assert tries(rows) == (Try("token", "TokenGone"), Try("bot"))
    assert [each.doubtful for each in tries(rows)] == [False, True]


def test_the_nonce_is_the_ulid_in_22_characters_and_fits_with_its_tails():
    assert len(wire.nonce(JOB.id)) == 22
    assert len({wire.nonce(JOB.id, tail) for tail in ("", "e", "p")}) == 3
    assert wire.nonce("00000000000000000000000000") == "A" * 22
