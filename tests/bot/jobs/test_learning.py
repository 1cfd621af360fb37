"""Votes and deeds: one a person and picture, what they add up to, and who may forget them."""

import pytest
from msgspec.structs import replace

from bot.jobs.line import Line, Rules
from bot.refusals import JobGone, LearningOff, NotFinished
from stylus_engine.planning.lexicon import phrase
from tests.bot.jobs.people import ADA, BEN, CID, NOW, accepted, press, wish
from tests.planning.plans import plan

pytestmark = pytest.mark.asyncio
GUILD, OTHER = 7, 70
DAY = 86400.0


def counts(likes):
    return {(each.card_id, each.concept): (each.good, each.bad) for each in likes}


@pytest.fixture
def made():
    return plan(2, 2)


def pair(made, task, place):
    part = made.tasks[task]
    return part.choices[place].adapter.card_id, phrase(part.concept)


async def test_a_vote_counts_for_what_the_picture_lights(line: Line, made):
    job = await accepted(line, wish(), "posted")  # picture 1 lights the first of both tasks
    assert await line.vote(job.id, 0, ADA, NOW, good=True)
    lit = {pair(made, 0, 0): (1.0, 0.0), pair(made, 1, 0): (1.0, 0.0)}
    assert counts(await line.likes(GUILD)) == lit


async def test_a_person_has_one_vote_and_may_change_it(line: Line, made):
    job = await accepted(line, wish(), "posted")
    for good in (True, True, False):
        await line.vote(job.id, 0, ADA, NOW, good=good)
    await line.vote(job.id, 0, BEN, NOW, good=True)
    assert counts(await line.likes(GUILD))[pair(made, 0, 0)] == (1.0, 1.0)
    assert await line.unvote(job.id, ADA) == 1
    assert await line.unvote(job.id, ADA) == 0
    assert counts(await line.likes(GUILD))[pair(made, 0, 0)] == (1.0, 0.0)


async def test_votes_on_two_pictures_and_what_else_was_done_are_kept_apart(line: Line, made):
    """Another vote, or one that is taken back, is about its own picture and says nothing else."""
    job, other = [await accepted(line, wish(), "posted") for _ in range(2)]
    await line.accept(press(job, "single", ADA, 0), NOW)
    for each, index in ((job, 0), (job, 2), (other, 0)):
        await line.vote(each.id, index, ADA, NOW, good=True)
    lit = [pair(made, *place) for place in ((0, 0), (0, 1), (1, 0), (1, 1))]
    said = counts(await line.likes(GUILD))
    third = [code == "1" for code in job.order[2].replace(".", "")]
    assert [said.get(one, (0, 0))[0] for one in lit] == [
        base + on for base, on in zip((2.5, 0, 2.5, 0), third, strict=True)
    ]
    assert await line.unvote(job.id, ADA) == 2
    assert counts(await line.likes(GUILD)) == {lit[0]: (1.5, 0.0), lit[2]: (1.5, 0.0)}


@pytest.mark.parametrize("action", ["vary", "subtle", "upscale"])
async def test_who_goes_on_from_a_picture_takes_it(line: Line, made, action):
    job = await accepted(line, wish(), "posted")
    await line.accept(press(job, action, BEN, 0), NOW)
    assert counts(await line.likes(GUILD))[pair(made, 0, 0)] == (0.5, 0.0)


