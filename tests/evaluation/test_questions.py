"""Prompts from files of every kind: streamed, each once, the same ones in any order."""

import json
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature.questions import FILE
from stylus_engine.errors import BadEvaluation
from stylus_engine.evaluation.questions import read


def test_the_miniatures_own_questions_keep_their_truth():
    held = read(FILE, 1000, "held-out").asks
    assert len(held) == 380
    assert {ask.kind for ask in held} == {"plain", "synonym"}
    assert all(ask.part == "held-out" for ask in held)
    assert any(ask.needs and ask.truth for ask in held)


def test_partiprompts_and_coco_are_read_as_they_are_published(tmp_path):
    parti = tmp_path / "PartiPrompts.tsv"
    parti.write_text(
        'Prompt\tCategory\tChallenge\tNote\na "red" cube\tAbstract\tBasic\t\nbond\tArt\tBasic\t-\n'
    )
    told = {ask.prompt: ask.category for ask in read(parti, 9).asks}
    assert told == {'a "red" cube': "Abstract", "bond": "Art"}
    coco = tmp_path / "captions_val2014.json"
    captions = [{"image_id": 1, "id": 7, "caption": "A cat. "}]
    coco.write_text(json.dumps({"info": {"year": 2014}, "images": [], "annotations": captions}))
    assert [(ask.id, ask.prompt) for ask in read(coco, 9).asks] == [
        ("captions_val2014-7", "A cat.")
    ]


@settings(max_examples=40)
@given(st.lists(st.text("abc dé", min_size=1, max_size=8), min_size=1, max_size=40), st.randoms())
def test_which_prompts_are_taken_does_not_depend_on_the_files_order(tmp_path_factory, lines, mix):
    folder = tmp_path_factory.mktemp("order")
    lines = [line for line in lines if line.strip()] or ["a"]
    mixed = random.Random(mix.random()).sample(lines, len(lines))
    taken = []
    for name, some in (("a.txt", lines), ("b.txt", mixed)):
        (folder / name).write_text("\n".join(some))
        taken.append({" ".join(ask.prompt.split()) for ask in read(folder / name, 5).asks})
    assert taken[0] == taken[1]
    different = {" ".join(line.split()) for line in lines}
    assert len(taken[0]) == min(5, len(different))


def test_a_hundred_thousand_lines_are_a_stream_and_each_prompt_is_asked_once(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"prompt {n % 20_000}\n" for n in range(100_000)) + "x" * 3000)
    tracemalloc.start()
    found = read(path, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.asks), found.same, found.long) == (10, 80_000, 1)
    assert peak < 6 << 20  # hashes of 20,000 prompts; the lines themselves are gone


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"fine\nbad \xff\n", "line 2 is not UTF-8"),
        ("a.txt", b"\n \n", "no prompt"),
        ("a.jsonl", b'{"id":"1","prompt":"a"}\n{"id":2}\n', "line 2: "),
        ("a.jsonl", b'{"id":"7","prompt":"a"}\n{"id":"7","prompt":"b"}\n', "have the id 7"),
        ("a.tsv", b"Question\tx\na\tb\n", "no column «Prompt»"),
        ("a.json", b"{}", "annotations"),
        ("a.json", b'{"info": ' + b"[" * 200_000, "nested absurdly deep"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadEvaluation, match=why):
        read(tmp_path / name, 5)


def test_a_file_that_is_not_there_is_one_sentence_too(tmp_path):
    with pytest.raises(BadEvaluation, match="No such file"):
        read(tmp_path / "none.txt", 5)
