"""Strings of a JSON text are counted before it is parsed, whatever stands before a quote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.probe.quotes import PIECE, count_strings


@given(st.text(st.sampled_from('"\\ab'), max_size=60))
def test_quotes_are_counted_as_a_reader_of_one_character_after_the_other_does(text: str):
    quotes, at = 0, 0
    raw = "{" + text
    while at < len(raw):
        if raw[at] == "\\":
            at += 1
        elif raw[at] == '"':
            quotes += 1
        at += 1
    assert count_strings(raw.encode()) == quotes // 2


@pytest.mark.parametrize("run", [1, 2, 15, 16, 17, 18, 200])
def test_a_long_run_of_backslashes_is_counted_by_its_parity(run: int):
    raw = b'{"' + b"\\" * run + b'"""'
    assert count_strings(raw) == (1 if run % 2 else 2)


def test_a_quote_at_the_edge_of_a_piece():
    for before in range(PIECE - 3, PIECE + 3):
        raw = b"{" + b"x" * before + b'\\"'
        assert count_strings(raw + b'"') == 0
