"""❤, bans, the pause, notes; lists, places and figures."""

import pytest

from bot.jobs import reading
from bot.jobs.line import Line
from bot.jobs.nouns import Wish
from bot.refusals import JobGone
from tests.bot.jobs.people import ADA, BEN, NOW, accepted, draw_it, press, wish

pytestmark = pytest.mark.asyncio


async def draw_one(line: Line, wished: Wish, now: float, seconds: float) -> None:
    await accepted(line, wished, "planned", now)
    held = await line.claim_draw("drawer", now)
    assert held is not None
    await draw_it(line, held, now + seconds)


async def test_a_heart_is_turned_over(line: Line):
    job = await accepted(line, wish(), "posted")
    assert await line.favourite(job.id, BEN, NOW)
    assert await line.is_favourite(job.id, BEN)
    assert not await line.is_favourite(job.id, ADA)
    assert not await line.favourite(job.id, BEN, NOW)
    assert not await line.is_favourite(job.id, BEN)


async def test_hearts_of_two_jobs_are_two(line: Line):
    one, other = [await accepted(line, wish(), "posted") for _ in range(2)]
    await line.favourite(one.id, BEN, NOW)
    await line.favourite(other.id, BEN, NOW)
    assert not await line.favourite(one.id, BEN, NOW)
    assert not await line.is_favourite(one.id, BEN)
    assert await line.is_favourite(other.id, BEN)


async def test_no_heart_for_what_is_gone(line: Line):
    with pytest.raises(JobGone):
        await line.favourite("0" * 26, BEN, NOW)


async def test_bans_hold_here_or_everywhere(line: Line):
    await line.ban(7, ADA, BEN, "spam", NOW)
    assert await line.banned(7, ADA) == "spam"
    assert await line.banned(8, ADA) is None
    assert await line.banned(None, ADA) is None
    assert await line.banned(7, BEN) is None
    await line.ban(0, ADA, BEN, "worse", NOW)
    assert [await line.banned(guild, ADA) for guild in (7, 8, None)] == ["worse"] * 3
    assert await line.unban(0, ADA)
    assert not await line.unban(0, ADA)
    assert await line.banned(7, ADA) == "spam"


async def test_the_last_reason_of_a_ban_counts(line: Line):
    await line.ban(7, ADA, BEN, "spam", NOW)
    await line.ban(7, ADA, BEN, "more spam", NOW)
    assert await line.banned(7, ADA) == "more spam"


async def test_notes_are_kept(line: Line):
    assert await line.noted("tree") is None
    await line.note("tree", "abc", NOW)
    await line.note("tree", "def", NOW)
    assert await line.noted("tree") == "def"


async def test_a_note_leaves_the_others_and_the_pause_alone(line: Line):
    await line.pause(ADA, NOW)
    await line.note("tree", "abc", NOW)
    await line.note("bush", "def", NOW)
    assert await line.paused()
    assert await line.noted("tree") == "abc"
    await line.resume(ADA, NOW)
    assert not await line.paused()
    assert await line.noted("bush") == "def"


async def test_history_has_pages(line: Line):
    made = [await accepted(line, wish(), "posted", NOW + n) for n in range(7)]
    await accepted(line, wish(BEN), "posted", NOW)
    newest = [job.id for job in reversed(made)]
    pages = [[job.id for job in await line.history(ADA, page=page)] for page in range(3)]
    assert pages == [newest[:5], newest[5:], []]
    assert await line.history_length(ADA) == 7


