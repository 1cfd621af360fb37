"""What of a model's answer may stand."""

import pytest

from stylus_engine.composition.judging import judge, weight
from stylus_engine.composition.menu import menu
from stylus_engine.composition.reading import Proposal, Read, Unusable, named, read
from stylus_engine.composition.spans import places
from stylus_engine.model import Policy
from tests.composition.asked import GOOD, answer, candidate, card, query, shelf


def judged(prompt, *proposals, candidates=None, **fields):
    asked = query(prompt, **fields)
    found = shelf() if candidates is None else candidates
    made = tuple(Proposal(*one) for one in proposals)
    return judge(asked, menu(asked, found, 2000), Read(made))


def proposed(text):
    found = read(text)
    assert isinstance(found, Read)
    return found


def lit(found):
    return [(task.concept, [c.adapter.name for c in task.choices]) for task in found.tasks]


SPANS = [
    ("a dragon", "dragon", "dragon"),
    ("two Dragons fly", "dragon", "Dragons"),
    ("two dragons fly", "DRAGONS", "dragons"),
    ("a pencil\n  sketch", "Pencil sketch", "pencil\n  sketch"),
    ("a cat, 'cat'", '"cat".', "cat"),
    ("education", "cat", None),
    ("a tomcat", "cat", None),
    ("concatenate a cat", "cat", "cat"),
    ("夜の街と竜", "竜", "竜"),
    ("Straße bei Nacht", "straße", "Straße"),
    ("a cat", "dog", None),
    ("a cat", "", None),
    ("a cat", " .,!? ", None),
    ("a c.t and a cat", "c.t", "c.t"),
    ("a cat (cute)", "cat (cute)", "cat (cute"),
    ("a cat", "a cat and more", None),
    ("naïve Élan", "élan", "Élan"),
    ("a cafe\u0301 noir", "caf\u00e9", "cafe\u0301"),
    ("a\x1fcat", "a cat", "a\x1fcat"),
]


@pytest.mark.parametrize(("prompt", "concept", "found"), SPANS)
def test_a_concept_is_found_in_the_prompts_own_letters_or_not_at_all(prompt, concept, found):
    span = next(places(prompt, concept), None)
    assert (span and span.text) == found
    assert span is None or prompt[span.start : span.start + len(span.text)] == span.text


def test_the_very_same_letters_go_before_others():
    assert next(places("Dragon or dragon", "dragon")).start == 10


def test_an_id_in_capitals_is_that_id():
    assert lit(judged("a dragon", ("dragon", "A2"))) == [("dragon", ["Wyrm"])]


def test_a_place_that_is_not_left_out_goes_before_one_that_is():
    found = judged("no snow, but snow on the roof", ("snow", "a1"))
    assert found.tasks[0].start == 13


def test_what_the_prompt_leaves_out_is_struck_by_concept_and_by_card():
    prompt = "a dragon without snow"
    found = judged(prompt, ("snow", "a1"), ("dragon", "a4"), ("dragon", "a2"))
    assert lit(found) == [("dragon", ["Wyrm"])]
    assert [one.why for one in found.dropped] == ["the prompt asks to leave out ‘snow’"] * 2
    assert found.invalid == 0


def test_limits_of_the_policy_and_pins_beyond_them():
    styles = [candidate(card(n, "style"), "dragon", 0.9) for n in ("S1", "S2", "S3")]
    things = [candidate(card(f"D{n}"), "dragon", 0.5 - n / 10) for n in range(3)]
    all_of_them = [("a dragon in ink and chalk"[2:8], f"a{n}") for n in range(1, 7)]
    policy = Policy(styles=1, per_task=2)
    found = judged("a dragon", *all_of_them, candidates=[*styles, *things], policy=policy)
    assert lit(found) == [("dragon", ["S1"]), ("dragon", ["D0", "D1"])]
    assert [one.why for one in found.dropped] == [
        "at most 1 styles in one picture",
        "at most 1 styles in one picture",
        "‘dragon’ has 2 better adapters",
    ]
    pinned = judged("a dragon", *all_of_them, candidates=[*styles, *things], policy=policy,
                    pinned=("t:S3:1", "t:D2:1"))  # fmt: skip
    assert {c.adapter.name for t in pinned.tasks for c in t.choices} == {"S3", "D2", "D0"}


