"""Fair by construction: the same seeds, suffix and count in every arm; a journal that survives a kill."""

import pytest
from msgspec.structs import replace

from stylus_engine.errors import BadEvaluation
from stylus_engine.evaluation.campaign import (
    Campaign,
    Cell,
    arms,
    cells,
    even,
    forced,
    request,
    seed_of,
)
from stylus_engine.evaluation.journal import Journal, Shown, failures, whole
from stylus_engine.evaluation.questions import Ask
from stylus_engine.model import Adapter, Plan, Recipe, Shot
from stylus_engine.planning.presets import PAPER_NEGATIVE, PAPER_SUFFIX

ASKS = tuple(Ask(id=f"q{n}", prompt=f"a cat, {n}") for n in range(3))
ARMS = arms(("stylus", "base"), (2.0, 7.0))


def shot(words: str, negative: str = "") -> Shot:
    recipe = Recipe(prompt=words, negative=negative)
    return Shot(
        id="s", job="j", index=0, recipe=recipe, seed=1, width=64, height=64, steps=4,
        guidance=5.0, sampler="ddim",
    )  # fmt: skip


def test_every_arm_of_a_prompt_has_the_same_seed_count_and_steps():
    campaign = Campaign(images=3, steps=7)
    asked = [request(Cell(ASKS[0], arm), campaign) for arm in ARMS]
    assert len({(one.seed, one.count, one.steps, one.sampler) for one in asked}) == 1
    assert [(one.preset, one.guidance) for one in asked] == [
        ("stylus", 2.0), ("base", 2.0), ("stylus", 7.0), ("base", 7.0),
    ]  # fmt: skip
    other = request(Cell(ASKS[1], ARMS[0]), campaign)
    again = request(Cell(ASKS[0], ARMS[0]), replace(campaign, seed=1))
    assert len({asked[0].seed, other.seed, again.seed}) == 3


@pytest.mark.parametrize("suffix", ["", ", best quality"])
def test_the_papers_own_suffix_gives_no_arm_an_advantage(suffix):
    campaign = Campaign(suffix=suffix, negative="blurry")
    theirs = even(shot(f"a cat{PAPER_SUFFIX}", PAPER_NEGATIVE), campaign)
    ours = even(shot("a cat"), campaign)
    assert theirs.recipe == ours.recipe
    assert ours.recipe.prompt == f"a cat{suffix}"


def test_a_suffix_is_words_of_their_own():
    drawn = even(shot("a cat"), Campaign(suffix="best quality"))
    assert drawn.recipe.prompt == "a cat, best quality"


def test_a_bad_adapter_is_in_every_plan_though_nobody_may_choose_it():
    bad = Adapter(card_id="t:bad:1", name="Bad", family_declared="f", health="quarantined")
    bare = Plan(prompt=" a cat ", composer="test")
    plan = forced(bare, [bad])
    assert [(task.concept, task.start) for task in plan.tasks] == [("a cat", 1)]
    assert forced(plan, [bad]) == plan
    assert forced(bare, []) == bare


def test_an_arm_that_is_named_twice_is_drawn_once():
    assert [arm.name for arm in arms(("stylus", "base", "stylus"), (5.0, 5))] == [
        "stylus @5", "base @5",
    ]  # fmt: skip


def test_the_arms_of_a_prompt_come_together_so_that_a_part_is_fair():
    order = [cell.key for cell in cells(ASKS, ARMS, {("q0", ARMS[1].name)})]
    assert len(order) == 11
    assert [ask for ask, _ in order] == ["q0"] * 3 + ["q1"] * 4 + ["q2"] * 4


def shown(ask: str, arm: str, index: int) -> Shown:
    return Shown(ask=ask, arm=arm, index=index, seed=1, picture="p")


def test_half_a_line_is_cut_off_and_half_a_grid_is_not_done(tmp_path):
    campaign, path = Campaign(images=2), tmp_path / "j.jsonl"
    Journal(path, campaign).add([shown("q0", "a", 0), shown("q0", "a", 1), shown("q1", "a", 0)])
    with path.open("ab") as file:
        file.write(b'{"ask":"q1","arm":"a","ind')
    found = Journal(path, campaign)
    assert found.done == {("q0", "a")}
    found.add([shown("q1", "a", 1)])
    assert Journal(path, campaign).done == {("q0", "a"), ("q1", "a")}


