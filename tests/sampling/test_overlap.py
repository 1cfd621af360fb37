"""Sketches against the arithmetic they stand for: whole ΔW matrices, built with numpy, of real files."""

import os
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from miniature.cards import card_id
from miniature.training.shelf import SHELF
from stylus_engine.catalog import CardFile, LocalFiles
from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.catalog.digests import Digests
from stylus_engine.model import Sketch
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.families import family_of
from stylus_engine.sampling.overlap import SIZE, VERSION, dot, kept, sketch
from stylus_engine.sampling.sketchbook import FORGOTTEN, SketchBook
from stylus_engine.sampling.store import Bases, FactorStore

DATA = Path(__file__).parents[2] / "miniature" / "data"
NAMES = ("storybook_dragon", "little_dragon", "soft_pencil", "golden_hour", "drafting_table")
NEAR = 4 / SIZE**0.5  # four standard deviations of an estimated cosine
Dense = dict[tuple[str, str], NDArray[np.float64]]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    digests = Digests(tmp_path_factory.mktemp("digests") / "digests.json")
    known = LocalCheckpoints({"miniature": DATA / "checkpoint"}, "miniature", digests)
    checkpoint = known.find("")
    parts = family_of(checkpoint).load(checkpoint, dtype=torch.float32, device=torch.device("cpu"))
    return Bases(checkpoint.id, checkpoint.family, parts.modules)


@pytest.fixture(scope="module")
def shelf(bases: Bases) -> dict[str, Factors]:
    cards = {card.card_id: card for card in CardFile(DATA / "cards.jsonl").cards()}
    store = FactorStore(LocalFiles(), 2**30)
    specs = [spec for spec in SHELF if spec.name in NAMES]
    return {spec.name: store.get(cards[card_id(spec)], bases) for spec in specs}


def dense(factors: Factors) -> Dense:
    """Every ΔW, built whole."""
    return {
        place: layer.up.numpy().astype(np.float64)
        @ layer.down.numpy().astype(np.float64).reshape(layer.rank, -1)
        for place, layer in factors.layers.items()
    }


def grams(whole: Dense, by: str) -> Dense:
    """ΔW, ΔWᵀΔW or ΔWΔWᵀ of every layer."""
    of = {"update": lambda m: m, "listens": lambda m: m.T @ m, "speaks": lambda m: m @ m.T}[by]
    return {place: of(matrix) for place, matrix in whole.items()}


def exact(a: Dense, b: Dense) -> float:
    """The cosine of two adapters, all layers as one long vector."""

    def inner(one: Dense, other: Dense) -> float:
        return sum(float(np.vdot(one[k], other[k])) for k in one.keys() & other.keys())

    return inner(a, b) / (inner(a, a) * inner(b, b)) ** 0.5


def estimated(a: Sketch, b: Sketch, by: str) -> float:
    return dot(getattr(a, by), getattr(b, by))


@pytest.mark.slow
@pytest.mark.parametrize("by", ["update", "listens", "speaks"])
def test_a_sketch_says_of_every_pair_what_the_whole_matrices_say(
    shelf: dict[str, Factors], by: str
) -> None:
    whole = {name: grams(dense(factors), by) for name, factors in shelf.items()}
    short = {name: sketch(factors) for name, factors in shelf.items()}
    missed = [
        abs(estimated(short[a], short[b], by) - exact(whole[a], whole[b]))
        for a, b in combinations(NAMES, 2)
    ]
    assert max(missed) < NEAR
    assert float(np.sqrt(np.mean(np.square(missed)))) < NEAR / 2


@pytest.mark.slow
def test_the_norm_is_exact(shelf: dict[str, Factors]) -> None:
    for factors in shelf.values():
        norm = sum(float((matrix**2).sum()) for matrix in dense(factors).values()) ** 0.5
        assert sketch(factors).norm == pytest.approx(norm, rel=1e-9)


