"""The question set against its promises, read with a splitter of the test's own."""

import json
import re
from collections import Counter

import pytest

from miniature import questions as q
from miniature.judge import LABELS
from miniature.question_maker import share
from miniature.question_words import KNOWN_PLACES, KNOWN_SUBJECTS, OTHERS
from miniature.training.shelf import SHELF

EMPTY = {
    "a", "an", "the", "of", "in", "on", "at", "by", "as", "and", "or", "with", "without", "no", "not",
    "is", "it", "its", "i", "my", "me", "would", "like", "one", "there", "please", "draw", "show",
    "near", "under", "for", "to", "from", "that", "this", "up", "you", "go", "do",
}  # fmt: skip
SOUND = {f"miniature:{spec.name}:1": spec for spec in SHELF if not spec.flaw}


@pytest.fixture(scope="module")
def lines():
    return [json.loads(line) for line in q.FILE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def cards():
    lines = (q.FILE.parent / "cards.jsonl").read_text(encoding="utf-8").splitlines()
    return {card["card_id"]: card for card in map(json.loads, lines)}


def content(text):
    """Words of letters, without function words; "dragons" and "dragon" are one."""
    found = re.split(r"[^0-9a-zà-ÿ]+", text.lower().replace("watercolor", "watercolour"))
    return {re.sub(r"(ies|es|s|ing|ed)$", "", w) or w for w in found if w and w not in EMPTY}


def test_the_committed_file_is_what_the_program_writes(tmp_path):
    q.write(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == q.FILE.read_bytes()


def test_enough_of_each_part_and_kind(lines):
    assert len(lines) >= 500
    assert len({line["prompt"] for line in lines}) == len(lines) == len({i["id"] for i in lines})
    size = Counter((line["part"], line["kind"]) for line in lines)
    bare = Counter((line["part"], line["kind"]) for line in lines if not line["needs"])
    assert sum(n for (part, _), n in size.items() if part == "held-out") >= 300
    assert all(size["held-out", kind] >= 120 for kind in q.KINDS)
    assert all(bare[place] >= 0.25 * size[place] for place in size)


def test_synonyms_share_no_content_word_with_any_card_that_would_do(lines, cards):
    for line in (line for line in lines if line["kind"] == "synonym"):
        for card in (cards[card_id] for need in line["needs"] for card_id in need):
            text = " ".join(
                (card["name"], *card["tags"], *card.get("triggers", ()), card["description"])
            )
            assert not content(line["prompt"]) & content(text), line["prompt"]


@pytest.mark.parametrize(("mine", "other"), [("open", "held-out"), ("held-out", "open")])
def test_the_parts_share_no_synonym(lines, mine, other):
    told = " | ".join(x["prompt"].lower() for x in lines if x["kind"] == "synonym" and x["part"] == mine)  # fmt: skip
    for phrases in (*OTHERS.values(), *KNOWN_SUBJECTS.values(), *KNOWN_PLACES.values()):
        theirs = [phrase for phrase in phrases if phrase not in share(phrases, mine)]
        assert theirs == [phrase for phrase in phrases if phrase in share(phrases, other)]
        assert not [p for p in theirs if re.search(rf"\b{re.escape(p.lower())}\b", told)]


def test_needs_are_sound_trained_adapters_and_truth_speaks_the_judges_words(lines):
    for line in lines:
        kinds = [SOUND[need[0]].kind for need in line["needs"]]
        assert all({SOUND[i].word for i in need} == {SOUND[need[0]].word} for need in line["needs"])
        assert line["category"] == (("none", *kinds)[-1] if len(kinds) < 2 else "several")
        assert all(word in LABELS[part] for part, word in line["truth"].items())


def test_every_adapter_of_the_shelf_is_wanted_in_every_part_and_kind(lines):
    for place in {(line["part"], line["kind"]) for line in lines}:
        wanted = {card_id for x in lines if (x["part"], x["kind"]) == place for need in x["needs"] for card_id in need}  # fmt: skip
        assert wanted == set(SOUND), place
