"""The small machines: the circuit, the purse, the ear, the memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.composition.circuit import FIRST_PAUSE, LIMIT, LONGEST_PAUSE, Circuit
from stylus_engine.composition.hearing import MOST_BYTES, MOST_LINE, MOST_TEXT, Hearing
from stylus_engine.composition.judging import judge
from stylus_engine.composition.menu import menu
from stylus_engine.composition.purse import DAY, Purse
from stylus_engine.composition.reading import Read, read
from stylus_engine.composition.remembering import Memory, answer_of, key
from stylus_engine.errors import StoreFailed
from tests.composition.asked import GOOD, answer, query, shelf


def fallen(times, now=0.0):
    circuit = Circuit()
    for _ in range(times):
        circuit = circuit.failed(now)
    return circuit


def test_the_circuit_opens_at_its_limit_and_pauses_twice_as_long_each_time():
    assert fallen(LIMIT - 1).admits(0.0)
    pauses = [fallen(LIMIT + n).wait(0.0) for n in range(8)]
    assert pauses == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(8)]


def test_after_a_pause_one_may_try_and_nobody_else():
    circuit = fallen(LIMIT)
    assert not circuit.admits(FIRST_PAUSE - 0.1)
    assert circuit.admits(FIRST_PAUSE)
    trial = circuit.asking(FIRST_PAUSE, within=8.0)
    assert not trial.admits(FIRST_PAUSE + 7.9)
    assert trial.admits(FIRST_PAUSE + 8.0)
    assert trial.worked() == Circuit()
    assert trial.failed(FIRST_PAUSE + 1).wait(FIRST_PAUSE + 1) == 2 * FIRST_PAUSE


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "work"]), st.floats(0, 2000))))
def test_a_circuit_never_shuts_for_longer_than_its_longest_pause(steps):
    circuit, now = Circuit(), 0.0
    for what, seconds in steps:
        now += seconds
        if what == "ask" and circuit.admits(now):
            circuit = circuit.asking(now, 8.0)
        circuit = {"fail": circuit.failed(now), "work": circuit.worked()}.get(what, circuit)
        assert circuit.wait(now) <= LONGEST_PAUSE
        assert circuit.failures < LIMIT or what != "work"


def test_a_purse_counts_what_is_under_way_and_forgets_yesterday():
    purse = Purse(limit=1000).at(DAY * 5.0).set_aside(700)
    assert not purse.fits(301)
    purse = purse.settled(700, 400)
    assert (purse.spent, purse.aside) == (400, 0)
    assert purse.fits(600)
    assert not purse.fits(601)
    assert purse.at(DAY * 5.99).spent == 400
    assert purse.at(DAY * 6.0).spent == 0
    assert Purse().fits(10**12)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400))))
def test_a_purse_is_never_overdrawn_by_estimates_that_hold(calls):
    purse = Purse(limit=1000)
    for estimate, cost in calls:
        if purse.fits(estimate):
            purse = purse.set_aside(estimate).settled(estimate, min(cost, estimate))
        assert purse.spent <= 1000
        assert purse.aside == 0


def event(text):
    return b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % text


ENDLESS = {
    "text": (True, event(b"x" * 60_000), MOST_TEXT),
    "comments": (True, b": still there\n\n" * 1000, MOST_BYTES),
    "a line": (True, b"x" * 60_000, MOST_LINE),
    "a body": (False, b" " * 60_000, MOST_BYTES),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_without_an_end_is_heard_so_far_and_no_further(name):
    stream, piece, most = ENDLESS[name]
    hearing, fed = Hearing(stream=stream), 0
    while not hearing.full:
        hearing.feed(piece)
        fed += len(piece)
        assert fed < most + 2 * len(piece)
    assert hearing.close().fault == "the answer was far too long"


class Shelf(dict):
    def remembered(self, key):
        return self.get(key)

    def remember(self, key, value):
        self[key] = value


class Broken:
    def remembered(self, key):
        raise StoreFailed(path="x", why="gone")

    def remember(self, key, value):
        raise StoreFailed(path="x", why="gone")


def good(text=GOOD):
    offered = menu(query(), shelf(), 2000)
    found = read(text)
    assert isinstance(found, Read)
    return answer_of(judge(query(), offered, found), offered)


@pytest.mark.asyncio
async def test_an_answer_outlives_the_process_where_there_is_a_store():
    kept = Shelf()
    await Memory(kept).keep("k", good())
    assert await Memory(kept).recall("k") == good()
    assert await Memory().recall("k") is None
    kept["k"] = b"spoiled"
    assert await Memory(kept).recall("k") is None


@pytest.mark.asyncio
async def test_a_store_that_fails_costs_its_memory_only():
    memory = Memory(Broken())
    await memory.keep("k", good())
    assert await memory.recall("k") == good()
    assert await memory.recall("other") is None


@pytest.mark.asyncio
async def test_only_the_newest_stay_in_memory():
    memory = Memory(most=2)
    for name in ("a", "b"):
        await memory.keep(name, good())
    await memory.recall("a")
    await memory.keep("c", good())
    assert [bool(await memory.recall(name)) for name in "abc"] == [True, False, True]


def test_a_card_that_is_gone_does_not_come_back():
    today = menu(query(), shelf()[1:], 2000)
    found = judge(query(), today, good().read(today))
    assert [task.concept for task in found.tasks] == ["dragon", "sunset"]
    assert found.dropped[0].why == "it was not offered"


def test_keys_differ_by_all_that_matters():
    whole = menu(query(), shelf(), 2000)
    less = menu(query(), shelf()[1:], 2000)
    names = {
        key(query("a cat"), whole, "1", "m", checked=False),
        key(query("A  CAT"), whole, "1", "m", checked=False),
        key(query("a cat"), less, "1", "m", checked=False),
        key(query("a cat"), whole, "2", "m", checked=False),
        key(query("a cat"), whole, "1", "n", checked=False),
        key(query("a cat"), whole, "1", "m", checked=True),
        key(query("a cat", pinned=("x",)), whole, "1", "m", checked=False),
    }
    assert len(names) == 6
    assert good(answer()) == good(answer())