async def test_what_was_deleted_is_in_no_history(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.delete(job.id, ADA, NOW)
    assert await line.history(ADA, page=0) == []
    await line.restore(job.id, ADA, NOW)
    assert [one.id for one in await line.history(ADA, page=0)] == [job.id]


async def test_favourites_are_a_list_of_their_own(line: Line):
    mine = await accepted(line, wish(), "posted")
    theirs = await accepted(line, wish(BEN), "posted")
    await line.favourite(theirs.id, ADA, NOW)
    assert [one.id for one in await line.history(ADA, page=0, favourites=True)] == [theirs.id]
    assert await line.history_length(ADA, favourites=True) == 1
    assert [one.id for one in await line.history(ADA, page=0)] == [mine.id]


async def test_unfinished_jobs_of_one_and_of_all(line: Line):
    mine = await accepted(line, wish(), "planned", NOW)
    theirs = await accepted(line, wish(BEN), "queued", NOW + 1)
    await accepted(line, wish(), "cancelled", NOW)
    assert [job.id for job in await line.unfinished()] == [mine.id, theirs.id]
    assert [job.id for job in await line.unfinished(BEN)] == [theirs.id]


async def test_places_take_turns_too(line: Line):
    ada = [(await line.accept(wish(), NOW + n)).job for n in range(2)]
    ben = (await line.accept(wish(BEN), NOW + 5)).job
    places = [await line.place(job.id, NOW + 9, 1) for job in (*ada, ben)]
    assert [(p.number, p.of) for p in places if p] == [(1, 3), (3, 3), (2, 3)]


async def test_a_place_foretells_who_is_next(line: Line):
    jobs = [await accepted(line, wish(user), "planned", NOW + n) for n, user in enumerate((1, 1, 1, 2, 3, 2))]  # fmt: skip
    places = [await line.place(job.id, NOW + 9, 1) for job in jobs]
    foretold = [job.id for _, job in sorted(zip((p.number for p in places if p), jobs, strict=True), key=lambda pair: pair[0])]  # fmt: skip
    served = []
    for n in range(len(jobs)):
        held = await line.claim_draw("drawer", NOW + 10 + n)
        assert held is not None
        served.append(held.id)
        await draw_it(line, held, NOW + 10 + n)
    assert served == foretold


@pytest.mark.parametrize("state", ["drawn", "posted", "cancelled"])
async def test_who_does_not_wait_has_no_place(line: Line, state):
    job = await accepted(line, wish(), state)
    assert await line.place(job.id, NOW, 1) is None


async def test_no_time_is_told_before_five_samples(line: Line):
    for n in range(5):
        job = await accepted(line, wish(1000 + n), "planned")
        waiting = (await line.accept(wish(2000 + n), NOW)).job
        place = await line.place(waiting.id, NOW, 1)
        assert place is not None
        assert place.eta is None
        await line.cancel(waiting.id, ADA, NOW)
        held = await line.claim_draw("drawer", NOW)
        assert held is not None
        assert held.id == job.id
        await draw_it(line, held, NOW + 10 + n)
    waiting = (await line.accept(wish(), NOW + 20)).job
    assert [getattr(await line.place(waiting.id, NOW + 20, n), "eta", 0) for n in (0, 1, 2)] == [None, 12, 12]  # fmt: skip


async def test_those_who_wait_are_not_counted_as_being_drawn(line: Line):
    for n in range(5):
        await draw_one(line, wish(1000 + n), NOW, 10.0)
    waiting = [await accepted(line, wish(2000 + n), "planned", NOW + n) for n in range(3)]
    places = [await line.place(job.id, NOW + 9, 1) for job in waiting]
    assert [place.eta for place in places if place] == [10, 20, 30]
    assert await line.claim_draw("drawer", NOW + 10)
    assert [getattr(await line.place(job.id, NOW + 11, 1), "eta", None) for job in waiting] == [None, 15, 25]  # fmt: skip


async def test_the_last_durations_and_waits_count(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "SAMPLES", 5)
    for n in range(10):
        await draw_one(line, wish(1000 + n), NOW + 100 * n, 10.0 if n < 5 else 40.0)
    waiting = await accepted(line, wish(), "planned", NOW + 2000)
    place = await line.place(waiting.id, NOW + 2000, 1)
    assert place is not None
    assert place.eta == 40
    assert await line.claim_draw("drawer", NOW + 2003)
    assert await line.waits(2) == [3.0, 0.0]


async def test_figures(line: Line):
    await accepted(line, wish(1), "posted", NOW)
    root = await accepted(line, wish(2), "posted", NOW)
    await line.accept(press(root, "show", 2), NOW)
    await line.accept(wish(3), NOW)
    assert await line.counts() == {"posted": 2, "drawn": 1, "queued": 1}
    assert await line.counts("drawn", "failed") == {"drawn": 1}
    late = await accepted(line, wish(4), "cancelled")
    assert late.began_at is None
    assert await line.waits() == [0.0, 0.0]
