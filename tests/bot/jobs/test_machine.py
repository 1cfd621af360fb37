"""Any sequence of calls, also wrong ones: what always holds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select

from bot.jobs.line import Line, Rules
from bot.jobs.nouns import BORN_DRAWN, FINISHED, Job
from bot.jobs.rows import AnyRow
from bot.jobs.tables import images, jobs, metadata, shots
from bot.refusals import Refusal
from tests.bot.jobs.people import NOW, draw_it, picture_of, plan_it, press, wish

T = TypeVar("T")
PICK = st.integers(0, 10**6)
USERS = st.integers(1, 2)
WORKERS = st.sampled_from(["one", "two"])
ACTIONS = st.sampled_from(["seed", "mask", "keep", "single", "show", "imagine"])


class Anything(RuleBasedStateMachine):
    """Calls in any order on any job, with fences of any age."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.known: list[Job] = []
        self.claims: list[Job] = []  # as they were handed out; most are stale
        self.ended: dict[str, str] = {}
        self.runner = asyncio.Runner()
        self.line = self.run(Line.open(self.url, Rules(), owner="bot", now=NOW))
        self.run(self.line._db.write(empty))

    def run(self, call: Awaitable[T]) -> T:
        async def later() -> T:
            return await call

        return self.runner.run(later())

    def teardown(self) -> None:
        self.run(self.line.close())
        self.runner.close()

    def one(self, pick: int) -> Job:
        return self.known[pick % len(self.known)]

    def claim(self, pick: int) -> Job:
        return self.claims[pick % len(self.claims)]

    @rule(user=USERS)
    def imagine(self, user: int) -> None:
        self.accept(wish(user, count=2))

    @precondition(lambda self: self.known)
    @rule(user=USERS, pick=PICK, action=ACTIONS, index=st.integers(0, 2))
    def press(self, user: int, pick: int, action, index: int) -> None:
        self.accept(press(self.one(pick), action, user, index if action == "single" else None, "10.01"))  # fmt: skip

    def accept(self, wanted) -> None:
        self.now += 1
        try:
            made = self.run(self.line.accept(wanted, self.now))
        except Refusal:
            return
        again = self.run(self.line.accept(wanted, self.now))
        assert (again.fresh, again.job.id) == (False, made.job.id)
        if made.fresh:
            self.known.append(made.job)

    @rule(worker=WORKERS, drawing=st.booleans())
    def take(self, worker: str, drawing: bool) -> None:
        self.now += 1
        call = self.line.claim_draw if drawing else self.line.claim_plan
        job = self.run(call(worker, self.now))
        if job is not None:
            before = [one.fence for one in self.claims if one.id == job.id]
            assert job.fence > max(before, default=0)
            self.claims.append(job)

    @rule(user=USERS)
    def imagine_and_plan(self, user: int) -> None:
        """Far enough for drawers to have a choice; by single calls it is a rare day."""
        self.imagine(user)
        self.take("one", drawing=False)
        if self.claims:
            self.run(plan_it(self.line, self.claims[-1], self.now))

    @precondition(lambda self: self.claims)
    @rule(worker=WORKERS)
    def draw_all(self, worker: str) -> None:
        """The next job, from the claim to the card."""
        self.take(worker, drawing=True)
        job = self.claims[-1]
        if job.plan is not None and job.state == "planned":
            self.run(draw_it(self.line, job, self.now))

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def bring_a_plan(self, pick: int) -> None:
        self.run(plan_it(self.line, self.claim(pick), self.now))

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def bring_all_pictures(self, pick: int) -> None:
        if all(p.shot for p in self.run(self.line.positions(self.claim(pick).id))):
            self.run(draw_it(self.line, self.claim(pick), self.now))

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, index=st.integers(0, 2), good=st.booleans())
    def bring_one(self, pick: int, index: int, good: bool) -> None:
        job = self.claim(pick)
        cells = [p for p in self.run(self.line.positions(job.id)) if p.index == index and p.shot]
        if good and cells:
            picture = picture_of(cells[0].shot)  # pyright: ignore[reportArgumentType] - it has one
            self.run(self.line.picture(job.id, job.fence, index, picture, self.now))
        else:
            self.run(self.line.picture_failed(job.id, job.fence, index, "Bad", "No.", self.now))

    @rule(worker=WORKERS, dead=st.booleans())
    def worker_goes(self, worker: str, dead: bool) -> None:
        call = self.line.lost if dead else self.line.released
        for job in self.run(call(worker, self.now)):
            assert job.owner is None

    @precondition(lambda self: self.known)
    @rule(pick=PICK, how=st.sampled_from(["cancel", "fail", "delete", "restore"]))
    def end(self, pick: int, how: str) -> None:
        job = self.one(pick)
        calls = {
            "cancel": lambda: self.line.cancel(job.id, 1, self.now),
            "fail": lambda: self.line.fail(job.id, "Bad", "No.", self.now),
            "delete": lambda: self.line.delete(job.id, 1, self.now),
            "restore": lambda: self.line.restore(job.id, 1, self.now),
        }
        self.run(calls[how]())

    @precondition(lambda self: self.known)
    @rule(pick=PICK, how=st.sampled_from(["posting", "posted", "failed", "undeliverable"]))
    def post(self, pick: int, how: str) -> None:
        job = self.one(pick)
        calls = {
            "posting": lambda: self.line.posting(job.id, "new", self.now),
            "posted": lambda: self.line.posted(job.id, message=1, channel=2, now=self.now),
            "failed": lambda: self.line.delivery_failed(job.id, "TooBig", self.now),
            "undeliverable": lambda: self.line.undeliverable(job.id, "NoRights", self.now),
        }
        self.run(calls[how]())

    @rule()
    def bot_starts_again(self) -> None:
        self.run(self.line.close())
        self.line = self.run(Line.open(self.url, Rules(), owner="again", now=self.now))
        self.run(self.line.released(None, self.now))

    @rule()
    def sweep(self) -> None:
        assert self.run(self.line.sweep(self.now)).jobs == 0

    @invariant()
    def what_always_holds(self) -> None:
        rows, serials, pictures = self.run(self.line._db.read(everything))
        assert {row.id for row in rows} == {job.id for job in self.known}, "a job was lost"
        assert len(serials) == len(set(serials)), "a mask was given twice"
        for row in rows:
            assert self.ended.get(row.id, row.state) == row.state, "an end was not the end"
            assert (row.ended_at is not None) == (row.state in FINISHED)
            assert row.worker_id is None or row.state in {"queued", "planned"}
            assert (row.worker_id is None) == (row.lease_until is None)
            assert row.state not in WITH_PICTURES or row.id in pictures, "a card of nothing"
        self.ended = {row.id: row.state for row in rows if row.state in FINISHED}
        self.caps_hold(rows)

    def caps_hold(self, rows: Sequence[AnyRow]) -> None:
        """A full line holds up nobody who wants to see what exists: those are counted for themselves."""
        open_ones = Counter(
            (row.user, row.action in BORN_DRAWN) for row in rows if row.state not in FINISHED
        )
        running = Counter(row.user for row in rows if row.state == "planned" and row.worker_id)
        assert max(open_ones.values(), default=0) <= 4
        assert max(running.values(), default=0) <= 1


