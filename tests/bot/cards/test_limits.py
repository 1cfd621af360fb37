"""Whatever is said on a card, Discord takes it: judged by the playground's table and Discord's document."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.cards.letter import Enclosure
from bot.custom_ids import LONGEST, parse
from bot.texts import LONG, Say, Texts
from bot.texts.escape import UNSEEN
from playground.openapi import Spec
from playground.rules import Context, Operation, Upload, judge
from tests.bot.cards.every import Shown, every, windows
from tests.bot.cards.examples import ADA, BEN
from tests.bot.cards.reading import pieces, walk
from tests.house.source import HOUSE

V2 = 1 << 15
DOCUMENT = HOUSE.parent / "shared" / "discord-openapi.json"
LOCALES = ("en", LONG)
TEXTS = Texts.load()


@cache
def say(locale: str) -> Say:
    return TEXTS.of(locale)


@cache
def spec() -> Spec:
    return Spec(DOCUMENT)


@cache
def cards(locale: str) -> tuple[Shown, ...]:
    return tuple(every(say(locale)))


def message(shown: Shown) -> dict[str, Any]:
    files = [{"id": n, "filename": one.name} for n, one in enumerate(shown.files)]
    return {"flags": V2, "components": shown.view.to_components(), "attachments": files}


def uploads(files: tuple[Enclosure, ...]) -> Context:
    return Context(files={n: Upload(one.name, len(one.data)) for n, one in enumerate(files)})


@pytest.mark.parametrize("locale", LOCALES)
def test_every_card_passes_the_playground(locale: str):
    found = {
        shown.name: [(one.path, one.message) for one in findings]
        for shown in cards(locale)
        if (findings := judge(Operation.MESSAGE_CREATE, message(shown), uploads(shown.files)))
    }
    assert found == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_window_passes_the_playground(locale: str):
    found = {
        name: [(one.path, one.message) for one in findings]
        for name, window in windows(say(locale))
        if (findings := judge(Operation.CALLBACK, answer(window), Context(interaction=3)))
    }
    assert found == {}


def answer(window: Any) -> dict[str, Any]:
    return {"type": 9, "data": window.to_dict()}


@pytest.mark.skipif(not DOCUMENT.exists(), reason="Discord's own OpenAPI document is not here")
@pytest.mark.parametrize("locale", LOCALES)
def test_every_card_and_window_passes_discords_own_document(locale: str):
    path = "/interactions/1/token/callback"
    answers = {one.name: {"type": 4, "data": message(one)} for one in cards(locale)}
    answers |= {name: answer(window) for name, window in windows(say(locale))}
    asked = {name: spec().request("POST", path, body) for name, body in answers.items()}
    assert {name: said for name, said in asked.items() if said} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_forty_components_and_four_thousand_characters_hold_everything(locale: str):
    """Counted here once more: the one rule that fails a whole card."""
    for shown in cards(locale):
        found = pieces(shown.view)
        said = sum(len(piece["content"]) for piece in found if piece["type"] == 10)
        assert len(found) <= 40, shown.name
        assert 0 < said <= 4000, shown.name


@pytest.mark.parametrize("locale", LOCALES)
def test_every_custom_id_reads_back_and_stands_once(locale: str):
    for shown in cards(locale):
        ids = [piece["custom_id"] for piece in pieces(shown.view) if "custom_id" in piece]
        assert len(ids) == len(set(ids)), shown.name
        for custom_id in ids:
            pressed = parse(custom_id)
            assert pressed is not None, custom_id
            assert pressed.custom_id == custom_id
            assert len(custom_id) <= LONGEST


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_invisible_stands_on_a_card(locale: str):
    for shown in cards(locale):
        for text in texts(shown):
            assert not set(text) & (UNSEEN | set("\u200b\u200d\u202e\u2066")), shown.name


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_pings_anybody_but_the_people_of_the_job(locale: str):
    """As Discord's servers look for mentions: without heeding backslashes."""
    for shown in cards(locale):
        said = "\n".join(piece.get("content", "") for piece in pieces(shown.view))
        found = set(re.findall(r"@(?:everyone|here)|<@&?!?\d+>", said, re.IGNORECASE))
        assert found <= {f"<@{ADA}>", f"<@{BEN}>", "<@3>"}, shown.name


def texts(shown: Shown) -> list[str]:
    """All that is written anywhere on a card."""
    keys = ("content", "label", "description", "placeholder")
    found = pieces(shown.view)
    inner = [one for piece in found for one in (*piece.get("items", ()), *piece.get("options", ()))]
    return [piece[key] for piece in (*found, *inner) for key in keys if piece.get(key)]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_picture_has_an_alt_text_and_every_file_is_shown(locale: str):
    for shown in cards(locale):
        found = pieces(shown.view)
        items = [item for piece in found for item in piece.get("items", ())]
        assert all(item.get("description") for item in items), shown.name
        named = {item["media"]["url"] for item in items}
        named |= {piece["file"]["url"] for piece in found if piece["type"] == 13}
        assert named == {one.url for one in shown.files}, shown.name


def test_files_carry_no_path_of_this_machine_and_no_token():
    for shown in cards("en"):
        for one in shown.files:
            assert b"/home/somebody" not in one.data, shown.name
            assert b"never-shown" not in one.data, shown.name


def test_the_walk_goes_all_the_way_down():
    deep = {
        "type": 17,
        "components": [{"type": 9, "components": [{"type": 10}], "accessory": {"type": 2}}],
    }
    assert [piece["type"] for piece in walk(deep)] == [17, 9, 10, 2]


def test_discords_document_lies_where_it_is_looked_for_in_this_workplace():
    if not Path(DOCUMENT.parent).is_dir():
        pytest.skip("no shared folder: only the playground's own table judged these cards")
    assert DOCUMENT.exists()
