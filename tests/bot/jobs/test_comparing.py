"""Blind comparisons: arms, ballots, one reveal, and what a server's votes add up to."""

import pytest
from msgspec.structs import replace
from ulid import ULID

from bot.jobs.comparing import shuffled
from bot.jobs.line import Line
from bot.jobs.nouns import Job, State
from bot.refusals import Compared, JobGone, NotFinished, Revealed
from tests.bot.jobs.people import ADA, BEN, CID, NOW, accepted, press, wish

pytestmark = pytest.mark.asyncio
GUILD, OTHER = 7, 70
ARMS = ("stylus", "base")
DAY = 86400.0


async def compared(line: Line, to: State = "posted", user: int = ADA, arms=ARMS) -> Job:
    return await accepted(line, replace(wish(user), action="compare", arms=arms), to)


async def test_arms_are_kept_with_the_job_and_shuffled_by_its_id(line: Line):
    job = await compared(line, "queued")
    known = await line.comparison(job.id)
    assert known is not None
    assert (known.left, known.right) == shuffled(job.id, *ARMS)
    assert (known.votes, known.revealed) == (0, False)
    assert await line.comparison("0" * 26) is None
    plain = await line.accept(wish(BEN), NOW)
    assert await line.comparison(plain.job.id) is None


async def test_nobody_can_foresee_which_is_which():
    """Of a thousand ids about half put the first arm under A: within five deviations."""
    first = sum(shuffled(str(ULID()), *ARMS) == ARMS for _ in range(1000))
    assert 420 < first < 580


async def test_a_person_has_one_ballot_and_may_change_it(line: Line):
    job = await compared(line)
    for choice in ("a", "a", "b"):
        known = await line.ballot(job.id, ADA, choice, NOW)
    known = await line.ballot(job.id, BEN, "tie", NOW)
    assert (known.a, known.b, known.tie) == (0, 1, 1)


async def test_it_is_revealed_once_and_closed_then(line: Line):
    job = await compared(line)
    await line.ballot(job.id, ADA, "a", NOW)
    known, first = await line.reveal(job.id, ADA, NOW)
    assert (known.revealed, known.a, first) == (True, 1, True)
    assert await line.reveal(job.id, BEN, NOW) == (known, False)
    with pytest.raises(Revealed):
        await line.ballot(job.id, BEN, "b", NOW)
    assert not known.told
    await line.verdict_told(job.id, NOW)
    assert await line.reveal(job.id, BEN, NOW) == (replace(known, told=True), False)


async def test_two_comparisons_know_nothing_of_each_other(line: Line):
    one, other = await compared(line), await compared(line, user=BEN)
    await line.ballot(one.id, ADA, "a", NOW)
    await line.ballot(other.id, ADA, "b", NOW)
    known, first = await line.reveal(one.id, ADA, NOW)
    assert (known.a, known.b, known.revealed, first) == (1, 0, True, True)
    known = await line.ballot(other.id, BEN, "b", NOW)
    assert (known.a, known.b, known.revealed) == (0, 2, False)


async def test_no_ballot_on_what_is_not_there(line: Line):
    with pytest.raises(JobGone):
        await line.ballot("0" * 26, ADA, "a", NOW)
    with pytest.raises(JobGone):
        await line.reveal("0" * 26, ADA, NOW)
    waiting = await compared(line, "planned")
    with pytest.raises(NotFinished):
        await line.ballot(waiting.id, ADA, "a", NOW)
    await line.cancel(waiting.id, ADA, NOW)
    gone = await compared(line)
    await line.delete(gone.id, ADA, NOW)
    with pytest.raises(JobGone):
        await line.ballot(gone.id, ADA, "a", NOW)


async def test_nothing_is_made_of_a_comparison(line: Line):
    job = await compared(line)
    for action in ("seed", "mask", "keep", "single", "show", "vary"):
        with pytest.raises(Compared):
            await line.accept(press(job, action, BEN, 0, "10.10"), NOW)


async def test_one_that_could_not_be_posted_is_shown(line: Line):
    job = await compared(line, "undeliverable")
    shown = await line.accept(press(job, "show", ADA), NOW)
    assert shown.job.state == "drawn"


async def test_a_server_s_results_go_by_preset_and_not_by_letter(line: Line):
    for user, choice in ((ADA, "stylus"), (BEN, "stylus"), (CID, "base")):
        job = await compared(line, user=user, arms=("base", "stylus") if user == BEN else ARMS)
        known = await line.comparison(job.id)
        assert known is not None
        letter = "a" if known.left == choice else "b"
        await line.ballot(job.id, user, letter, NOW)
        await line.ballot(job.id, 900, "tie", NOW)
        if user != CID:
            await line.reveal(job.id, user, NOW)
    [result] = await line.results(GUILD)
    assert (result.one, result.other) == ("base", "stylus")
    assert (result.wins, result.losses, result.ties) == (0, 2, 2)  # the third is not revealed
    assert await line.results(OTHER) == ()
    assert await line.results(None) == (result,)


async def test_they_go_with_their_jobs(line: Line):
    job = await compared(line)
    await line.ballot(job.id, ADA, "a", NOW)
    await line.sweep(NOW + 91 * DAY)
    assert await line.comparison(job.id) is None
    assert await line.results(None) == ()
