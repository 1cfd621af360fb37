"""Why it was fast or slow, in Details and in a terminal."""

import dataclasses
from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from bot.cards.details import details
from bot.cli.outcome import Outcome
from bot.cli.show import show_readied
from bot.readying import waited
from bot.texts import Texts
from stylus_engine.model import Fetching, Readied
from tests.bot.cards.examples import JOB, MASKS, picture, sheet, shot
from tests.bot.cards.reading import read

SAY = Texts.load().of("en")
CAME = (
    Readied(name="Soft Pencil", how="converted", seconds=0.2134),
    Readied(name="Neon", how="ahead", seconds=0.0004),
    Readied(name="Ink_Wash", how="shelf", seconds=0.05),
    Readied(name="Sunset", how="memory", seconds=0.0001),
)
AGAIN = tuple(replace(one, how="memory", seconds=0.01) for one in CAME)
PICTURES = [
    replace(picture(shot(JOB, index, MASKS[index])), readied=readied)
    for index, readied in enumerate((CAME[:3], AGAIN, CAME[3:]))
]


def test_each_adapter_is_told_once_with_its_longest_wait():
    assert [(one.name, one.how) for one in waited(PICTURES)] == [
        ("Soft Pencil", "converted"), ("Neon", "ahead"), ("Ink_Wash", "shelf"), ("Sunset", "memory"),
    ]  # fmt: skip


def test_details_tell_why_it_was_fast_or_slow():
    whole = sheet(SAY, JOB)
    drawn = (*PICTURES, replace(PICTURES[0], readied=()))
    positions = tuple(replace(one, picture=drawn[one.index]) for one in whole.positions)
    whole = dataclasses.replace(whole, positions=positions)
    said = read(details(SAY, whole).view())
    assert "adapters made ready: Soft Pencil converted in 0.21 s" in said
    assert "Neon in time" in said
    assert "Ink\\_Wash from the disk in 0.05 s" in said
    assert "Sunset in memory" in said


def test_a_terminal_tells_it_too_and_what_was_fetched():
    out = StringIO()
    show_readied(Console(file=out, width=200), PICTURES, {"Neon": 1.25})
    assert out.getvalue().splitlines() == [
        "  Soft Pencil: converted from its file in 0.213 s",
        "  Neon: made ready while a model was thinking; fetched in 1.250 s before",
        "  Ink_Wash: read from the disk, converted before, in 0.050 s",
        "  Sunset: in memory",
        "",
    ]


def test_fetching_is_timed_from_the_first_word_to_the_last(monkeypatch):
    outcome = Outcome(began=0.0)
    for now, done in enumerate((0, 3, 5)):
        monkeypatch.setattr("bot.cli.outcome.time.monotonic", lambda now=now: float(now))
        outcome.take(Fetching(job="j", name="Neon", done=done, of=5))
    assert outcome.fetched == {"Neon": 2.0}
