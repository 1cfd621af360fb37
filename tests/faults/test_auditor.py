"""The judge is judged: each verdict from the messages alone."""

import itertools
from typing import Any

import pytest

from tests.faults.auditor import Finding, counted, judged
from tests.faults.crowd import Ask
from tests.faults.witness import Kind, Witness, read
from tests.playground.driver import Playground

JOB, OTHER = "01M833P55ST7JT99BPDT828F1X", "01M833P6MFS3WDMABDZP800N8V"
ASK = Ask("1", "ada")
ACTIONS = {"status": ("cancel",), "card": ("seed", "info", "del"), "end": ("again", "info")}
Json = dict[str, Any]


def message(id_: str, kind: Kind, job: str = JOB, words: str = "") -> Json:
    pressed = [{"type": 2, "custom_id": f"sty:1:{job}:{one}"} for one in ACTIONS.get(kind, ())]
    told = {"type": 10, "content": words or "**Cancelled.**"}
    files = [{"url": "picture.png"}] if kind == "card" else []
    shown = [told, {"type": 1, "components": pressed}]
    return {"id": id_, "channel_id": "7", "content": "", "components": shown, "attachments": files}


class Street:
    """A witness who is told of messages one by one."""

    def __init__(self) -> None:
        self.witness = Witness(Playground())
        self._known: set[str] = set()

    def says(self, id_: str, kind: Kind, job: str = JOB, words: str = "") -> "Street":
        news = "message.update" if id_ in self._known else "message.create"
        self._known.add(id_)
        self.witness.hear({"type": news, "message": message(id_, kind, job, words)})
        return self

    def loses(self, id_: str) -> "Street":
        self.witness.hear({"type": "message.delete", "id": id_, "channel": "7"})
        return self

    @property
    def verdict(self) -> Finding:
        return judged(self.witness, ASK, JOB)


@pytest.fixture
def street() -> Street:
    return Street()


def test_a_card_in_place_of_the_status_is_posted(street: Street):
    found = street.says("1", "status").says("1", "card").says("1", "card").verdict
    assert (found.outcome, found.twice, found.again) == ("posted", False, False)


def test_a_status_and_nothing_more_is_lost(street: Street):
    assert street.says("1", "status").verdict.outcome == "lost"


def test_a_card_under_a_status_is_lost(street: Street):
    assert street.says("1", "card").says("1", "status").verdict.outcome == "lost"


def test_a_second_card_is_one_too_many(street: Street):
    assert street.says("1", "card").says("2", "card").verdict.twice


def test_a_second_card_is_too_many_even_if_it_does_not_stay(street: Street):
    assert street.says("1", "card").says("2", "card").loses("2").verdict.twice
    assert street.says("1", "status").verdict.twice


def test_a_card_anew_after_somebody_took_it_away(street: Street):
    found = street.says("1", "card").loses("1").says("2", "card").verdict
    assert (found.outcome, found.twice, found.again) == ("posted", False, True)


def test_a_card_that_somebody_deleted_was_posted(street: Street):
    assert street.says("1", "card").loses("1").verdict.outcome == "posted"


def test_another_jobs_card_is_not_mine(street: Street):
    assert street.says("1", "status").says("2", "card", OTHER).verdict.outcome == "lost"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("**Not drawn.** No.", "failed"),
        ("**Cancelled** by <@1>.", "cancelled"),
        ("**Drawn, but not posted:** the files are too big.", "undeliverable"),
        ("Anything else.", "lost"),
    ],
)
def test_ends_are_read(street: Street, words: str, outcome: str):
    found = street.says("1", "status").says("1", "end", words=words).verdict
    assert found.outcome == outcome


def test_posted_and_told_that_it_was_not(street: Street):
    found = street.says("1", "card").says("2", "end").verdict
    assert (found.outcome, found.both) == ("posted", True)


def test_lists_and_forms_are_of_no_job():
    both = message("1", "card")
    both["components"] += message("1", "card", OTHER)["components"]
    assert read(both) == ("other", "")
    assert read({"id": "1", "content": "hello"}) == ("other", "")


def test_jobs_are_known_by_what_a_message_first_showed(street: Street):
    street.says("1", "status").says("1", "card")
    assert street.witness.jobs_of("1") == [JOB]
    assert street.witness.jobs_of("9") == []


def test_counting():
    findings = [Finding(ASK, JOB, "posted", twice=True), Finding(ASK, OTHER, "lost")]
    count = counted(itertools.chain(findings, findings))
    assert (count["posted"], count["lost"], count["twice"], count["again"]) == (2, 2, 2, 0)