def test_a_style_and_a_subject_of_the_same_words_are_two_tasks():
    both = [candidate(card("Neon", "style"), "", 0.9), candidate(card("Bot"), "", 0.8)]
    found = judged(
        "a neon robot", ("neon robot", "a1", "usual"), ("neon robot", "a2"), candidates=both
    )
    assert lit(found) == [("neon robot", ["Neon"]), ("neon robot", ["Bot"])]


def test_a_third_look_alike_is_struck():
    alike = [candidate(card(f"D{n}"), "dragon", 0.9 - n / 10, cluster=7) for n in range(3)]
    found = judged("a dragon", *[("dragon", f"a{n}") for n in (1, 2, 3)], candidates=alike)
    assert lit(found) == [("dragon", ["D0", "D1"])]
    assert "looks like" in found.dropped[0].why


def test_one_file_under_two_names_is_chosen_once_but_in_the_papers_way():
    copies = [
        candidate(card(name, file_sha256="a" * 64), "dragon", cluster=number)
        for number, name in enumerate(("Ember", "Copy"))
    ]
    asked = query("a dragon")
    offered = menu(asked, copies, 2000)
    read_ = Read(tuple(Proposal("dragon", offer.id) for offer in offered.offers))
    ours, theirs = judge(asked, offered, read_), judge(asked, offered._replace(ours=False), read_)
    assert lit(ours) == [("dragon", ["Ember"])]
    assert [one.why for one in ours.dropped] == ["it is the same file as Ember"]
    assert lit(theirs) == [("dragon", ["Ember", "Copy"])]


def test_pins_are_in_when_the_model_forgot_them_or_put_them_nowhere():
    found = judged("a dragon in the fog", pinned=("t:Wyrm:1", "t:Dusk:1"))
    assert lit(found) == [("dragon", ["Wyrm"]), ("dragon", ["Dusk"])]
    assert found.tasks[0].choices[0].reason.startswith("pinned: ")
    assert found.stood == ()
    nowhere = judged("!!!", ("dragon", "a1"), pinned=("t:Wyrm:1",))
    assert lit(nowhere) == [("!!!", ["Wyrm"])]
    chosen = judged("a dragon in the fog", ("fog", "a1", "usual", "in mist"), pinned=("t:Wyrm:1",))
    assert chosen.tasks[0].choices[0].reason == "pinned: in mist"


WEIGHTS = [
    ((0.8, 0.0, 1.0), 0.6, 0.8, 1.0),
    ((0.8, 0.7, 0.9), 0.7, 0.8, 0.9),
    ((-2.0, -2.2, 3.0), -1.5, -2.0, -2.2),
    ((1.0, 1.0, 1.0), 1.0, 1.0, 1.0),
]


@pytest.mark.parametrize(("own", "weaker", "usual", "stronger"), WEIGHTS)
def test_a_weight_stays_inside_the_cards_own_range(own, weaker, usual, stronger):
    adapter = card("A", weight=own[0], weight_low=own[1], weight_high=own[2])
    asked = [weight(adapter, word) for word in ("weaker", "usual", "stronger")]
    assert asked == pytest.approx([weaker, usual, stronger])
    assert weight(adapter, "9000") == usual


@pytest.mark.parametrize("strength", ["Stronger", " stronger\\n", "STRONGER"])
def test_a_strength_is_heard_however_it_is_written(strength):
    text = answer(("dragon", "a2")).replace("usual", strength)
    found = judge(query(), menu(query(), shelf(), 2000), proposed(text))
    assert (found.tasks[0].choices[0].weight, found.dropped) == (0.9, ())


