"""Recipes and shots: trigger words of lit adapters only, seeds, sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.errors import OutOfRange
from stylus_engine.model import Adapter, Checkpoint, Plan, Request, Shot, Start, Weighted
from stylus_engine.planning.masks import first_masks
from stylus_engine.planning.presets import presets
from stylus_engine.planning.recipes import with_triggers
from stylus_engine.planning.shots import seeds, shots, size
from stylus_engine.planning.weights import Budgets
from tests.planning.plans import plan

CHECKPOINT = Checkpoint(id="c", name="tiny", path="/c", family="sd1-32", size=64, multiple=16)


def grid(of: Plan, *, words: int = 99, **fields: object) -> tuple[Shot, ...]:
    request = Request(prompt=of.prompt, **fields)  # pyright: ignore[reportArgumentType] - the noun checks itself
    preset = presets(Budgets())[request.preset]
    masks = first_masks(preset.masks(of, request), request.count)
    return shots(
        request,
        of,
        masks,
        checkpoint=CHECKPOINT,
        preset=preset,
        fits=lambda text, _: len(text.split()) <= words,
        job="job",
    )


def test_only_lit_adapters_say_their_trigger_words() -> None:
    for shot in grid(plan(2, 2), count=8, seed=4):
        lit = {w.adapter.name for w in shot.recipe.adapters}
        for name in ("t0-a0", "t0-a1", "t1-a0", "t1-a1"):
            assert (name in shot.recipe.prompt) == (name in lit)


def test_trigger_words_never_push_the_person_s_words_out() -> None:
    assert [s.recipe.prompt for s in grid(plan(1, 1), words=3, count=1)] == ["t0 t1, t0-a0"]


def test_a_trigger_that_was_typed_is_not_said_twice() -> None:
    of = plan(1)
    typed = Plan(prompt="t0 T0-A0", tasks=of.tasks, composer="test")
    assert grid(typed, count=1)[0].recipe.prompt == "t0 T0-A0"


@pytest.mark.parametrize(
    ("prompt", "trigger", "said"),
    [
        ("a pink cat drinking", "ink", False),
        ("a dragonfly", "dragon", False),
        ("inkk", "ink", False),
        ("a cat in INK", "ink", True),
        ("two dragons", "dragon", True),
        ("the dragon’s tail", "dragon", True),
        ("(ink:1.2)", "ink", True),
        ("a cat, @_@", "@_@", True),
        ("夜の街と竜の絵", "竜", True),
        ("a 1girl", "1girl", True),
        ("11girls", "1girl", False),
        ("the 1990s", "90", False),
        ("une épée", "épé", False),
        ("DÉJÀVU", "DÉJÀ", False),
    ],
)
def test_a_trigger_within_a_longer_word_was_not_typed(
    prompt: str, trigger: str, said: bool
) -> None:
    adapter = Adapter(card_id="t:a:1", name="a", family_declared="f", triggers=(trigger,))
    longer = with_triggers(prompt, [Weighted(adapter=adapter, weight=1.0)], lambda _: True)
    assert longer == (prompt if said else f"{prompt}, {trigger}")


def test_of_an_embedding_one_word_is_said_and_only_where_nobody_said_one() -> None:
    of = plan(1, kind="embedding", triggers=("zorb", "zorblax"))
    assert grid(of, count=1)[0].recipe.prompt == "t0, zorb"
    typed = replace(of, prompt="t0 ZORBLAX")
    assert grid(typed, count=1)[0].recipe.prompt == "t0 ZORBLAX"
    longer = replace(of, prompt="t0 zorblaxes")
    assert grid(longer, count=1)[0].recipe.prompt == "t0 zorblaxes, zorb"


def test_an_embedding_that_no_text_says_is_not_worn() -> None:
    of = plan(1, kind="embedding", triggers=("zorb",))
    worn, silent = grid(of, count=1)[0].recipe, grid(of, count=1, words=1)[0].recipe
    assert [each.adapter.name for each in worn.adapters] == ["t0-a0"]
    assert (silent.prompt, silent.adapters) == ("t0", ())
    against = grid(of, count=1, words=1, negative="zorb, blur")[0].recipe
    assert [each.adapter.name for each in against.adapters] == ["t0-a0"]


def test_who_says_what_not_to_draw_is_heard_before_the_preset() -> None:
    assert grid(plan(1), count=1, negative="hats")[0].recipe.negative == "hats"
    assert (
        grid(plan(1), count=1, preset="paper-rules", negative="hats")[0].recipe.negative == "hats"
    )


def test_every_adapter_of_a_recipe_knows_the_words_it_is_lit_for() -> None:
    (shot,) = grid(plan(1, 1), count=1)
    told = [(each.adapter.name, each.concept) for each in shot.recipe.adapters]
    assert told == [("t0-a0", "t0"), ("t1-a0", "t1")]


def test_the_paper_preset_lower_cases_adds_its_suffix_and_no_trigger() -> None:
    shot = grid(plan(1), preset="paper-rules", count=1)[0]
    assert shot.recipe.prompt == "t0, realistic, best quality"
    assert shot.recipe.negative


def test_seeds_wrap_around_at_32_bits() -> None:
    assert seeds(2**32 - 2, 4) == (2**32 - 2, 2**32 - 1, 0, 1)


@given(st.integers(1, 64), st.integers(0, 2**32 - 1))
def test_a_grid_has_as_many_shots_as_asked_with_seeds_in_a_row(count: int, seed: int) -> None:
    drawn = grid(plan(2, 1), count=count, seed=seed)
    assert [s.seed for s in drawn] == list(seeds(seed, count))
    assert len({s.id for s in drawn}) == count


def test_masks_of_a_grid_differ_as_long_as_there_are_any() -> None:
    drawn = grid(plan(2, 1), count=7)
    assert len({s.recipe.mask.code for s in drawn}) == 7


@pytest.mark.parametrize("edge", [17, 8, 63])
def test_a_size_the_checkpoint_cannot_draw_is_refused(edge: int) -> None:
    with pytest.raises(OutOfRange, match="multiple of 16"):
        size(Request(prompt="a", width=edge), CHECKPOINT)


def test_no_size_means_the_checkpoint_s_own() -> None:
    assert size(Request(prompt="a", height=32), CHECKPOINT) == (64, 32)
    assert size(Request(prompt="a", width=32), CHECKPOINT) == (32, 64)


@pytest.mark.parametrize(
    ("of", "edges"),
    [
        ((300, 200), (80, 48)),
        ((200, 300), (48, 80)),
        ((2000, 10), (112, 32)),
        ((10, 2000), (32, 112)),
        ((300, 0), (64, 64)),
        ((0, 300), (64, 64)),
    ],
)
def test_a_picture_to_start_from_gives_its_shape_and_a_strip_is_cut(
    of: tuple[int, int], edges: tuple[int, int]
) -> None:
    start = Start(picture="p", width=of[0], height=of[1])
    assert size(Request(prompt="a", start=start), CHECKPOINT) == edges


def test_a_shot_says_all_that_its_picture_needs() -> None:
    start = Start(picture="p", width=64, height=64, strength=0.4)
    shot = grid(plan(1), count=1, seed=9, steps=7, guidance=3.0, start=start)[0]
    assert (shot.id, shot.job, shot.index, shot.checkpoint) == ("job-1", "job", 0, "c")
    assert (shot.seed, shot.steps, shot.guidance, shot.start) == (9, 7, 3.0, start)


@pytest.mark.parametrize(
    ("aspect", "edges"),
    [
        ("1:1", (64, 64)),
        ("3:2", (80, 48)),
        ("2:3", (48, 80)),
        ("16:9", (80, 48)),
        ("3:1", (112, 32)),
    ],
)
def test_an_aspect_keeps_the_area_and_the_grid(aspect: str, edges: tuple[int, int]) -> None:
    assert size(Request(prompt="x", aspect=aspect), CHECKPOINT) == edges


@pytest.mark.parametrize(("tile", "edge"), [(0, 0), (48, 48), (56, 48), (8, 16)])
def test_squares_of_another_checkpoint_s_picture_are_cut_to_this_one_s_grid(
    tile: int, edge: int
) -> None:
    start = Start(picture="a", strength=0.5, width=64, height=64, tile=tile)
    (shot,) = grid(plan(1), count=1, start=start)
    assert shot.start == replace(start, tile=edge)


def test_pixels_that_were_named_win_over_an_aspect() -> None:
    assert size(Request(prompt="x", aspect="3:2", width=64, height=32), CHECKPOINT) == (64, 32)


AGAIN = (1.0, 0.6, 1.3, 0.65)


def drawn_again(of: Plan, count: int, again: tuple[float, ...] = AGAIN) -> tuple[Shot, ...]:
    request = Request(prompt=of.prompt, count=count)
    preset = presets(Budgets(), again=again)["stylus"]
    masks = first_masks(preset.masks(of, request), request.count)
    return shots(
        request, of, masks, checkpoint=CHECKPOINT, preset=preset, fits=lambda *_: True, job="job"
    )  # fmt: skip


def test_a_mask_that_comes_again_is_drawn_at_another_strength() -> None:
    weights = [shot.recipe.adapters[0].weight for shot in drawn_again(plan(1), 6)]
    planned, most = plan(1).choices[0].weight, plan(1).choices[0].adapter.weight_high
    wanted = [min(planned * each, most) for each in (*AGAIN, *AGAIN[:2])]
    assert weights == pytest.approx(wanted)
    assert weights[2] > planned  # the range cuts it, and leaves a difference
    assert [shot.recipe.strength for shot in drawn_again(plan(1), 4)] == list(AGAIN)
    assert [shot.recipe.strength for shot in drawn_again(plan(), 4)] == [1.0] * 4


def test_the_papers_one_mask_comes_again_at_the_papers_strength() -> None:
    assert [s.recipe.strength for s in grid(plan(2), preset="retriever-only")] == [1.0] * 4


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(1, 4))
def test_no_two_pictures_of_a_grid_have_one_recipe(sizes: list[int], count: int) -> None:
    of = plan(*sizes)
    recipes = [shot.recipe for shot in drawn_again(of, count)]
    assert len(set(recipes)) == (count if sizes else 1)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 8))
def test_a_mask_that_comes_once_is_drawn_as_planned(sizes: list[int], count: int) -> None:
    of, seen = plan(*sizes), set[str]()
    alike = drawn_again(of, count, again=(1.0,))
    for shot, usual in zip(drawn_again(of, count), alike, strict=True):
        if usual.recipe.mask.code not in seen:
            assert shot == usual
        seen.add(usual.recipe.mask.code)
