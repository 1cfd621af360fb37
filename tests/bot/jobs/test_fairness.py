"""Whose turn it is, decided without a database."""

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.fairness import (
    NEVER,
    NO_CAP,
    Standing,
    Waiting,
    line_order,
    next_in_line,
    seconds_left,
)

USERS = st.integers(1, 5)
JOBS = st.lists(st.tuples(USERS, st.integers(0, 1)), min_size=1, max_size=40)


def waiting(*people: tuple[int, int]) -> list[Waiting]:
    """(user, priority) in the order of arrival."""
    return [Waiting(-p, float(n), f"{n:03}", user) for n, (user, p) in enumerate(people)]


def jain(served: list[int]) -> float:
    """Jain's index: 1 when all were served alike, 1/n when one had everything."""
    return sum(served) ** 2 / (len(served) * sum(one * one for one in served))


@given(JOBS)
def test_the_order_has_every_job_once(people):
    line = waiting(*people)
    assert sorted(line_order(line, {})) == sorted(one.job for one in line)


@given(JOBS)
def test_the_first_of_the_order_is_next(people):
    line = waiting(*people)
    assert next(line_order(line, {})) == next_in_line(line, {}, cap=1)


SERVED = st.one_of(st.just(NEVER), st.floats(0, 100))
STANDINGS = st.dictionaries(USERS, st.builds(Standing, running=st.integers(0, 2), served=SERVED))


@given(JOBS, STANDINGS)
def test_the_place_that_is_told_is_the_order_in_which_jobs_are_taken(people, stand):
    line, now, taken = waiting(*people), dict(stand), []
    of = {one.job: one for one in line}
    while job := next_in_line(of.values(), now, cap=NO_CAP):
        user = of.pop(job).user
        taken.append(job)
        running = now.get(user, Standing()).running
        now[user] = Standing(running + 1, served=1000.0 + len(taken))
    assert list(line_order(line, stand)) == taken


@given(JOBS)
def test_nobodys_jobs_overtake_each_other(people):
    line = waiting(*people)
    of = {one.job: one for one in line}
    for user in {one.user for one in line}:
        mine = [of[job] for job in line_order(line, {}) if of[job].user == user]
        assert mine == sorted(mine)


@given(JOBS)
def test_higher_priority_goes_first(people):
    line = waiting(*people)
    of = {one.job: one.precedence for one in line}
    order = [of[job] for job in line_order(line, {})]
    assert order == sorted(order)


@given(st.integers(2, 8), st.integers(1, 6), st.randoms(use_true_random=False))
def test_equal_demand_is_served_alike_at_any_moment(users, each, random):
    people = [(user, 0) for user in range(users) for _ in range(each)]
    random.shuffle(people)
    line = waiting(*people)
    of = {one.job: one.user for one in line}
    counts = dict.fromkeys(range(users), 0)
    for number, job in enumerate(line_order(line, {}), 1):
        counts[of[job]] += 1
        assert max(counts.values()) - min(counts.values()) <= 1
        if number >= users * 3:
            assert jain(list(counts.values())) >= 0.95


def test_a_crowd_of_one_person_does_not_starve_another():
    line = waiting(*[(1, 0)] * 30, (2, 0))
    assert list(line_order(line, {})).index("030") == 1


def test_who_was_served_longest_ago_is_next():
    line = waiting((1, 0), (2, 0), (3, 0))
    stand = {1: Standing(served=50.0), 2: Standing(served=40.0), 3: Standing(served=45.0)}
    assert list(line_order(line, stand)) == ["001", "002", "000"]
    assert next_in_line(line, stand, cap=1) == "001"


def test_who_has_a_job_in_hand_waits_for_others():
    line = waiting((1, 0), (2, 0))
    stand = {1: Standing(running=1), 2: Standing(served=99.0)}
    assert next_in_line(line, stand, cap=2) == "001"
    assert next_in_line(line[:1], stand, cap=2) == "000"
    assert next_in_line(line[:1], stand, cap=1) is None


def test_nobody_waits():
    assert next_in_line([], {}, cap=1) is None
    assert list(line_order([], {})) == []


def test_no_time_without_samples_or_workers():
    assert seconds_left([10] * 4, number=1, running=0, workers=1) is None
    assert seconds_left([10] * 5, number=1, running=0, workers=0) is None


def test_time_is_the_work_ahead_over_the_workers():
    lengths = [10, 10, 10, 10, 900]
    assert seconds_left(lengths, number=1, running=0, workers=1) == 10
    assert seconds_left(lengths, number=4, running=2, workers=1) == 50
    assert seconds_left(lengths, number=4, running=2, workers=2) == 25
    assert seconds_left(lengths, number=1, running=0, workers=9) == 10
