"""The catalogue: every text is used, every text that is used exists, unknown languages read English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.texts import FALLBACK, LONG, Texts, UnknownText
from bot.texts.catalogue import Catalogue
from tests.house.source import sources, text

TEXTS = Texts.load()
SAY, LONGER = TEXTS.of("en"), TEXTS.of(LONG)
KEYS = frozenset(SAY.catalogue.messages)
FAMILIES = {key.partition("-")[0] for key in KEYS if "-" in key}
CODE = [path for path in sources("bot", "cogs") if "cli" not in path.parts]


def strings(path: Path) -> Iterator[tuple[str, bool]]:
    """Every string of a file; for a formatted one its beginning, and True."""
    tree = ast.parse(text(path))
    parts = {
        part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            if isinstance(first, ast.Constant) and len(node.values) > 1:
                yield str(first.value), True
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.value, False


def said(path: Path) -> Iterator[str]:
    """Keys that are said outright: the first argument of `say("…")`."""
    for node in ast.walk(ast.parse(text(path))):
        match node:
            case ast.Call(func=ast.Name(id="say"), args=[ast.Constant(value=str(key)), *_]):
                yield key
            case _:
                pass


EVERY = [one for path in CODE for one in strings(path)]
WHOLE = {string for string, begun in EVERY if not begun}
BEGUN = {string for string, begun in EVERY if begun and re.fullmatch(r"[a-z]+-", string)}


def test_every_text_is_used():
    """Notices are asked for without their family's name too: `notice(job, "ready")`."""
    begun = tuple(BEGUN - {"notice-"})
    short = {key for key in KEYS if key.removeprefix("notice-") in WHOLE}
    unused = {key for key in KEYS - WHOLE - short if not key.startswith(begun)}
    assert unused == set()


@pytest.mark.parametrize("path", CODE, ids=str)
def test_every_text_that_is_said_exists(path: Path):
    assert set(said(path)) <= KEYS


def test_every_key_that_is_handed_on_exists():
    shaped = {
        string
        for string in WHOLE
        if re.fullmatch(r"(notice|admin|result|status|button|modal)-[a-zA-Z-]+", string)
    }
    assert shaped - KEYS == set()
    assert {prefix.rstrip("-") for prefix in BEGUN & {f"{one}-" for one in FAMILIES}} <= FAMILIES


def test_every_text_can_be_said_in_both_languages():
    for key in KEYS:
        facts = dict.fromkeys(SAY.needs(key), 3)
        for say in (SAY, LONGER):
            found = say(key, **facts)
            assert found, key
            assert "{" not in found, key
            assert "???" not in found, key


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("EN_gb", "en"),
        ("de", "en"),
        ("", "en"),
        ("zh-Hant-TW", "en"),
        ("en-x-long", LONG),
        ("x", "en"),
    ],
)
def test_a_language_that_nobody_knows_reads_english(asked: str, found: str):
    assert TEXTS.of(asked).locale == found


def test_the_pseudo_language_is_longer_by_forty_percent_and_keeps_what_is_filled_in():
    for key in KEYS:
        facts = dict.fromkeys(SAY.needs(key), "9")
        short, long = SAY(key, **facts), LONGER(key, **facts)
        letters = sum(character.isalpha() for character in re.sub(r"/[a-z ]+", "", short))
        assert len(long) >= len(short) + 0.4 * letters * 0.9, key
        assert long.count("9") >= short.count("9"), key
        assert all(sign in long for sign in re.findall(r"\*\*|`|/[a-z]+", short)), key
    assert "á" in LONGER("button-cancel")


def test_a_key_that_nobody_wrote_and_a_fact_that_is_missing_are_bugs():
    with pytest.raises(UnknownText, match="no-such-text"):
        SAY("no-such-text")
    with pytest.raises(UnknownText, match="button-mask"):
        SAY("button-mask", seen=1)


def test_another_language_falls_back_text_by_text():
    german = Catalogue("de", "button-cancel = Abbrechen\n")
    texts = Texts({**TEXTS.catalogues, "de": german})
    say = texts.of("de-AT")
    assert say("button-cancel") == "Abbrechen"
    assert say("button-again") == "Run again"
    assert say.has("button-again")
    assert texts.of("fr").locale == FALLBACK


def test_a_catalogue_that_fluent_cannot_read_is_refused():
    with pytest.raises(UnknownText, match="broken"):
        assert Catalogue("xx", "broken text\n").messages


def test_numbers_choose_their_plural_and_are_never_grouped():
    assert SAY("history-pictures", count=1) == "1 picture"
    assert SAY("history-pictures", count=4) == "4 pictures"
    assert SAY("result-seed", seed=4294967295) == "seed 4294967295"
    assert SAY("result-seed", seed="4294967295") == "seed 4294967295"
