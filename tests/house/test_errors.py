"""Every way of saying no has one sentence, and its place in the drawing."""

import re
from collections.abc import Iterator
from dataclasses import fields
from string import Formatter

import pytest

from stylus_engine import errors
from stylus_engine.errors import SENTENCES, StylusError, sentence

FACTS: dict[str, object] = {"str": "a fact", "int": 3, "float": 2.5}


def below(kind: type[StylusError]) -> Iterator[type[StylusError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


TREE = [kind for kind in below(StylusError) if kind.__module__ == errors.__name__]
LEAVES = [kind for kind in TREE if not kind.__subclasses__()]


def made(kind: type[StylusError]) -> StylusError:
    facts = {field.name: FACTS[kind_name(field.type)] for field in fields(kind)}
    return kind(**facts)


def kind_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def test_the_tree_grows_in_one_file():
    assert [kind for kind in below(StylusError) if kind.__module__ != errors.__name__] == []


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_a_leaf_has_a_sentence(kind: type[StylusError]):
    assert kind in SENTENCES


def test_only_classes_of_the_tree_have_sentences():
    assert set(SENTENCES) <= set(TREE)


@pytest.mark.parametrize("kind", SENTENCES, ids=lambda kind: kind.__name__)
def test_a_sentence_says_every_fact_it_has_and_no_other(kind: type[StylusError]):
    placeholders = {name for _, name, _, _ in Formatter().parse(SENTENCES[kind]) if name}
    names = {field.name for field in fields(kind)}
    assert placeholders == names


@pytest.mark.parametrize("kind", SENTENCES, ids=lambda kind: kind.__name__)
def test_a_sentence_can_be_said(kind: type[StylusError]):
    said = sentence(made(kind))
    assert str(made(kind)) == said
    assert "{" not in said
    assert said.endswith((".", "fact", ")"))


def test_the_drawing_shows_the_tree_as_it_is():
    drawn = re.findall(
        r"^ {4}((?:│   |    )*)(?:├── |└── )?(\w+)", errors.__doc__ or "", re.MULTILINE
    )
    names = [name for _, name in drawn]
    assert set(names) == {"StylusError"} | {kind.__name__ for kind in TREE}
    assert len(names) == len(set(names))


def test_every_branch_is_drawn_below_its_parent():
    parents = dict(drawn_parents(errors.__doc__ or ""))
    assert parents == {kind.__name__: kind.__mro__[1].__name__ for kind in TREE}


def drawn_parents(drawing: str) -> Iterator[tuple[str, str]]:
    path: list[str] = []
    for bars, name in re.findall(r"^ {4}((?:[│ ]   )*(?:[├└]── )?)(\w+)", drawing, re.MULTILINE):
        depth = len(bars) // 4
        path[depth:] = [name]
        if depth:
            yield name, path[depth - 1]