def test_a_kill_before_the_first_line_was_whole_loses_nothing(tmp_path):
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"images":')
    Journal(path, Campaign()).add([shown("q0", "a", 0)])
    assert len(Journal(path, Campaign()).shown) == 1


def test_another_campaign_is_told_what_differs(tmp_path):
    Journal(tmp_path / "j.jsonl", Campaign(steps=12))
    with pytest.raises(BadEvaluation, match="steps 12, not 20"):
        Journal(tmp_path / "j.jsonl", Campaign(steps=20))


def test_a_prompt_counts_only_where_every_arm_has_it():
    some = [shown("q0", "a", 0), shown("q0", "b", 0), shown("q1", "a", 0)]
    assert [one.ask for one in whole(some, ["q0", "q1"], ["a", "b"])] == ["q0", "q0"]


def test_a_grid_that_was_told_in_part_before_a_kill_counts_each_picture_once(tmp_path):
    path, campaign = tmp_path / "j.jsonl", Campaign(images=2)
    Journal(path, campaign).add([shown("q0", "a", 0)])
    again = Journal(path, campaign)
    again.add([shown("q0", "a", 0), shown("q0", "a", 1)])
    assert [one.index for one in whole(again.shown, ["q0"], ["a"])] == [0, 1]


def test_what_failed_in_one_arm_is_taken_from_none_of_the_others_alone():
    some = [shown(ask, arm, n) for ask in ("q0", "q1") for arm in ("a", "b") for n in (0, 1)]
    some[0] = replace(some[0], picture="")  # q0, a, 0
    some[2] = replace(some[2], ask="q9")  # of no prompt that is asked
    kept = [(one.ask, one.arm, one.index) for one in whole(some, ["q0", "q1"], ["a", "b"])]
    assert kept == [
        ("q0", "a", 1), ("q0", "b", 1), ("q1", "a", 0), ("q1", "a", 1), ("q1", "b", 0), ("q1", "b", 1),
    ]  # fmt: skip
    assert failures(some, ["q0", "q1"], ["a", "b"]) == (some[0],)
    assert failures(some, ["q1"], ["a", "b"]) == failures(some, ["q0", "q1"], ["b"]) == ()


def test_what_failed_is_to_be_drawn_again_and_a_second_failure_takes_no_picture(tmp_path):
    path, campaign = tmp_path / "j.jsonl", Campaign(images=2)
    lost = replace(shown("q0", "a", 1), picture="", why="The disk is full.")
    Journal(path, campaign).add([shown("q0", "a", 0), lost])
    again = Journal(path, campaign)
    assert not again.done
    again.add([replace(lost, index=0), shown("q0", "a", 1)])
    assert again.done == {("q0", "a")}
    assert failures(again.shown, ["q0"], ["a"]) == ()
    assert sorted(one.index for one in whole(again.shown, ["q0"], ["a"])) == [0, 1]


def test_an_arm_that_drew_nothing_takes_nothing_from_the_others():
    lost = [replace(shown("q0", "b", n), picture="") for n in (0, 1)]
    some = [shown("q0", "a", 0), shown("q0", "a", 1), *lost]
    assert [one.arm for one in whole(some, ["q0"], ["a", "b"])] == ["a", "a"]


def test_an_id_whose_prompt_was_changed_is_drawn_anew(tmp_path):
    campaign, ask = Campaign(images=2, seed=7), ASKS[0]
    path, first = tmp_path / "j.jsonl", seed_of(ask.prompt, 7)
    told = [replace(shown(ask.id, "a", n), seed=(first + n) % 2**32) for n in (0, 1)]
    Journal(path, campaign).add(told)
    journal = Journal(path, campaign)
    journal.forget_other_words([ask])
    assert journal.done == {(ask.id, "a")}
    journal.forget_other_words([replace(ask, prompt="a dog")])
    assert not journal.done
    assert not journal.shown


def test_two_runs_in_one_folder_do_not_harm_each_other(tmp_path):
    path, campaign = tmp_path / "out" / "journal.jsonl", Campaign()
    with Journal.held(path, campaign) as journal:
        with pytest.raises(BadEvaluation, match="another evaluation"), Journal.held(path, campaign):
            pass
        journal.add([shown("q0", "a", 0)])
    with Journal.held(path, campaign) as journal:
        assert len(journal.shown) == 1