async def test_what_most_was_said_of_comes_first(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.accept(press(job, "keep", BEN, mask="01.10"), NOW)
    await line.accept(press(job, "single", CID, 0), NOW)
    await line.accept(press(job, "single", ADA, 0), NOW)
    said = [each.good + each.bad for each in await line.learned(GUILD)]
    assert said == [1.5, 1.5, 0.5]
    assert [each.good + each.bad for each in await line.learned(GUILD, 2)] == said[:2]


async def test_the_same_picture_elsewhere_is_the_same_vote(line: Line, made):
    """U brings the picture into a job of its own."""
    job = await accepted(line, wish(), "posted")
    single = await accepted(line, press(job, "single", BEN, 0), "posted")
    taken = counts(await line.likes(GUILD))[pair(made, 0, 0)]
    assert taken == (0.5, 0.0)
    await line.vote(job.id, 0, ADA, NOW, good=True)
    await line.vote(single.id, 0, ADA, NOW, good=False)
    assert counts(await line.likes(GUILD))[pair(made, 0, 0)] == (0.5, 1.0)


async def test_a_press_that_comes_twice_teaches_once(line: Line, made):
    job = await accepted(line, wish(), "posted")
    pressed = press(job, "single", BEN, 0)
    first = await line.accept(pressed, NOW)
    again = await line.accept(pressed, NOW)
    third = await line.accept(press(job, "single", BEN, 0), NOW)
    assert (first.fresh, again.fresh, third.fresh) == (True, False, False)
    assert counts(await line.likes(GUILD))[pair(made, 0, 0)] == (0.5, 0.0)


async def test_masks_that_are_passed_over_count_a_little_against_all_of_them(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.accept(press(job, "mask", BEN), NOW)
    found = counts(await line.likes(GUILD))
    assert set(found.values()) == {(0.0, 0.1)}


async def test_a_chosen_mask_is_for_what_stays_and_against_what_goes(line: Line, made):
    job = await accepted(line, wish(), "posted")
    await line.accept(press(job, "keep", BEN, mask="01.10"), NOW)
    found = counts(await line.likes(GUILD))
    assert found == {
        pair(made, 0, 0): (0.0, 0.5),
        pair(made, 0, 1): (0.5, 0.0),
        pair(made, 1, 0): (0.5, 0.0),
    }


async def test_an_adapter_that_is_taken_out_of_the_window_has_a_vote_against(line: Line, made):
    job = await accepted(line, wish(), "posted")
    gone, words = pair(made, 1, 1)
    asked = replace(job.request, banned=(gone,))
    edited = replace(wish(BEN), source=job.id, request=asked)
    await line.accept(edited, NOW)
    assert counts(await line.likes(GUILD)) == {(gone, words): (0.0, 1.0)}


async def test_never_across_servers(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.vote(job.id, 0, ADA, NOW, good=True)
    assert await line.likes(OTHER) == ()
    assert await line.likes(None) == ()


@pytest.mark.parametrize("rules", [Rules(share=True)])
async def test_across_servers_where_it_is_allowed(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.vote(job.id, 0, ADA, NOW, good=True)
    assert len(await line.likes(OTHER)) == 2


@pytest.mark.parametrize("rules", [Rules(learning=False)])
async def test_switched_off_nothing_is_written(line: Line):
    job = await accepted(line, wish(), "posted")
    with pytest.raises(LearningOff):
        await line.vote(job.id, 0, ADA, NOW, good=True)
    await line.accept(press(job, "mask", BEN), NOW)
    assert await line.learned(GUILD) == ()


async def test_a_server_turns_it_off_and_on_and_deletes(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.vote(job.id, 0, ADA, NOW, good=True)
    await line.learn(GUILD, CID, NOW, on=False)
    assert not await line.learns(GUILD)
    assert await line.likes(GUILD) == ()
    assert len(await line.learned(GUILD)) == 2  # kept, not heeded
    with pytest.raises(LearningOff):
        await line.vote(job.id, 0, BEN, NOW, good=True)
    await line.learn(GUILD, CID, NOW, on=True)
    assert len(await line.likes(GUILD)) == 2
    assert await line.forget(OTHER) == 0
    assert await line.forget(GUILD) == 2
    assert await line.likes(GUILD) == ()


async def test_private_jobs_teach_nothing(line: Line):
    job = await accepted(line, replace(wish(), private=True), "posted")
    with pytest.raises(LearningOff):
        await line.vote(job.id, 0, ADA, NOW, good=True)
    await line.accept(press(job, "mask", ADA), NOW)
    assert await line.learned(GUILD) == ()


async def test_no_vote_on_what_is_not_there(line: Line):
    with pytest.raises(JobGone):
        await line.vote("0" * 26, 0, ADA, NOW, good=True)
    job = await accepted(line, wish(), "posted")
    with pytest.raises(NotFinished):
        await line.vote(job.id, 9, ADA, NOW, good=True)
    await line.delete(job.id, ADA, NOW)
    with pytest.raises(JobGone):
        await line.vote(job.id, 0, ADA, NOW, good=True)


async def test_votes_go_with_the_jobs_they_are_about(line: Line):
    """Whoever voted may have left long ago: until then the vote counts."""
    job = await accepted(line, wish(), "posted")
    await line.vote(job.id, 0, CID, NOW, good=True)
    await line.sweep(NOW + 89 * DAY)
    assert len(await line.likes(GUILD)) == 2
    await line.sweep(NOW + 91 * DAY)
    assert await line.job(job.id) is None
    assert await line.likes(GUILD) == ()
