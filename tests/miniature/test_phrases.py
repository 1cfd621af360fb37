"""The development set keeps away from the held-out questions; the learner against scipy's optimum."""

import numpy as np
import pytest
from scipy.optimize import minimize

from miniature import likeness, questions
from miniature.english import words_of
from miniature.phrases import prompts, shelves
from stylus_engine.retrieval.likeness import Parts
from stylus_engine.retrieval.rows import text_of

HELD = [q.prompt.casefold() for q in questions.read() if q.part == "held-out"]


@pytest.mark.parametrize("shelf", shelves(), ids=lambda shelf: shelf.name)
def test_no_phrase_is_held_out_or_shares_a_word_with_its_card(shelf):
    for group, said in shelf.said.items():
        cards = [c for c, mine in zip(shelf.cards, shelf.groups, strict=True) if mine == group]
        taken = frozenset().union(*(words_of(text_of(card)) for card in cards))
        assert cards
        for phrase in said:
            assert not words_of(phrase) & taken
            assert not any(f" {phrase.casefold()} " in f" {held} " for held in HELD)
    assert not {prompt.text.casefold() for prompt in prompts(shelf)} & set(HELD)


def test_the_same_prompts_every_time():
    shelf = shelves()[0]
    assert list(prompts(shelf)) == list(prompts(shelf))


def test_weights_are_the_penalised_optimum():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(300, len(Parts._fields))).astype(np.float32)
    asked = (rows[:, 0] - rows[:, 1] + rng.normal(size=300) > 0).astype(np.float32)
    table = (rows - rows.mean(0)) / rows.std(0)

    def loss(weights):
        sums = table @ weights[:-1] + weights[-1]
        own = likeness.PENALTY * weights[:-1] @ weights[:-1] / 2
        return np.logaddexp(0, sums).sum() - asked @ sums + own

    best = minimize(loss, np.zeros(rows.shape[1] + 1)).x
    scale = likeness._fitted(rows, asked)
    found = [getattr(scale, name) for name in Parts._fields]
    assert found == pytest.approx(best[:-1] / rows.std(0), abs=0.02)
