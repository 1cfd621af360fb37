"""Suggestions while somebody types: short enough for Discord, nothing twice."""

from hypothesis import given
from hypothesis import strategies as st

from bot.shelf import offered
from stylus_engine.model import Adapter


def card(number: int, name: str = "Ink", card_id: str = "") -> Adapter:
    return Adapter(card_id=card_id or f"x:{number}:1", name=name, family_declared="sd1")


def test_earlier_names_stay_in_front():
    [one] = offered([card(1), card(2)], "x:1:1")
    assert one.value == "x:1:1,x:2:1"
    assert one.name.startswith("x:1:1, Ink")


def test_an_id_too_long_for_a_choice_gives_way_to_the_name():
    """Adapters of folders have long ids: a second one would never be offered."""
    first = "local:styles/graphite.safetensors:0123456789ab"
    long = "local:an/uncommonly/deep/folder/of/styles/ink.safetensors:0123456789ab"
    cards = [card(1, "Ink", long), card(2, "Wash"), card(3, "A, B", long)]
    assert [one.value for one in offered(cards, first)] == [f"{first},Ink", f"{first},x:2:1"]
    assert offered([card(1, "Ink", long), card(2, "ink", f"{long}c")], first) == []
    assert offered([card(1, "Ink", long)], f"{first},Ink") == []
    assert offered([card(1)], "x" * 97) == []


def test_of_those_with_one_name_the_id_says_which_is_which():
    names = [one.name for one in offered([card(1), card(2, "ink"), card(3, "Wash")], "")]
    assert names == ["Ink · x:1:1", "ink · x:2:1", "Wash · other"]


@given(st.lists(st.text(max_size=300), max_size=5), st.text(max_size=120))
def test_every_choice_fits(names: list[str], before: str):
    for one in offered([card(n, name) for n, name in enumerate(names)], before):
        assert 1 <= len(one.name) <= 100
        assert 1 <= len(str(one.value)) <= 100
