"""Checks in spare time: only when it is quiet, one at a time, gone at once when somebody comes."""

from dataclasses import dataclass, field

import msgspec
import pytest

from bot.crew.spare_time import NOBODY_WAITS, SpareTime
from bot.crew.staff import Idle
from bot.refusals import NoWorker
from stylus_engine.model import Drawn, Failed, Picture, Stepped
from stylus_engine.workers.frames import Check, Checking, Draw, Drop, Happened
from tests.model.nouns import MANIFEST, SHOT

SHOTS = tuple(
    msgspec.structs.replace(SHOT, id=f"check-a-{n}", job="check-a", index=n) for n in range(3)
)
PICTURE = Picture(id="f" * 64, path="/p", width=8, height=8, manifest=MANIFEST)


@dataclass
class Clock:
    at: float = 0.0

    def ticks(self):
        return self.at


@dataclass
class Crew:
    """One planner that answers with `next`, one drawer that only listens."""

    next: list = field(default_factory=lambda: [SHOTS])
    asked: list = field(default_factory=list)
    sent: list = field(default_factory=list)
    there: bool = True
    meanwhile: object = None

    @property
    def drawers(self):
        return {"drawer-1.1": 4} if self.there else {}

    async def ask(self, question, seconds=None, hear=None):
        self.asked.append(question)
        if self.meanwhile is not None:
            await self.meanwhile()  # pyright: ignore[reportCallIssue] - a test hands it in
        if self.next and isinstance(self.next[0], Exception):
            raise self.next.pop(0)
        shots = self.next.pop(0) if self.next else ()
        return Checking(call=1, job=shots[0].job if shots else "", shots=shots)

    async def send(self, worker, frame):
        self.sent.append(frame)
        return self.there


def spare(crew, *, on=True, after=60.0, words=()):
    clock = Clock()
    made = SpareTime(crew, clock, Idle(on, after, words))  # pyright: ignore[reportArgumentType] - a clock with ticks alone
    return made, clock


def happened(shot, fence, event=None):
    event = event or Drawn(job="check-a", shot=shot.id, picture=PICTURE)
    return Happened(job="check-a", fence=fence, event=event)


@pytest.mark.asyncio
async def test_switched_off_nobody_is_asked_and_nothing_is_sent():
    crew = Crew()
    made, clock = spare(crew, on=False)
    clock.at = 10_000
    await made.turn(quiet=True)
    await made.turn(quiet=False)
    assert (crew.asked, crew.sent) == ([], [])


@pytest.mark.asyncio
async def test_it_begins_when_it_was_quiet_for_long_enough():
    crew = Crew()
    made, clock = spare(crew)
    await made.turn(quiet=True)
    clock.at = 59
    await made.turn(quiet=False)
    clock.at = 118
    await made.turn(quiet=True)
    assert crew.asked == []
    clock.at = 119
    await made.turn(quiet=True)
    assert crew.asked == [Check(call=0)]
    [draw] = crew.sent
    assert (draw.job, draw.shots) == ("check-a", SHOTS)
    await made.turn(quiet=True)
    assert len(crew.asked) == 1, "one at a time"


@pytest.mark.asyncio
async def test_what_ended_is_told_with_the_next_question_and_the_bell_rings():
    crew = Crew([SHOTS, SHOTS[:1]])
    made, clock = spare(crew, after=0.001)
    clock.at = 1
    await made.turn(quiet=True)
    fence = crew.sent[0].fence
    made.heard(
        "drawer-1.1",
        happened(SHOTS[0], fence, Stepped(job="check-a", shot=SHOTS[0].id, step=1, of=2)),
    )
    for shot in SHOTS:
        assert made.busy
        made.heard("drawer-1.1", happened(shot, fence))
    assert not made.busy
    await made.bell.wait(0)
    await made.turn(quiet=True)
    assert [event.shot for event in crew.asked[1].ended] == [shot.id for shot in SHOTS]
    assert crew.sent[1].shots == SHOTS[:1]