def factors_of(*pairs: tuple[torch.Tensor, torch.Tensor]) -> Factors:
    layers = {("unet", f"layer.{n}"): Layer(down, up) for n, (down, up) in enumerate(pairs)}
    return Factors("x", "ab" * 32, layers)  # pyright: ignore[reportArgumentType] - "unet" is one


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_same_update_in_other_factors_has_the_same_sketch() -> None:
    """ΔW = U D = (U M)(M⁻¹ D): what is told is of ΔW, not of how a trainer wrote it down."""
    down, up, mix = random(1, 4, 30), random(2, 20, 4), random(3, 4, 4).double()
    other = factors_of(((mix.inverse() @ down.double()).float(), (up.double() @ mix).float()))
    one, two = sketch(factors_of((down, up))), sketch(other)
    for by in ("update", "listens", "speaks"):
        assert estimated(one, two, by) == pytest.approx(1.0, abs=2e-3)


def test_the_opposite_update_points_the_other_way_and_reads_the_same_inputs() -> None:
    down, up = random(1, 4, 30), random(2, 20, 4)
    one, two = sketch(factors_of((down, up))), sketch(factors_of((down, -up)))
    assert estimated(one, two, "update") == pytest.approx(-1.0, abs=2e-3)
    assert estimated(one, two, "listens") == pytest.approx(1.0, abs=2e-3)


def test_the_same_matrix_in_another_layer_is_another_update() -> None:
    down, up, nothing = random(1, 4, 30), random(2, 20, 4), torch.zeros(4, 30)
    one = sketch(factors_of((down, up), (nothing, up)))
    two = sketch(factors_of((nothing, up), (down, up)))
    assert abs(estimated(one, two, "update")) < NEAR


def test_an_adapter_that_does_nothing_is_like_nobody() -> None:
    nothing = sketch(factors_of((torch.zeros(4, 30), random(2, 20, 4))))
    assert nothing.norm == 0
    assert dot(nothing.update, sketch(factors_of((random(1, 4, 30), random(2, 20, 4)))).update) == 0


def test_whoever_converts_leaves_a_sketch_and_whoever_checks_finds_it(tmp_path: Path) -> None:
    book = SketchBook(tmp_path / "sketches")
    factors = factors_of((random(1, 4, 30), random(2, 20, 4)))
    bases = Bases("01" * 32, "sd1", {})
    assert book.find(factors.file_sha256, bases.checkpoint) is None
    kept(book, factors, bases)
    found = SketchBook(tmp_path / "sketches").find(factors.file_sha256, bases.checkpoint)
    assert found == sketch(factors)
    assert book.find(factors.file_sha256, "02" * 32) is None


def test_a_torn_sketch_is_made_again_and_one_of_this_version_is_not(tmp_path: Path) -> None:
    book, made = SketchBook(tmp_path), []

    def make() -> Sketch:
        made.append(1)
        return sketch(factors_of((random(1, 4, 30), random(2, 20, 4))))

    for _ in range(2):
        book.keep("aa" * 32, "01" * 32, make, VERSION)
    next(tmp_path.rglob("*.json")).write_bytes(b'{"v": 1, "norm"')
    book.keep("aa" * 32, "01" * 32, make, VERSION)
    book.keep("aa" * 32, "01" * 32, make, VERSION + 1)
    assert len(made) == 3


def test_what_a_kill_left_half_written_is_swept_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("01" * 8)
    folder.mkdir()
    old, new = folder / "bb.1.part", folder / "cc.2.part"
    for part in (old, new):
        part.write_bytes(b"{")
    os.utime(old, (0, time.time() - 2 * FORGOTTEN))
    made = sketch(factors_of((random(1, 4, 30), random(2, 20, 4))))
    SketchBook(tmp_path).keep("aa" * 32, "01" * 32, lambda: made, VERSION)
    assert {path.name for path in folder.iterdir()} == {"cc.2.part", f"{'aa' * 32}.json"}


def test_a_cache_that_cannot_be_written_costs_nobody_a_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    kept(
        SketchBook(tmp_path / "file"),
        factors_of((random(1, 4, 30), random(2, 20, 4))),
        Bases("a", "sd1", {}),
    )
    assert "no sketch" in caplog.text


def test_a_row_of_another_length_has_nothing_in_common() -> None:
    one = sketch(factors_of((random(1, 4, 30), random(2, 20, 4))))
    assert dot(one.update, one.update[2:]) == 0.0
