"""A noun's bytes: read back as they were, in this year and the next; unknown fields refused."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.model import Drawn, Event, Failed, Picture, Planned, Started, Stepped
from stylus_engine.model.noun import Noun
from tests.model import nouns

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FILES = sorted(GOLDEN.glob("*-v*.json"))
EARLIER = sorted((GOLDEN / "earlier").glob("*.json"))


def noun_of(file: Path) -> type[Noun]:
    return type(nouns.EXAMPLES[file.stem.partition("-")[0]])


def test_every_versioned_noun_has_its_golden_file():
    wanted = {f"{name}-v{noun.v}" for name, noun in nouns.EXAMPLES.items()}
    assert wanted <= {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_golden_file_is_still_read(file: Path):
    raw = file.read_bytes()
    noun = msgspec.json.decode(raw, type=noun_of(file))
    assert json.loads(msgspec.json.encode(noun)) == json.loads(raw)


@pytest.mark.parametrize("file", EARLIER, ids=lambda file: file.stem)
def test_what_was_written_before_a_field_was_added_is_still_read(file: Path):
    noun = msgspec.json.decode(file.read_bytes(), type=noun_of(file))
    assert noun.v == 1  # pyright: ignore[reportAttributeAccessIssue] - every noun here has one


@pytest.mark.parametrize("name", nouns.EXAMPLES)
def test_todays_example_is_the_golden_file(name: str):
    example = nouns.EXAMPLES[name]
    raw = (GOLDEN / f"{name}-v{example.v}.json").read_bytes()
    assert msgspec.json.decode(raw, type=type(example)) == example


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("change", [{"surprise": 1}, {"v": 2}, {"v": "1"}, {"v": None}])
def test_another_version_or_an_unknown_field_is_refused(file: Path, change: dict[str, object]):
    changed = json.dumps(json.loads(file.read_bytes()) | change)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(changed, type=noun_of(file))


def inner_objects(tree: object) -> list[dict[str, object]]:
    """Every object inside a JSON tree, the tree itself among them."""
    if isinstance(tree, list):
        return [found for item in tree for found in inner_objects(item)]
    if isinstance(tree, dict):
        return [tree, *inner_objects(list(tree.values()))]
    return []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_unknown_field_is_refused_at_any_depth(file: Path):
    tree = json.loads(file.read_bytes())
    for inner in inner_objects(tree):
        if inner is tree.get("versions") or inner is tree.get(
            "how"
        ):  # a table of names: any key belongs there
            continue
        inner["surprise"] = 1
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(tree), type=noun_of(file))
        del inner["surprise"]


@given(
    st.one_of(
        nouns.requests, nouns.plans(), nouns.shots, nouns.manifests, nouns.adapters, nouns.masks
    )
)
def test_any_noun_comes_back_equal(noun: Noun):
    raw = msgspec.json.encode(noun)
    back = msgspec.json.decode(raw, type=type(noun))
    assert back == noun
    assert msgspec.json.encode(back) == raw
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(noun), type=type(noun)) == noun


PICTURE = Picture(id="aa" * 32, path="aa.png", width=64, height=64, manifest=nouns.MANIFEST)
EVENTS = [
    Planned(job="j", plan=nouns.PLAN),
    Started(job="j", shot="s"),
    Stepped(job="j", shot="s", step=3, of=20, preview=b"\x89PNG"),
    Drawn(job="j", shot="s", picture=PICTURE),
    Failed(job="j", shot="", kind="Busy", sentence="All 4 drawing slots are taken."),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_names_its_kind(event: Event):
    raw = msgspec.json.encode(event)
    assert json.loads(raw)["event"] == type(event).__name__.lower()
    assert msgspec.json.decode(raw, type=Event) == event


@pytest.mark.parametrize(
    "noun", [*nouns.EXAMPLES.values(), nouns.INK, *EVENTS], ids=lambda noun: type(noun).__name__
)
def test_a_noun_cannot_be_changed(noun: Noun):
    for field in noun.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(noun, field, None)
    assert not hasattr(noun, "__dict__")
