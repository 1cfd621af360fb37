"""Ours against the oracle: 40 seeded draws of 8 steps over every file layout, then broken on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest
from msgspec import structs
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylus_engine.model import SAMPLERS, Adapter, Shot
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.store import Taken
from tests.sampling import judge
from tests.sampling.draws import Pool, batches, tiny_pool
from tests.sampling.judge import Stage, apart, end_bound, finals, forced, stage, step_bound
from tests.sampling.oracle import Oracle, Truth
from tests.sampling.oracle_files import OracleError

pytestmark = pytest.mark.slow

STEPS, SEED, GROUPS = 8, 20261122, 5
PLAIN = ("peft", "kohya", "locon", "diffusers_old")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return tiny_pool(tmp_path_factory.mktemp("pool"))


@pytest.fixture(scope="module")
def oracle(pool: Pool) -> Oracle:
    return Oracle(pool.folder, pool.files)


@pytest.fixture(scope="module")
def ours(pool: Pool) -> Stage:
    return stage(pool)


@dataclass(frozen=True)
class Case:
    """Eight shots, what the oracle drew of each, and how far from it ours may end."""

    number: int
    shots: list[Shot]
    truths: dict[str, Truth]
    limits: dict[str, float]


# A parametrized fixture, so that all tests of one group follow each other and share it.
@pytest.fixture(scope="module", params=range(GROUPS))
def case(request: pytest.FixtureRequest, pool: Pool, oracle: Oracle, ours: Stage) -> Case:
    shots = drawn(pool, request.param)
    truths = {shot.id: oracle.draw(shot) for shot in shots}
    limits = {
        shot.id: end_bound(oracle, shot, truths[shot.id], cut_of(ours, shot)) for shot in shots
    }
    return Case(request.param, shots, truths, limits)


def drawn(pool: Pool, group: int) -> list[Shot]:
    return next(islice(batches(pool, STEPS, SEED), group, None))


def test_each_step_from_the_oracles_latents(ours, case):
    result = forced(ours, case.shots, case.truths)
    for shot in case.shots:
        noise, *steps = result.steps[shot.id]
        assert noise == 0, f"shot {shot.id} starts from other noise"
        assert len(steps) == STEPS
        assert max(steps) <= step_bound(result.residuals[shot.id]), describe(shot, max(steps))


def test_end_to_end_in_a_batch(ours, case):
    within(case, finals(ours, case.shots))


def test_end_to_end_joining_late(ours, case):
    # The slots of those who come late stand at another step than their neighbours'.
    within(case, finals(ours, case.shots[:4], late=case.shots[4:], after=1 + case.number))


def test_end_to_end_alone(ours, case):
    for shot in case.shots[case.number % 2 :: 2]:
        within(case, finals(ours, [shot]))


def test_end_to_end_merged(pool, ours, case):
    within(case, finals(stage(pool, merge=True, parts=ours.parts), case.shots[case.number :: 4]))


def within(case: Case, ends: Mapping[str, Tensor]) -> None:
    for shot in case.shots:
        if shot.id in ends:
            gap, limit = apart(ends[shot.id], case.truths[shot.id]), case.limits[shot.id]
            assert gap <= limit, f"{describe(shot, gap)} > {limit:.1e}"


def cut_of(on: Stage, shot: Shot) -> float:
    bases = bases_of(on)
    worn = [
        (on.store.get(weighted.adapter, bases), weighted.weight)
        for weighted in shot.recipe.adapters
    ]
    return sum(abs(weight) * f.residual for f, weight in worn if f.residual > judge.EXACT)


def bases_of(on: Stage) -> Bases:
    checkpoint = on.parts.checkpoint
    return Bases(checkpoint.id, checkpoint.family, on.parts.modules)


def describe(shot: Shot, error: float) -> str:
    worn = {weighted.adapter.name: weighted.weight for weighted in shot.recipe.adapters}
    return f"shot {shot.id} {shot.sampler} at {shot.guidance} with {worn}: {error:.2e}"


def test_the_draws_hold_what_they_promise(pool):
    shots = [shot for group in range(GROUPS) for shot in drawn(pool, group)]
    weights = [weighted.weight for shot in shots for weighted in shot.recipe.adapters]
    worn = {weighted.adapter.name for shot in shots for weighted in shot.recipe.adapters}
    assert len(shots) == 40
    assert min(weights) < 0
    assert 0 in weights
    assert {shot.guidance for shot in shots} >= {0.0, 1.0, 5.0, 7.5}
    assert {shot.sampler for shot in shots} == set(SAMPLERS)
    assert len({shot.recipe.mask for shot in shots}) > 15
    assert worn == set(pool.files)


def test_every_layout_becomes_the_factors_that_the_formula_says(pool, oracle, ours):
    for adapter in pool.adapters:
        factors = ours.store.get(adapter, bases_of(ours))
        deltas = oracle.delta(adapter.card_id)
        assert factors.layers.keys() == deltas.keys(), adapter.name
        for place, layer in factors.layers.items():
            made = (layer.up @ layer.down.flatten(1)).reshape(deltas[place].shape)
            error = float((made - deltas[place]).norm() / deltas[place].norm())
            assert error <= factors.residual + 5e-6, (adapter.name, place, error)


def test_plain_files_are_judged_by_diffusers_itself(pool, oracle):
    plain = {name for name in pool.files if name.split("-")[0] in PLAIN}
    assert plain == {name for name in pool.files if oracle.fused_by_diffusers(name)}


def test_the_files_are_what_the_wild_has(pool):
    with safe_open(pool.files["kohya-float16"], framework="pt") as file:
        keys = list(file.keys())
        assert all(key.startswith("lora_unet_") for key in keys)
        alpha = float(file.get_tensor(next(key for key in keys if key.endswith(".alpha"))))
        down = file.get_tensor(next(key for key in keys if key.endswith("lora_down.weight")))
        assert alpha != down.shape[0]


# --- Broken on purpose: the comparison above must notice each of these. ---------------


Break = Callable[[Factors], Factors]


def wrong_alpha(factors: Factors) -> Factors:
    """As if a kohya alpha of half the rank had been overlooked."""
    doubled = {place: Layer(layer.down, layer.up * 2) for place, layer in factors.layers.items()}
    return replace(factors, layers=doubled)


def lost_prefix(factors: Factors) -> Factors:
    """As if one key's prefix had been mistaken: that layer stays as it was."""
    lost = next(place for place in factors.layers if place[1].endswith("attn2.to_v"))
    kept = {place: layer for place, layer in factors.layers.items() if place != lost}
    return replace(factors, layers=kept)