@pytest.mark.asyncio
async def test_somebody_comes_and_the_check_leaves_but_finished_pictures_count():
    crew = Crew([SHOTS, SHOTS[1:]])
    made, clock = spare(crew)
    clock.at = 60
    await made.turn(quiet=True)
    fence = crew.sent[0].fence
    made.heard("drawer-1.1", happened(SHOTS[0], fence))
    await made.give_way()
    assert crew.sent[1] == Drop(job="check-a")
    assert not made.busy
    cancelled = Failed(job="check-a", shot=SHOTS[1].id, kind="Cancelled", sentence="Stopped.")
    made.heard("drawer-1.1", happened(SHOTS[1], fence, cancelled))
    clock.at = 61
    await made.turn(quiet=True)
    assert len(crew.asked) == 1, "it waits anew for quiet"
    clock.at = 120
    await made.turn(quiet=True)
    assert [event.shot for event in crew.asked[1].ended] == [SHOTS[0].id], "no cancel is told"
    made.heard("drawer-1.1", happened(SHOTS[1], fence, cancelled))
    made.heard("drawer-2.1", happened(SHOTS[1], crew.sent[2].fence))
    crew.next = [()]
    made.heard("drawer-1.1", happened(SHOTS[1], crew.sent[2].fence))
    assert made.busy, "a late word of the first time ends nothing"
    made.heard("drawer-1.1", happened(SHOTS[2], crew.sent[2].fence))
    await made.turn(quiet=True)
    assert [type(event) for event in crew.asked[2].ended] == [Drawn, Drawn]


@pytest.mark.asyncio
async def test_somebody_comes_while_the_planner_thinks_and_nothing_is_sent():
    crew = Crew()
    made, clock = spare(crew)
    crew.meanwhile = made.give_way
    clock.at = 60
    await made.turn(quiet=True)
    assert crew.asked
    assert crew.sent == []
    assert not made.busy


@pytest.mark.asyncio
async def test_a_drawer_that_dies_of_an_adapter_is_not_given_it_again_and_again():
    crew = Crew([SHOTS, ()])
    made, clock = spare(crew)
    clock.at = 60
    await made.turn(quiet=True)
    made.heard("drawer-1.1", happened(SHOTS[0], crew.sent[0].fence))
    made.gone("drawer-2.1")
    assert made.busy
    made.gone("drawer-1.1")
    assert not made.busy
    await made.turn(quiet=True)
    told = crew.asked[1].ended
    assert [(event.shot, getattr(event, "kind", "")) for event in told] == [
        (SHOTS[0].id, ""),
        (SHOTS[1].id, "NoWorker"),
        (SHOTS[2].id, "NoWorker"),
    ]


@pytest.mark.asyncio
async def test_nobody_waits_or_nobody_answers_and_it_is_long_until_the_next_question():
    for answer in ((), NoWorker()):
        crew = Crew([answer])
        made, clock = spare(crew)
        clock.at = 60
        await made.turn(quiet=True)
        clock.at = 59 + NOBODY_WAITS
        await made.turn(quiet=True)
        assert len(crew.asked) == 1
        clock.at = 60 + NOBODY_WAITS
        await made.turn(quiet=True)
        assert len(crew.asked) == 2
        assert crew.sent == []


@pytest.mark.asyncio
async def test_words_of_a_card_that_are_never_drawn_are_not_drawn_unasked_either():
    foul = tuple(
        msgspec.structs.replace(
            shot, recipe=msgspec.structs.replace(shot.recipe, prompt="a cat, zorkmid")
        )
        for shot in SHOTS
    )
    crew = Crew([foul, ()])
    made, clock = spare(crew, words=("zorkmid",))
    clock.at = 60
    await made.turn(quiet=True)
    assert crew.sent == []
    await made.turn(quiet=True)
    [refused] = crew.asked[1].ended
    assert (refused.job, refused.kind) == ("check-a", "Unsafe")


@pytest.mark.asyncio
async def test_without_a_drawer_nobody_is_asked():
    crew = Crew(there=False)
    made, clock = spare(crew)
    clock.at = 60
    await made.turn(quiet=True)
    assert crew.asked == []
    assert Draw not in {type(frame) for frame in crew.sent}
