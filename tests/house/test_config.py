"""config.example.toml names every key with its default and one sentence."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bot.layers import keys
from bot.settings import Settings
from tests.house.source import text

EXAMPLE = text(Path("config.example.toml"))
TREE = tomllib.loads(EXAMPLE)


def leaves(tree: dict[str, object]) -> Iterator[tuple[str, ...]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from ((name, *rest) for rest in leaves(value))
        else:
            yield (name,)


def test_the_example_names_every_key_and_no_other():
    assert set(leaves(TREE)) == set(keys(Settings))


def test_the_example_shows_the_defaults():
    assert msgspec.convert(TREE, Settings) == Settings()


def test_every_key_has_its_sentence_above_it():
    lines = EXAMPLE.splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"\w+ =", line) and not re.match(r"# .*[.;:]$|# .*\.", before)
    ]
    assert bare == []
