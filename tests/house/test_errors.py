"""Every way of saying no has one sentence, and its place in the drawing."""

import re
from collections.abc import Iterator
from dataclasses import fields
from string import Formatter

import pytest

from bot import refusals
from bot.crew.told import Told
from bot.texts import Texts
from stylus_engine import errors
from stylus_engine.errors import SENTENCES, BadCheckpoint, StylusError, public, sentence

FACTS: dict[str, object] = {"str": "a fact", "int": 3, "float": 2.5}


def below(kind: type[StylusError]) -> Iterator[type[StylusError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


EVERY = list(below(StylusError))
TREE = [kind for kind in EVERY if kind.__module__.startswith(f"{errors.__name__}.")]
BRANCH = [kind for kind in EVERY if kind.__module__ == refusals.__name__]
SPOKEN = [*TREE, *BRANCH]  # what the catalogue has texts for
LEAVES = [kind for kind in SPOKEN if not kind.__subclasses__()]
ENGINE_LEAVES = [kind for kind in LEAVES if kind in TREE]
SAY = Texts.load().of("en")


def made(kind: type[StylusError]) -> StylusError:
    facts = {field.name: FACTS[kind_name(field.type)] for field in fields(kind)}
    return kind(**facts)


def kind_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def test_the_tree_grows_in_two_places():
    """`Told` is what another process said: it holds a sentence and needs none of its own."""
    assert set(EVERY) - set(SPOKEN) == {Told}


@pytest.mark.parametrize("kind", SPOKEN, ids=lambda kind: kind.__name__)
def test_a_class_has_a_text_whose_variables_are_its_facts(kind: type[StylusError]):
    key = f"error-{kind.__name__}"
    assert SAY.needs(key) == {field.name for field in fields(kind)}
    said = SAY(key, **vars(made(kind)))
    assert said
    assert "{" not in said


def test_the_catalogue_has_no_text_for_an_error_that_is_none():
    keys = {key for key in SAY.catalogue.messages if key.startswith("error-")}
    assert keys == {f"error-{kind.__name__}" for kind in SPOKEN}


@pytest.mark.parametrize("kind", ENGINE_LEAVES, ids=lambda kind: kind.__name__)
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


DRAWINGS = (
    (errors.__doc__ or "", TREE, "StylusError"),
    (refusals.__doc__ or "", BRANCH, "Refusal"),
)


@pytest.mark.parametrize(("drawing", "kinds", "root"), DRAWINGS, ids=["engine", "bot"])
def test_the_drawing_shows_the_tree_as_it_is(
    drawing: str, kinds: list[type[StylusError]], root: str
):
    drawn = re.findall(r"^ {4}((?:│   |    )*)(?:├── |└── )?(\w+)", drawing, re.MULTILINE)
    names = [name for _, name in drawn]
    assert set(names) == {root} | {kind.__name__ for kind in kinds}
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("drawing", "kinds", "root"), DRAWINGS, ids=["engine", "bot"])
def test_every_branch_is_drawn_below_its_parent(
    drawing: str, kinds: list[type[StylusError]], root: str
):
    parents = dict(drawn_parents(drawing))
    below = [kind for kind in kinds if kind.__name__ != root]
    assert parents == {kind.__name__: kind.__mro__[1].__name__ for kind in below}


def drawn_parents(drawing: str) -> Iterator[tuple[str, str]]:
    path: list[str] = []
    for bars, name in re.findall(r"^ {4}((?:[│ ]   )*(?:[├└]── )?)(\w+)", drawing, re.MULTILINE):
        depth = len(bars) // 4
        path[depth:] = [name]
        if depth:
            yield name, path[depth - 1]


@pytest.mark.parametrize("kind", [kind for kind in TREE if "path" in kind.__annotations__], ids=str)
def test_the_public_hears_the_name_of_a_file_and_not_where_it_lies(kind: type[StylusError]):
    if kind not in SENTENCES:
        return
    error = made(kind)
    error.path = "/home/ada/models/one"  # pyright: ignore[reportAttributeAccessIssue] - chosen so
    assert "ada" in sentence(error)
    assert "one" in public(error)
    assert "/" not in public(error)


def test_nor_does_the_reason_say_where():
    error = BadCheckpoint(path="/home/ada/one", why="no such file: /home/ada/one/unet.json")
    assert public(error) == "The checkpoint one cannot be loaded: no such file: one/unet.json."