def wrong_text_factor(factors: Factors) -> Factors:
    """One factor of one layer of the text encoder upside down."""
    component: Component = "text_encoder"
    place = next(place for place in factors.layers if place[0] == component)
    layer = factors.layers[place]
    broken = {place: Layer(layer.down, -layer.up)}
    return replace(factors, layers={**factors.layers, **broken})


@pytest.mark.parametrize("broken", [wrong_alpha, lost_prefix, wrong_text_factor])
@pytest.mark.parametrize("layout", ["kohya", "peft", "loha"])
def test_the_oracle_notices(pool, oracle, ours, monkeypatch, layout, broken: Break):
    shot = sole(pool, f"{layout}-float32")
    truth = {shot.id: oracle.draw(shot)}
    healthy = forced(ours, [shot], truth)
    assert max(healthy.steps[shot.id]) <= step_bound(healthy.residuals[shot.id])

    sick = stage(pool, parts=ours.parts)
    take = sick.store.take

    def taken(adapter: Adapter, bases: Bases) -> Taken:
        found = take(adapter, bases)
        return found._replace(factors=broken(found.factors))

    monkeypatch.setattr(sick.store, "take", taken)
    result = forced(sick, [shot], truth)
    assert max(result.steps[shot.id]) > step_bound(result.residuals[shot.id])


def sole(pool: Pool, name: str) -> Shot:
    """A short guided shot that wears one adapter at weight 1."""
    template = drawn(pool, 0)[0]
    adapter = next(adapter for adapter in pool.adapters if adapter.name == name)
    worn = template.recipe.adapters[:1] or drawn(pool, 0)[1].recipe.adapters[:1]
    weighted = structs.replace(worn[0], adapter=adapter, weight=1.0)
    recipe = structs.replace(template.recipe, adapters=(weighted,), prompt=pool.prompts[0])
    return structs.replace(template, recipe=recipe, guidance=5.0, sampler="euler", steps=2)


def test_a_swap_of_two_adapters_weights_is_noticed(pool, oracle, ours):
    one, two = (sole(pool, f"{layout}-float32") for layout in ("kohya", "lokr"))
    result = forced(ours, [one], {one.id: oracle.draw(two)})
    assert max(result.steps[one.id]) > judge.PER_STEP


def test_the_oracle_refuses_a_file_that_diffusers_would_load_in_part(pool, tmp_path: Path):
    tensors = load_file(pool.files["peft-float16"])
    key = next(iter(tensors))
    tensors[key.removeprefix("unet.")] = tensors.pop(key)  # diffusers drops it in silence
    save_file(tensors, tmp_path / "part.safetensors")
    oracle = Oracle(pool.folder, {"part": tmp_path / "part.safetensors"})
    with pytest.raises(OracleError, match="names no module"):
        oracle.fused_by_diffusers("part")
