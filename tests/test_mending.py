"""A picture that lost a concept is drawn once more; nothing that goes wrong with that loses a picture.

Painted here: red is how strong the dragon is, green the ink.  The scorer looks at the
pixels alone, so what it says of a picture is known without either.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from stylus_engine.errors import Busy, DiskFull
from stylus_engine.mending import Mender
from stylus_engine.model import Drawn, Event, Failed, Manifest, Picture, Recipe, Shot, Started
from stylus_engine.pictures.store import PictureStore, forget
from stylus_engine.ports import Pixels
from tests.planning.test_repair import DRAGON, RECIPE


def shot(number: int = 1, recipe: Recipe = RECIPE) -> Shot:
    return Shot(
        id=f"j-{number}", job="j", index=number - 1, recipe=recipe, seed=number, checkpoint="c",
        width=16, height=16, steps=2, guidance=5.0, sampler="ddim",
    )  # fmt: skip


def painted(recipe: Recipe) -> Pixels:
    """As much of each colour as its adapter weighs, 1.2 being all of it."""
    levels = {each.concept: each.weight / 1.2 for each in recipe.adapters}
    colour = [levels.get("dragon", 0), levels.get("ink drawing", 0), 0]
    return np.full((16, 16, 3), np.multiply(colour, 255), np.uint8)


class Eye:
    """Implements `Scorer`: `needed` of red makes a dragon; ink is always seen."""

    name = "eye"

    def __init__(self, needed: float) -> None:
        self.needed = needed
        self.looks = 0

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        self.looks += 1
        return np.array([[self._one(p, t) for t in texts] for p in pictures], np.float32)

    def _one(self, picture: Pixels, text: str) -> float:
        return picture[0, 0, 0] / 255 - self.needed if "dragon" in text else 0.1 * ("ink" in text)


@dataclass
class Hand:
    """Draws at once, and remembers what it was asked for. `spoil` may end a second drawing."""

    pictures: PictureStore
    spoil: Callable[[Shot], Failed | Exception | None] = lambda _: None
    drawn: list[Shot] = field(default_factory=list[Shot])

    async def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        for one in shots:
            ended = self.spoil(one)
            if isinstance(ended, Exception):
                raise ended
            yield Started(job=job, shot=one.id)
            self.drawn.append(one)
            if ended is not None:
                yield ended
                continue
            manifest = Manifest(shot=one, checkpoint="01" * 32, encoded=one.recipe.prompt)
            yield Drawn(
                job=job, shot=one.id, picture=self.pictures.keep(painted(one.recipe), manifest)
            )


@pytest.fixture
def pictures(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "pictures")


def told(mender: Mender, shots: Sequence[Shot]) -> list[Event]:
    async def all_of_it() -> list[Event]:
        return [event async for event in mender.draw("j", shots)]

    return asyncio.run(all_of_it())


def mender(hand: Hand, eye: Eye) -> Mender:
    return Mender(hand, hand.pictures, lambda: eye, forget)


def drawn(events: Sequence[Event]) -> dict[str, Picture]:
    ended = [event for event in events if isinstance(event, Drawn | Failed)]
    assert len(ended) == len({event.shot for event in ended})
    return {event.shot: event.picture for event in ended if isinstance(event, Drawn)}


def stored(pictures: PictureStore) -> set[str]:
    return {file.stem for file in pictures.folder.rglob("*.png")}


def test_what_shows_everything_is_told_as_it_was_drawn(pictures: PictureStore) -> None:
    hand = Hand(pictures)
    plain = told(hand, [shot()])  # pyright: ignore[reportArgumentType] - it draws too
    assert told(mender(hand, Eye(0.5)), [shot()]) == plain
    assert len(hand.drawn) == 2


def test_a_lost_concept_is_drawn_once_more_with_the_same_seed_and_the_better_stays(
    pictures: PictureStore,
) -> None:
    hand = Hand(pictures)
    found = drawn(told(mender(hand, Eye(0.8)), [shot(1), shot(2, Recipe(prompt="plain"))]))
    assert [one.seed for one in hand.drawn] == [1, 2, 1]
    assert set(found) == {"j-1", "j-2"}
    manifest = found["j-1"].manifest
    assert manifest.survival is not None
    assert (manifest.survival.repaired, manifest.survival.lost) == (True, ())
    assert manifest.shot.id == "j-1"
    assert [each.weight for each in manifest.shot.recipe.adapters] == [1.12, 0.56]
    pixels, read = pictures.read(found["j-1"].id)
    assert (pixels == painted(manifest.shot.recipe)).all()
    assert read == manifest
    assert stored(pictures) == {picture.id for picture in found.values()}


def test_what_a_second_drawing_does_not_mend_is_said(pictures: PictureStore) -> None:
    """More red than before, still too little: the second is the better one, and not good."""
    survival = drawn(told(mender(Hand(pictures), Eye(2.0)), [shot()]))["j-1"].manifest.survival
    assert survival is not None
    assert (survival.repaired, survival.lost, survival.by) == (True, ("dragon",), "eye")


def test_a_second_drawing_that_is_no_better_is_thrown_away(pictures: PictureStore) -> None:
    class Contrary(Eye):
        def _one(self, picture: Pixels, text: str) -> float:
            return -super()._one(picture, text) - 2.0

    found = drawn(told(mender(Hand(pictures), Contrary(0.0)), [shot()]))
    manifest = found["j-1"].manifest
    assert manifest.shot == shot()
    assert manifest.survival is not None
    assert not manifest.survival.repaired
    assert stored(pictures) == {found["j-1"].id}


def test_where_no_weight_can_move_nothing_is_drawn_again_and_it_is_said(
    pictures: PictureStore,
) -> None:
    hand = Hand(pictures)
    full = replace(RECIPE, adapters=(replace(DRAGON, weight=1.2),))
    survival = drawn(told(mender(hand, Eye(2.0)), [shot(1, full)]))["j-1"].manifest.survival
    assert survival is not None
    assert survival.lost == ("dragon",)
    assert len(hand.drawn) == 1


def test_progress_of_the_second_drawing_is_its_shot_s_own(pictures: PictureStore) -> None:
    events = told(mender(Hand(pictures), Eye(0.8)), [shot()])
    assert [type(event).__name__ for event in events] == ["Started", "Started", "Drawn"]
    assert {event.shot for event in events if isinstance(event, Started | Drawn)} == {"j-1"}


SPOILS: dict[str, Failed | Exception] = {
    "cancelled": Failed(job="j", shot="j-1~2", kind="Cancelled", sentence="Cancelled."),
    "no slot": Busy(slots=4),
}


@pytest.mark.parametrize("how", SPOILS)
def test_a_second_drawing_that_fails_leaves_the_first(pictures: PictureStore, how: str) -> None:
    hand = Hand(pictures, lambda one: SPOILS[how] if one.id.endswith("~2") else None)
    found = drawn(told(mender(hand, Eye(0.8)), [shot()]))
    survival = found["j-1"].manifest.survival
    assert survival is not None
    assert (survival.repaired, survival.lost) == (False, ("dragon",))
    assert stored(pictures) == {found["j-1"].id}


def test_a_first_drawing_that_fails_has_failed(pictures: PictureStore) -> None:
    failed = Failed(job="j", shot="j-1", kind="Cancelled", sentence="Cancelled.")
    assert failed in told(mender(Hand(pictures, lambda _: failed), Eye(0.8)), [shot()])


@pytest.mark.parametrize(
    "error", [RuntimeError("no kernel"), ValueError("a shape"), OSError("gone"), MemoryError()]
)
def test_a_scorer_that_fails_costs_nobody_a_picture(
    pictures: PictureStore, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Blind(Eye):
        def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
            raise error

    hand = Hand(pictures)
    assert told(mender(hand, Blind(0.8)), [shot()]) == told(hand, [shot()])  # pyright: ignore[reportArgumentType] - it draws too
    assert "not looked at" in caplog.text


@pytest.mark.parametrize("scores", [np.zeros((1, 2)), np.zeros((0, 5)), np.full((1, 5), np.nan)])
def test_scores_of_another_shape_or_none_cost_nobody_a_picture(
    pictures: PictureStore, scores: NDArray[np.float32]
) -> None:
    class Odd(Eye):
        def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
            return scores

    found = drawn(told(mender(Hand(pictures), Odd(0.8)), [shot()]))
    assert found["j-1"].manifest.survival is None


def test_a_full_disk_while_the_word_is_kept_leaves_the_picture(
    pictures: PictureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(pictures)
    full = replace(RECIPE, adapters=(replace(DRAGON, weight=1.2),))
    refused: list[Manifest] = []

    def keep(_: object, pixels: Pixels, manifest: Manifest) -> Picture:
        if manifest.survival is not None:
            refused.append(manifest)
            raise DiskFull(path=str(pictures.folder), why="no space left")
        return kept(pictures, pixels, manifest)

    kept = PictureStore.keep
    monkeypatch.setattr(PictureStore, "keep", keep)
    found = drawn(told(mender(hand, Eye(2.0)), [shot(1, full)]))
    assert len(refused) == 1
    assert found["j-1"].id in stored(pictures)
    assert found["j-1"].manifest.survival is None
