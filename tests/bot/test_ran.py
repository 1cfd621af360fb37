"""Why an executor was taken, in Details and in a terminal: the same words, and some for every reason there is."""

from io import StringIO
from typing import get_args

import pytest
from msgspec.structs import replace
from rich.console import Console

from bot.cards.made import made_of
from bot.cli.show import show_ran
from bot.texts import Texts
from stylus_engine.model import Manifest, Ran
from stylus_engine.planning.executors import Kept, Why
from tests.bot.cards.examples import JOB, MASKS, picture, shot

SAY = Texts.load().of("en")
NEVER = {"short"}  # of a text that is encoded: no step of a picture
TOLD = sorted(set(get_args(Why)) - NEVER)


def told(why: str) -> Manifest:
    ran = Ran(executor="slots", steps=4, why=why, over="stack")
    return replace(picture(shot(JOB, 0, MASKS[0])).manifest, ran=(ran,))


def in_details(why: str) -> str:
    [line] = [line for line in made_of(SAY, told(why)) if "executor" in line]
    return line.partition("executor slots: ")[2].replace("\\", "")


def in_a_terminal(why: str) -> str:
    out = StringIO()
    show_ran(Console(file=out, width=200), [told(why)])
    [line] = [line for line in out.getvalue().splitlines() if line.strip()]
    assert line.startswith("  1 · 4 steps")
    return line.partition("executor slots: ")[2]


@pytest.mark.parametrize("why", TOLD)
def test_both_say_the_same(why: str):
    """But that who sits at the machine may be sent to its log."""
    assert in_details(why) == in_a_terminal(why).removesuffix(", the log says why")


def test_no_two_reasons_sound_alike_and_none_is_a_bare_word():
    said = {in_details(why) for why in TOLD}
    assert len(said) == len(TOLD)
    assert all(" " in words for words in said)
    assert set(get_args(Kept)) - {""} <= set(TOLD)


def test_a_reason_of_a_newer_program_is_told_by_its_own_word():
    assert in_details("by_moonlight") == in_a_terminal("by_moonlight") == "by_moonlight"
