"""The list of kills: every boundary is in it, and none was picked by hand."""

import pytest

from tests.faults.boundaries import boundaries
from tests.faults.deeds import LONG_AFTER
from tests.faults.plan import POSTING, days, schedule
from tests.faults.scenarios import SCENARIOS

WHOLE, QUICK = 220, 25


@pytest.mark.parametrize("number", [QUICK, WHOLE])
def test_as_many_as_asked_for(number: int):
    assert len(schedule(number)) == number
    assert schedule(number) == schedule(number)


def test_the_whole_campaign_kills_the_bot_everywhere():
    killed = {kill.boundary for kill in schedule(WHOLE) if kill.target == "bot"}
    assert killed >= set(boundaries())


def test_what_posts_a_card_meets_every_scenario():
    met = {(kill.boundary, kill.scenario) for kill in schedule(WHOLE)}
    assert met >= {(boundary, scenario) for boundary in POSTING for scenario in SCENARIOS}


@pytest.mark.parametrize("number", [QUICK, WHOLE])
def test_everybody_dies_at_boundaries_and_at_random(number: int):
    kills = schedule(number)
    assert {kill.target for kill in kills if kill.boundary} == {"bot", "planner", "drawer"}
    assert {kill.target for kill in kills if not kill.boundary} == {"bot", "planner", "drawer"}


def test_random_times_are_the_seeds_from_nought_on():
    seeds = sorted(kill.seed for kill in schedule(WHOLE) if kill.seed is not None)
    assert seeds == list(range(len(seeds)))
    assert len(seeds) == WHOLE / 5


def test_short_campaigns_go_round():
    rounds = [schedule(QUICK, seed) for seed in range(len(boundaries()))]
    killed = {kill.boundary for kills in rounds for kill in kills if kill.target == "bot"}
    assert killed >= set(boundaries())
    assert rounds[0] != rounds[1]


def test_a_hundred_days_pass_at_the_end_of_a_day():
    kills = schedule(WHOLE)
    split = list(days(kills, QUICK))
    assert sum(map(len, split)) == WHOLE
    assert max(map(len, split)) <= QUICK
    for day in split:
        late = [kill.place in LONG_AFTER for kill in day]
        assert late == sorted(late)
