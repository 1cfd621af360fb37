"""The soft null-space projection against whole matrices in numpy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stylus_engine.model import Weighted
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.nullspace import apart, projected
from stylus_engine.sampling.store import FactorStore
from tests.planning.plans import adapter

Matrix = NDArray[np.float64]
SHAPES = {"linear": (24,), "conv": (6, 3, 3)}


def layer(seed: int, into: tuple[int, ...], rank: int = 3, out: int = 10) -> Layer:
    dice = torch.Generator().manual_seed(seed)
    return Layer(
        down=torch.randn((rank, *into), generator=dice), up=torch.randn((out, rank), generator=dice)
    )


def factors(name: str, layers: dict[str, Layer]) -> Factors:
    return Factors(name, "ab" * 32, {("unet", path): each for path, each in layers.items()})


def dense(each: Layer) -> Matrix:
    return each.up.double().numpy() @ each.down.double().flatten(1).numpy()


def expected(content: Matrix, styles: list[Matrix], share: float) -> Matrix:
    """ΔW (I − share · P), P the projector on the styles' row space by numpy's pseudo-inverse."""
    rows = np.concatenate(styles)
    projector = np.linalg.pinv(rows, rcond=1e-6) @ rows
    return content @ (np.eye(content.shape[1]) - share * projector)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("count", [1, 2])
def test_it_is_the_dense_projection(kind: str, share: float, count: int) -> None:
    content = factors("c", {"x": layer(1, SHAPES[kind])})
    styles = [factors(f"s{n}", {"x": layer(2 + n, SHAPES[kind])}) for n in range(count)]
    found = dense(projected(content, styles, share, "p").layers["unet", "x"])
    wanted = expected(
        dense(content.layers["unet", "x"]),
        [dense(style.layers["unet", "x"]) for style in styles],
        share,
    )
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_wholly_apart_the_content_says_nothing_on_what_the_style_listens_to() -> None:
    content, style = layer(1, (24,)), layer(2, (24,))
    left = projected(factors("c", {"x": content}), [factors("s", {"x": style})], 1.0, "p")
    heard = dense(left.layers["unet", "x"]) @ style.down.double().numpy().T
    assert np.abs(heard).max() < 1e-5


def test_a_style_that_repeats_itself_takes_no_more_than_once() -> None:
    """A factor without its full rank has no more directions than it has."""
    content, one = layer(1, (24,)), layer(2, (24,), rank=1)
    twice = Layer(down=one.down.repeat(3, 1), up=one.up.repeat(1, 3))
    by_one, by_three = (
        dense(projected(factors("c", {"x": content}), [factors("s", {"x": s})], 1.0, "p").layers["unet", "x"])
        for s in (one, twice)
    )  # fmt: skip
    assert np.abs(by_one - by_three).max() < 1e-5


def test_a_style_that_is_nothing_and_a_layer_it_has_not_change_nothing() -> None:
    content = factors("c", {"x": layer(1, (24,)), "y": layer(3, (24,))})
    nothing = Layer(down=torch.zeros(3, 24), up=torch.zeros(10, 3))
    left = projected(content, [factors("s", {"x": nothing})], 1.0, "p")
    assert left.layers["unet", "y"] is content.layers["unet", "y"]
    assert torch.equal(left.layers["unet", "x"].down, content.layers["unet", "x"].down)


class Nowhere:
    """No file is needed: everything is derived."""

    def fetch(self, adapter: object) -> tuple[object, str]:
        raise AssertionError(adapter)


def lit(name: str, category: str) -> Weighted:
    return Weighted(adapter=adapter(name, category=category), weight=0.8)


def test_only_content_beside_a_style_is_changed_and_it_is_made_once() -> None:
    store = FactorStore(Nowhere(), 2**20)  # pyright: ignore[reportArgumentType] - never asked
    all_lit = [lit("dragon", "subject"), lit("ink", "style"), lit("quick", "speed")]
    row = tuple(
        (factors(w.adapter.name, {"x": layer(n, (24,))}), 0.8) for n, w in enumerate(all_lit)
    )
    first, again = apart(all_lit, row, 0.5, store), apart(all_lit, row, 0.5, store)
    assert [a is b for (a, _), (b, _) in zip(first, row, strict=True)] == [False, True, True]
    assert first[0][0] is again[0][0]
    assert first[0][0].id != apart(all_lit, row, 0.6, store)[0][0].id
    assert apart(all_lit, row, 0.0, store) is row
    assert apart(all_lit[:1], row[:1], 0.5, store) == row[:1]