WITH_PICTURES = {"drawn", "posting", "posted", "undeliverable"}


def empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        if table.name != "bot_lease":
            connection.execute(table.delete())


def everything(connection: Connection):
    """Rows of jobs; (root, serial) of all shots that have one; jobs that have a picture."""
    rows = connection.execute(select(*LIGHT)).all()
    given = select(shots.c.root_job, shots.c.serial).where(shots.c.serial.is_not(None))
    serials = [tuple(row) for row in connection.execute(given)]
    return rows, serials, set(connection.scalars(select(images.c.job)))


LIGHT = (
    jobs.c.id, jobs.c.user, jobs.c.state, jobs.c.worker_id, jobs.c.lease_until, jobs.c.ended_at, jobs.c.action,
)  # fmt: skip


@pytest.fixture
def machine(url: str) -> type[Anything]:
    return type("Machine", (Anything,), {"url": url})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_always_holds(machine: type[Anything]):
    few = settings(
        max_examples=5,
        stateful_step_count=80,
        deadline=None,
        suppress_health_check=(
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ),
    )
    run_state_machine_as_test(machine, settings=few)


def jain(served: list[int]) -> float:
    return sum(served) ** 2 / (len(served) * sum(one * one for one in served))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.asyncio
async def test_equal_demand_is_served_alike(line: Line):
    """Six people who always want four jobs, two drawers, jobs that fail and workers that die."""
    served = dict.fromkeys(range(6), 0)
    now = NOW
    for turn in range(36):
        now += 1
        for user in served:
            await keep_asking(line, user, now)
        for drawer in ("one", "two"):
            held = await line.claim_draw(drawer, now)
            if held is None:
                continue
            if turn % 7 == 3:
                await line.lost(drawer, now)
                continue
            await draw_it(line, held, now)
            await line.posting(held.id, "token", now)
            await line.posted(held.id, message=1, channel=1, now=now)
            served[held.origin.user] += 1
    assert sum(served.values()) > 50
    assert jain(list(served.values())) >= 0.95


async def keep_asking(line: Line, user: int, now: float) -> None:
    for _ in range(4 - len(await line.unfinished(user))):
        await line.accept(wish(user, count=1), now)
        held = await line.claim_plan("planner", now)
        assert held is not None
        await plan_it(line, held, now)
