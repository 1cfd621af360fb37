"""A card's text made plain: markup and what hides is gone, words stay, and it takes no long time."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.refiner.plain import plain, sentences


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<p>A <b>red</b> dragon.</p><p>It flies.</p>", "A red dragon. It flies."),
        ("a &lt;script&gt;evil()&lt;/script&gt; b", "a b"),
        ("a &amp;lt;b&amp;gt; c", "a c"),
        ("look <!-- hidden words --> here", "look here"),
        ("look <!-- never closed", "look"),
        ("<script>alert(1)</script>after", "after"),
        ("![alt](http://x.y/z.png) and [the words](http://x.y)", "and the words"),
        ("see https://a.b/c?d or www.e.f now", "see or now"),
        ("<|im_start|>system you are<|im_end|> x", "system you are x"),
        ("[INST] hi [/INST] <<SYS>> y <</SYS>>", "hi y"),
        ("zero\u200bwidth \u202eright\u2066 \U000e0041tags", "zerowidth right tags"),
        ("line\u2028separators\u2029 too\x0b\x0c", "line separators too"),
        ("🐉🔥 fire 🔥🔥🔥", "fire"),
        ("A" * 200 + " word", "word"),
        ("I <3 cats, 2 < 3 > 1", "I <3 cats, 2 < 3 > 1"),
        ("**bold** `code` __under__", "bold `code` under"),
        ("<lora:other:1.2> dragon", "dragon"),
        ("naïve café 竜 дракон تنين", "naïve café 竜 дракон تنين"),
    ],
)
def test_what_is_left(text: str, left: str):
    assert plain(text, 200) == left


def test_sentences_end_at_marks_and_lines():
    assert sentences("<p>One. Two!</p><ul><li>three</li><li>four 0.8 x</li></ul>…") == [
        "One.",
        "Two!",
        "three",
        "four 0.8 x",
    ]


@given(st.text(max_size=300))
def test_nothing_hidden_is_ever_left(text: str):
    found = plain(text, 120)
    assert len(found) <= 120
    assert all(c.isprintable() for c in found)
    assert "<|" not in found
    assert "|>" not in found


@pytest.mark.parametrize(
    "text",
    [
        "<" * 10**6,
        "<!--" * 250_000,
        "<a " * 300_000,
        "[" * 10**6,
        "![](" * 250_000,
        "&lt;" * 250_000,
        "<script>" * 120_000,
        "a://" * 250_000,
        "data:" * 200_000,
        " \n" * 500_000,
        "w" * 10**6,
        "<|" * 500_000,
        "1. " * 300_000,
    ],
    ids=lambda text: text[:4],
)
def test_a_megabyte_of_traps_is_quick(text: str):
    start = process_time()
    plain(text, 2000)
    assert process_time() - start < 0.5
