"""Every attempt is written down before it is made, and one of them counts."""

import pytest

from bot.jobs.line import Line
from tests.bot.jobs.people import ADA, NOW, accepted, wish

pytestmark = pytest.mark.asyncio


async def test_an_attempt_is_on_record_before_it_is_made(line: Line):
    job = await accepted(line, wish(), "drawn")
    going = await line.posting(job.id, "token", NOW + 1)
    assert going is not None
    assert (going.state, going.road, going.posting_at) == ("posting", "token", NOW + 1)
    (attempt,) = await line.deliveries(job.id)
    assert (attempt.number, attempt.road, attempt.began_at, attempt.ended_at, attempt.outcome) == (1, "token", NOW + 1, None, None)  # fmt: skip


async def test_a_posted_card_is_known_by_its_message(line: Line):
    job = await accepted(line, wish(), "drawn")
    await line.acknowledged(job.id, message=55, channel=8, now=NOW)
    await line.posting(job.id, "token", NOW + 1)
    assert await line.posted(job.id, message=55, channel=8, now=NOW + 2)
    assert not await line.posted(job.id, message=56, channel=8, now=NOW + 3)
    found = await line.by_message(55)
    assert found is not None
    assert (found.id, found.state, found.ended_at, found.message_at) == (job.id, "posted", NOW + 2, NOW)  # fmt: skip
    (attempt,) = await line.deliveries(job.id)
    assert (attempt.outcome, attempt.message, attempt.ended_at) == ("posted", 55, NOW + 2)
    assert await line.posts() == {"token": 1}
    assert await line.by_message(56) is None


async def test_another_message_is_as_old_as_its_post(line: Line):
    job = await accepted(line, wish(), "drawn")
    await line.acknowledged(job.id, message=55, channel=8, now=NOW)
    await line.posting(job.id, "new", NOW + 1)
    await line.posted(job.id, message=56, channel=9, now=NOW + 2)
    found = await line.job(job.id)
    assert found is not None
    assert (found.message, found.message_channel, found.message_at) == (56, 9, NOW + 2)


async def test_a_post_is_an_answer_too(line: Line):
    job = await accepted(line, wish(), "posting")
    await line.posted(job.id, message=56, channel=9, now=NOW + 2)
    found = await line.job(job.id)
    assert found is not None
    assert found.acknowledged_at == NOW + 2


async def test_posting_at_is_the_first_attempt_on_the_road(line: Line):
    job = await accepted(line, wish(), "drawn")
    await line.posting(job.id, "token", NOW + 1)
    await line.delivery_failed(job.id, "TokenGone", NOW + 2)
    first = await line.posting(job.id, "new", NOW + 3)
    again = await line.posting(job.id, "new", NOW + 9)
    assert first is not None
    assert again is not None
    assert (first.posting_at, again.posting_at) == (NOW + 3, NOW + 3)
    attempts = [(d.road, d.outcome) for d in await line.deliveries(job.id)]
    assert attempts == [("token", "TokenGone"), ("new", "Interrupted"), ("new", None)]


async def test_cancel_wins_between_two_attempts_only(line: Line):
    job = await accepted(line, wish(), "posting")
    assert await line.cancel(job.id, ADA, NOW) is None
    await line.delivery_failed(job.id, "TooBig", NOW)
    assert await line.cancel(job.id, ADA, NOW) is not None
    assert await line.posting(job.id, "bot", NOW) is None


async def test_what_is_to_be_posted_comes_in_the_order_of_drawing(line: Line):
    late = await accepted(line, wish(1), "drawn", NOW + 9)
    early = await accepted(line, wish(2), "posting", NOW)
    await accepted(line, wish(3), "posted", NOW)
    await accepted(line, wish(4), "planned", NOW)
    assert [job.id for job in await line.to_post()] == [early.id, late.id]


async def test_an_undeliverable_job_keeps_its_pictures_and_its_history(line: Line):
    job = await accepted(line, wish(), "drawn")
    await line.posting(job.id, "new", NOW)
    await line.delivery_failed(job.id, "NoRights", NOW + 1)
    assert await line.undeliverable(job.id, "Blocked", NOW + 2)
    (found,) = await line.history(ADA, page=0)
    assert (found.state, found.error) == ("undeliverable", "Blocked")
    assert all(position.picture for position in await line.positions(job.id))


async def test_a_card_that_moved(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.moved(job.id, message=77, channel=5, now=NOW + 50)
    found = await line.by_message(77)
    assert found is not None
    assert (found.id, found.message_channel, found.message_at) == (job.id, 5, NOW + 50)
