"""What people wrote, on its way onto a card."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.texts.escape import clean, escape

# An independent reading of Discord's markdown: a backslash takes the meaning from the sign
# after it, whatever sign that is (simple-markdown's rule for escapes).
TAKEN = re.compile(r"\\[^0-9A-Za-z\s]")
MEANING = re.compile(r"[\\*_~|`<\[\]]|:\S|^[#>+-]|^\d+[.)](?:\s|$)")
PINGS = re.compile(r"@everyone|@here|<@[!&]?\d*>?", re.IGNORECASE)
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

signs = st.sampled_from(
    [*"*_~|`<>[]()#:@.-+\\1 \n\tA&", "@everyone", "<@1>", "\u200b", "\u202e", "🐉"]
)
hostile = st.lists(signs, max_size=60).map("".join)
written = st.text(max_size=300) | hostile
rooms = st.integers(0, 400)


@given(written, rooms)
@example("@everyone", 9)
@example("@\u200beveryone", 99)
@example("<\u200b@1>", 99)
@example("- [x](https://x.y) **b**", 99)
@example("1. one", 99)
@example("0)*", 4)
def test_escaped_text_means_nothing_and_pings_nobody(text: str, most: int):
    said = escape(text, most)
    assert len(said) <= most
    assert not PINGS.search(said)
    plain = TAKEN.sub("x", said)  # an escaped sign is a letter like any other
    assert not MEANING.search(plain), said


@given(written, rooms)
def test_what_is_left_can_be_seen(text: str, most: int):
    for said in (escape(text, most), clean(text, most)):
        assert len(said) <= most
        kinds = {unicodedata.category(character) for character in said}
        assert not kinds & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        assert not {unicodedata.bidirectional(character) for character in said} & BIDI
        assert said == said.strip()


@given(written)
def test_nothing_but_signs_is_added(text: str):
    """Without its backslashes, and with the at sign it had, it is the clean text again."""
    said = escape(text, 10_000)
    assert TAKEN.sub(lambda found: found[0][1], said).replace("＠", "@") == clean(
        text, 10_000
    ).replace("＠", "@")


@given(st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=80))
def test_plain_words_stay_as_they_are(text: str):
    assert escape(text, 80) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a **fox**", r"a \*\*fox\*\*"),
        ("@everyone look", "＠everyone look"),
        ("ada@example.org", "ada@example.org"),
        ("<@123> <#4> <@&5>", r"\<＠123> \<#4> \<＠&5>"),
        ("https://x.y/z", r"https\://x.y/z"),
        ("discord.gg/abc", r"discord\.gg/abc"),
        ("16:9", r"16\:9"),
        (":smile:", r"\:smile:"),
        ("# not a title", r"\# not a title"),
        ("-# not small", r"\-# not small"),
        ("2. not a list", r"2\. not a list"),
        ("2.5 cats", "2.5 cats"),
        ("two\nlines\tand more", "two lines and more"),
        ("👩\u200d🚀", "👩🚀"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("z\u0301\u0301\u0301\u0301\u0301a", "z\u0301\u0301\u0301a"),
        ("ציור של דרקון", "ציור של דרקון"),
        ("a\u2066b\u202ec\u200bd\ufeff", "abcd"),
        ("\u3164\u2800\u115f", ""),
    ],
)
def test_examples(text: str, said: str):
    assert escape(text, 200) == said


def test_what_is_too_long_ends_in_an_ellipsis():
    assert escape("word " * 99, 20) == "word word word word…"
    assert escape("*" * 99, 11) == r"\*\*\*\*\*…"
    assert clean("abc", 2) == "a…"
    assert clean("abc", 0) == ""
