"""Plain words that mean something else: the prompts keep away from the held-out ones; the rule is worth its place."""

import asyncio

import pytest

from miniature import questions
from miniature.phrases import shelves
from miniature.plain import chosen, prompts
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.thesaurus import Thesaurus

HELD = {q.prompt.casefold() for q in questions.read() if q.part == "held-out"}


@pytest.mark.parametrize("shelf", shelves(), ids=lambda shelf: shelf.name)
def test_prompts_are_about_their_shelf_and_not_held_out(shelf):
    found = list(prompts(shelf))
    assert len({prompt.text for prompt in found}) == len(found) > 60
    assert {need for prompt in found for need in prompt.needs} <= set(shelf.groups)
    assert not {prompt.text.casefold() for prompt in found} & HELD
    assert 0.3 < sum(not prompt.needs for prompt in found) / len(found) < 0.6


def test_who_means_something_else_gets_less_and_who_means_it_gets_it(tmp_path):
    """Without the rule each of the 36 prompts got a needless one."""
    shelf = shelves()[2]
    composer = OfflineComposer(meanings=WordMeanings(LocalEmbedder(), Thesaurus()))
    got = asyncio.run(chosen(shelf, tmp_path, composer))
    marks = list(zip(got, prompts(shelf), strict=True))
    assert all(set(prompt.needs) <= groups for groups, prompt in marks)
    assert sum(bool(groups) for groups, prompt in marks if not prompt.needs) <= 26
