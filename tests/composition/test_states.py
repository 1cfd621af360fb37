"""The small machines: the circuit, the purse, the ear, the memory."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.composition.circuit import FIRST_PAUSE, LIMIT, LONGEST_PAUSE, Circuit
from stylus_engine.composition.hearing import MOST_BYTES, MOST_LINE, MOST_TEXT, Hearing
from stylus_engine.composition.judging import judge
from stylus_engine.composition.menu import menu
from stylus_engine.composition.purse import DAY, Purse, Till
from stylus_engine.composition.reading import Read, read
from stylus_engine.composition.remembering import Memory, answer_of, key
from stylus_engine.errors import BudgetSpent, StoreFailed
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


class Counter:
    """A store beyond the process, without a disk."""

    def __init__(self):
        self.kept = {}
        self.broken = False

    def change(self, key, change):
        if self.broken:
            raise StoreFailed(path="x", why="full")
        self.kept[key] = change(self.kept.get(key))
        return self.kept[key]


async def spend(till, estimate, cost, guessed=0):
    async with till.paying(estimate) as bill:
        bill.cost, bill.guessed = cost, guessed


@pytest.mark.asyncio
@pytest.mark.parametrize("store", [None, Counter()], ids=["memory", "kept"])
async def test_a_day_counts_what_is_under_way_and_forgets_yesterday(store):
    clock = [DAY * 5.0]
    till = Till(1000, lambda: clock[0], store)
    async with till.paying(700) as bill:
        with pytest.raises(BudgetSpent, match="700 of 1000 tokens, 700 of them by estimate"):
            await spend(till, 301, 0)
        bill.cost = bill.guessed = 400
    with pytest.raises(BudgetSpent, match="400 of 1000 tokens, 400 of them by estimate"):
        await spend(till, 601, 0)
    await spend(till, 600, 0)
    clock[0] = DAY * 5.99
    with pytest.raises(BudgetSpent):
        await spend(till, 601, 0)
    clock[0] = DAY * 6.0
    await spend(till, 1000, 1000)
    clock[0] = DAY * 5.5  # a clock that is put back begins no new day
    with pytest.raises(BudgetSpent):
        await spend(till, 1, 0)


@pytest.mark.asyncio
async def test_a_restart_forgets_nothing_and_a_kill_costs_the_estimate():
    store = Counter()
    await spend(Till(1000, lambda: 0.0, store), 500, 300)
    killed = Till(1000, lambda: 0.0, store).paying(400)
    await killed.__aenter__()  # and never left
    with pytest.raises(BudgetSpent, match="700 of 1000 tokens, 400 of them"):
        await spend(Till(1000, lambda: 0.0, store), 301, 0)
    await spend(Till(1000, lambda: 0.0, store), 300, 300)


@pytest.mark.asyncio
async def test_further_room_is_given_back_like_the_first_and_is_not_in_its_own_way():
    till = Till(1000, lambda: 0.0)
    async with till.paying(300) as bill:
        with pytest.raises(BudgetSpent, match="0 of 1000 tokens"):
            await till.more(bill, 701)
        await till.more(bill, 700)
        with pytest.raises(BudgetSpent, match="1000 of 1000 tokens"):
            await spend(till, 1, 0)
        bill.cost, bill.guessed = 200, 0
    with pytest.raises(BudgetSpent, match="200 of 1000 tokens spent"):
        await spend(till, 801, 0)
    await spend(till, 800, 800)


@pytest.mark.asyncio
async def test_two_processes_share_a_day():
    store = Counter()
    one, two = (Till(1000, lambda: 0.0, store) for _ in range(2))
    async with one.paying(600):
        with pytest.raises(BudgetSpent):
            await spend(two, 600, 0)
    await spend(two, 400, 400)


@pytest.mark.asyncio
async def test_a_store_that_fails_or_is_spoiled_does_not_stop_the_count():
    store = Counter()
    till = Till(1000, lambda: 0.0, store)
    await spend(till, 600, 600)
    store.broken = True
    with pytest.raises(BudgetSpent):
        await spend(till, 600, 600)
    store.broken = False
    store.kept = dict.fromkeys(store.kept, b"\xff{")
    await spend(till, 600, 600)


@pytest.mark.asyncio
async def test_what_was_asked_yesterday_is_yesterdays():
    clock = [DAY * 5.9]
    till = Till(1000, lambda: clock[0], Counter())
    async with till.paying(900) as bill:
        clock[0] = DAY * 6.1
        await spend(till, 1000, 100)
        bill.cost = 200
    with pytest.raises(BudgetSpent):
        await spend(till, 901, 0)
    await spend(till, 900, 900)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400))))
def test_a_purse_is_never_overdrawn_by_estimates_that_hold_and_never_negative(calls):
    async def all_of_them():
        till, paid = Till(1000, lambda: 0.0), 0
        for estimate, cost in calls:
            with suppress(BudgetSpent):
                await spend(till, estimate, min(cost, estimate))
                paid += min(cost, estimate)
        return till, paid

    till, paid = asyncio.run(all_of_them())
    assert 0 <= paid == till._purse.spent <= 1000


@given(*[st.integers(0, 500)] * 6)
def test_what_is_settled_is_never_negative(day, spent, booked, cost, guessed, other):
    purse = Purse(day=day, spent=spent).settled(other, booked, cost, guessed)
    assert min(purse.spent, purse.guessed) >= 0


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
    memory = Memory(kept)
    assert await memory.recall("k") == good()
    assert await Memory().recall("k") is None
    kept["k"] = b"spoiled"
    assert await Memory(kept).recall("k") is None
    assert await memory.recall("k") == good()  # the store is asked once


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
        key(query("a cat", pinned=("x", "y")), whole, "1", "m", checked=False),
        key(query("a cat", pinned=("y", "x")), whole, "1", "m", checked=False),
        key(query("a cat", banned=("x", "y")), whole, "1", "m", checked=False),
        key(query("a cat", banned=("y", "x")), whole, "1", "m", checked=False),
    }
    assert len(names) == 7
    assert good(answer()) == good(answer())
