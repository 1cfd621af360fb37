"""What people's deeds say of adapters: pure, and written in the transaction of the deed.

    👍 👎               1 for or against each adapter that the picture lights
    U, V, Vary, Upscale 1/2 for each of that picture
    the select          1/2 for each that stays on, 1/2 against each that goes off
    ✏️ without it        1 against
    🧩                  1/10 against each of the masks that were passed over

Counted in tenths, so that sums come out the same in every order.  One row for each person,
picture (or job), kind and adapter: a press that comes twice is found written.  Nothing is
learned from private jobs, whose words are nobody else's, nor outside a server.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, insert

from bot.jobs.nouns import Job, Position, Wish
from bot.jobs.people import note_of
from bot.jobs.room import Rules
from bot.jobs.rows import find_job, find_positions
from bot.jobs.tables import evidence
from stylus_engine.planning.learning import Pair, pairs

TENTHS: Final = 10
VOTE, TAKEN, REMOVED, PASSED = 10, 5, 10, 1  # tenths of a vote
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one deed says; `about` is a picture's address, or a job where it is about all of it."""

    kind: str
    about: str
    good: Mapping[Pair, int]
    bad: Mapping[Pair, int]


def switch(guild: int) -> str:
    """The note under which a server's switch is kept."""
    return f"learning:{guild}"


def learns(connection: Connection, rules: Rules, job: Job) -> bool:
    """Whether anything is learned from this job."""
    guild = job.origin.guild
    if not rules.learning or guild is None or job.private or job.action == "compare":
        return False
    return note_of(connection, switch(guild)) != OFF


def note_deed(connection: Connection, rules: Rules, wish: Wish, job: Job, now: float) -> None:
    """A wish that was made of another job says something of that one's adapters."""
    source = find_job(connection, job.source) if job.source else None
    if source is None or source.plan is None or not learns(connection, rules, source):
        return
    found = lesson(wish, source, find_positions(connection, source.id))
    if found is not None:
        write(connection, source, wish.origin.user, found, now)


def lesson(wish: Wish, source: Job, positions: Sequence[Position]) -> Lesson | None:
    """None for a deed that says nothing."""
    match wish.action:
        case "single" | "vary" | "subtle" | "upscale":
            return _taken(source, positions, wish.index)
        case "keep":
            return _kept(wish, source, positions)
        case "mask":
            lit = {pair for each in positions for pair in _lit(source, each)}
            return Lesson("passed", source.id, {}, dict.fromkeys(lit, PASSED))
        case "imagine":
            return _removed(wish, source)
        case _:
            return None


def vote(job: Job, position: Position, *, good: bool) -> Lesson:
    """👍 or 👎 on one picture."""
    lit = dict.fromkeys(_lit(job, position), VOTE)
    about = position.picture.id if position.picture else job.id
    return Lesson("vote", about, lit if good else {}, {} if good else lit)


def write(connection: Connection, job: Job, user: int, said: Lesson, now: float) -> None:
    """The last word of a person counts. It lives as long as the root of what it is about."""
    connection.execute(delete(evidence).where(said_before(user, said.kind, said.about)))
    rows = list(_rows(job, user, said, now))
    if rows:
        connection.execute(insert(evidence), rows)


def said_before(user: int, kind: str, about: str) -> ColumnElement[bool]:
    """What this person said before in this way."""
    said = evidence.c
    return and_(said.user == user, said.kind == kind, said.about == about)


def _rows(job: Job, user: int, said: Lesson, now: float) -> Iterator[Mapping[str, Any]]:
    for card_id, concept in sorted({*said.good, *said.bad}):
        pair = card_id, concept
        yield {
            "user": user,
            "about": said.about,
            "kind": said.kind,
            "card_id": card_id,
            "concept": concept,
            "guild": job.origin.guild,
            "job": job.root,
            "good": said.good.get(pair, 0),
            "bad": said.bad.get(pair, 0),
            "made_at": now,
        }


def _lit(job: Job, position: Position) -> tuple[Pair, ...]:
    return pairs(job.plan, position.mask) if job.plan else ()


def _taken(source: Job, positions: Sequence[Position], index: int | None) -> Lesson | None:
    for each in positions:
        if each.index == index and each.picture is not None:
            return Lesson("taken", each.picture.id, dict.fromkeys(_lit(source, each), TAKEN), {})
    return None


def _kept(wish: Wish, source: Job, positions: Sequence[Position]) -> Lesson | None:
    if source.plan is None or not positions:
        return None
    on = set(pairs(source.plan, wish.mask or ""))
    before = set(_lit(source, positions[0]))
    off = dict.fromkeys(before - on, TAKEN)
    return Lesson("kept", source.id, dict.fromkeys(on, TAKEN), off)


def _removed(wish: Wish, source: Job) -> Lesson | None:
    """✏️: a choice whose tick was taken away."""
    gone = set(wish.request.banned) - set(source.request.banned)
    if source.plan is None or not gone:
        return None
    every = pairs(source.plan, "1" * len(source.plan.choices))
    against = {pair: REMOVED for pair in every if pair[0] in gone}
    return Lesson("removed", source.id, {}, against) if against else None