@pytest.mark.parametrize("strength", ["NaN", '"huge"', "1e999", "-4", "null", '["stronger"]'])
def test_a_strength_that_is_none_is_told_and_not_used(strength):
    text = answer(("dragon", "a2")).replace('"usual"', strength)
    found = judge(query(), menu(query(), shelf(), 2000), proposed(text))
    assert found.tasks[0].choices[0].weight == 0.8
    assert found.dropped[0].what == "the strength of Wyrm"


READ = {
    "": "the answer was empty",
    " \n ": "the answer was empty",
    "<think>hm</think>": "the answer was empty",
    "no": "no JSON object",
    "[1, 2]": "no JSON object",
    "{}": "no JSON object",
    '{"tasks": 5}': "no JSON object",
    '{"tasks": {"a": 1}}': "no JSON object",
    '{"tasks": [' * 3: "no JSON object",
    "{" * 60_000: "no JSON object",
    '{"tasks": ' + "[" * 60_000: "no JSON object",
    '{"tasks": ' + "9" * 5000 + "}": "no JSON object",
}


@pytest.mark.parametrize("text", READ, ids=lambda text: text[:20])
def test_an_answer_that_is_none_says_why(text):
    found = read(text)
    assert isinstance(found, Unusable)
    assert READ[text] in found.why


def test_what_was_thought_is_no_answer_however_often_it_thought():
    thought = f"<think>{answer(('dragon', 'a9'))}</think>"
    for before in (thought, thought * 3, f"{thought} so {thought}", f"<THINKING>{thought}"):
        assert [one.id for one in proposed(before + answer(("dragon", "a2"))).proposals] == ["a2"]


def test_behind_eight_braces_that_open_nothing_no_answer_is_looked_for():
    assert proposed("{ " * 7 + GOOD) == proposed(GOOD)
    assert isinstance(read("{ " * 8 + GOOD), Unusable)


def test_no_part_of_a_proposal_is_longer_than_it_may_be():
    choice = f'{{"id": "{"a" * 900}", "strength": "{"b" * 900}", "why": "{"c" * 900}"}}'
    text = f'{{"tasks": [{{"concept": "{"d" * 900}", "adapters": [{choice}]}}]}}'
    (found,) = proposed(text).proposals
    assert (found.id, found.strength, found.concept) == ("a" * 40, "b" * 40, "d" * 300)
    assert len(found.why) <= 120


def test_what_is_no_proposal_is_counted():
    text = '{"tasks": [1, null, {"concept": 5, "adapters": []}, {"concept": "x"}, {"adapters": []},'
    text += '{"concept": "d", "adapters": ["a1", 2, -3, null, {"id": -1}, {}, {"id": ["a1"]}]}]}'
    found = proposed(text)
    assert found.proposals == (Proposal("d", "a1"),)
    told = [one.what for one in found.dropped]
    assert told == ["1", "None", *["an object"] * 3, "2", "-3", "None", "-1", "an object", "a list"]


def test_of_two_equal_keys_the_first_counts_and_it_is_told():
    text = '{"tasks": [{"concept": "d", "concept": "e", "adapters": [{"id": "a1", "id": "a2"}]}]}'
    found = proposed(text)
    assert found.proposals == (Proposal("d", "a1"),)
    assert [one.what for one in found.dropped] == ["id", "concept"]


def test_thousands_of_choices_are_cut_and_told():
    found = proposed(answer(("d", *[f"a{n}" for n in range(900)])))
    assert len(found.proposals) == 200
    assert found.dropped[-1].what == "further choices"


def test_ids_are_named_once_and_only_whole():
    assert list(named(GOOD)) == ["a1", "a2", "a5", "a3"]
    assert list(named('"a1x" "ba1" "a01" "a1" \\"a2\\" "a12')) == ["a1"]
