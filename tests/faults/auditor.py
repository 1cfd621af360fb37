"""What became of every accepted job, judged from outside: by messages, not by tables.

    posted       one message shows the result, and nothing has been written over it
    told         no result, and a message says that it failed, was cancelled, undeliverable
    untold       it ended where no road to the person was left; `/history` has it
    taken away   its message was deleted by a person while the bot lay dead in `posting`:
                 nobody can know whether the result stood there (DESIGN: it did); `/history`
    lost         an accepted job without any of these
    twice        a second message showed the result while the first one still stood

Accepted: the interaction was answered with a message of a job.  Whoever deletes a message
does not unmake what it showed.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.faults.crowd import Ask, Crowd
from tests.faults.witness import Page, Witness
from tests.playground.driver import parts, texts

Outcome: TypeAlias = Literal[
    "posted",
    "failed",
    "cancelled",
    "undeliverable",
    "untold",
    "taken away",
    "never accepted",
    "lost",
]
WORDS: Mapping[str, Outcome] = {
    "**Not drawn.**": "failed",
    "**Cancelled": "cancelled",
    "**Drawn, but not posted:**": "undeliverable",
}
PAGES = 40  # of a history, before a job is not in it


@dataclass(frozen=True, slots=True)
class Finding:
    """One wish. `again`: its result came anew after somebody had deleted it."""

    ask: Ask
    job: str
    outcome: Outcome
    twice: bool = False
    again: bool = False
    both: bool = False  # posted, and told that it was not: only where nobody could know


class Auditor:
    """Reads the witness; asks `/history` for those that nobody could be told."""

    def __init__(self, crowd: Crowd, in_doubt: Collection[str] = ()) -> None:
        """`in_doubt`: jobs that were being posted when a bot was killed."""
        self._crowd = crowd
        self._in_doubt = in_doubt
        self._witness = crowd.witness

    async def findings(self) -> list[Finding]:
        return [await self._finding(ask) for ask in self._crowd.asks]

    async def _finding(self, ask: Ask) -> Finding:
        told = await self._crowd.play.get(f"interactions/{ask.interaction}")
        answered = told["state"] == "answered" and told["type"] in {4, 5}
        job = self._job(ask, told.get("message_id"))
        if not answered or not job:
            return Finding(ask, job, "never accepted")
        found = judged(self._witness, ask, job)
        if found.outcome == "lost" and not self._witness.showing("card", job):
            return Finding(ask, job, await self._excuse(ask, job))
        return found

    def _job(self, ask: Ask, message: str | None) -> str:
        """By what its answer showed; an answer that shows no job yet is looked up by its number."""
        shown = self._witness.jobs_of(message) if message else []
        return shown[0] if shown else self._crowd.job_of(ask.interaction)

    async def _excuse(self, ask: Ask, job: str) -> Outcome:
        """Why nobody was told: no road was left, or a person deleted the message."""
        page = next(iter(self._witness.showing("status", job)), None)
        deleted = page is not None and page.gone is not None
        shut = ask.private and ask.who in self._crowd.closed
        line = await self._remembered(ask, job) if deleted or shut else ""
        if "could not be posted" in line or (deleted and "cancelled" in line):
            return "untold"
        if deleted and job in self._in_doubt and "posted" in line:
            return "taken away"
        return "lost"

    async def _remembered(self, ask: Ask, job: str) -> str:
        """What `/history` says of it; "" when it is not there."""
        who = self._crowd.person(ask.who)
        message = await self._crowd.told(who, "history")
        for number in range(1, PAGES):
            if message is None:
                break
            if line := _line_of(message, job):
                return line
            turn = next((i for i in _ids(message) if i.endswith(f":page:history~{number}")), None)
            if turn is None:
                break
            answer = await self._crowd.answer(await who.press(message, turn))
            message = answer and answer.get("message")
        return ""


def judged(witness: Witness, ask: Ask, job: str) -> Finding:
    """The verdict by messages alone."""
    cards, ends = witness.showing("card", job), witness.showing("end", job)
    if cards:
        spoiled = not _stands(cards[-1], job)
        return Finding(
            ask, job, "lost" if spoiled else "posted",
            twice=_twice(cards, job), again=len(cards) > 1, both=bool(ends),
        )  # fmt: skip
    if ends:
        return Finding(ask, job, _end(ends[-1], job))
    return Finding(ask, job, "lost")


def _stands(page: Page, job: str) -> bool:
    """Whether the result is the last thing that the message said."""
    return (page.last.kind, page.last.job) == ("card", job)


def _twice(cards: list[Page], job: str) -> bool:
    for first, second in itertools.pairwise(cards):
        began = second.showed("card", job)
        if first.gone is None or (began is not None and first.gone > began):
            return True
    return False


def _end(page: Page, job: str) -> Outcome:
    said = [one.message for one in page.said if (one.kind, one.job) == ("end", job)]
    for words, end in WORDS.items():
        if words in texts(said[-1]):
            return end
    return "lost"  # it says nothing of an end


def _line_of(message: dict[str, object], job: str) -> str:
    """What a list says of a job, without emphasis."""
    for part in parts(message):
        if part["type"] == 9 and job in str(part.get("accessory")):
            return texts({"content": "", "components": [part]})
    return ""


def _ids(message: dict[str, object]) -> list[str]:
    return [part["custom_id"] for part in parts(message) if "custom_id" in part]


def counted(findings: Iterable[Finding]) -> Counter[str]:
    """How many of each, and how many twice."""
    all_of_them = list(findings)
    count: Counter[str] = Counter(found.outcome for found in all_of_them)
    for name in ("twice", "again", "both"):
        count[name] = sum(getattr(found, name) for found in all_of_them)
    return count
