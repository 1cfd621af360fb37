"""From the user's end: health figures and a second look change pictures, and change none when they are off.

A real house over the miniature; the figures are kept in its catalogue as a check keeps them.
"""

import asyncio
import json
import shutil
from collections.abc import Sequence
from contextlib import aclosing, closing
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from typer.testing import CliRunner

from bot.commands import application
from bot.settings import Settings
from stylus_engine.assembly import House, Setup
from stylus_engine.catalog import CardFile, LocalFiles
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Drawn, Failed, Manifest, Picture, Plan, Request
from stylus_engine.pictures.store import PictureStore
from stylus_engine.ports import Pixels

DATA = Path(__file__).parents[1] / "miniature" / "data"
PROMPT = "a red dragon in the forest, woodcut"
DRAGON, WOODCUT = "miniature:storybook_dragon:1", "miniature:old_woodcut:1"
pytestmark = pytest.mark.slow


def setup(folder: Path, **changed: object) -> Setup:
    known: dict[str, object] = {
        "checkpoints": {"miniature": DATA / "checkpoint"},
        "default_checkpoint": "miniature",
        "cards": (folder / "cards.jsonl",),
        "pictures": folder / "pictures",
        "index": folder / "index",
        "catalog": folder / "catalog",
        "cache": folder / "cache",
    }
    return Setup(**(known | changed))  # pyright: ignore[reportArgumentType] - fields by name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dragon and a style that drowns it; one index for all."""
    made = tmp_path_factory.mktemp("house")
    known = {card.card_id: card for card in CardFile(DATA / "cards.jsonl").cards()}
    cards = [known[name] for name in (DRAGON, WOODCUT)]
    (made / "adapters").mkdir()
    for card in cards:
        shutil.copy(Path(card.path or ""), made / "adapters")
    here = [replace(c, path=f"adapters/{Path(c.path or '').name}", previews=()) for c in cards]
    (made / "cards.jsonl").write_bytes(b"\n".join(msgspec.json.encode(card) for card in here))
    with closing(House(setup(made))) as house:
        asyncio.run(house.index())
    return made


def request(count: int = 1) -> Request:
    return Request(prompt=PROMPT, seed=7, count=count, steps=4)


def drawn(house: House, plan: Plan, count: int = 1) -> list[Picture]:
    async def all_of_it() -> list[Picture]:
        shots = (await house.arrange(request(count), "j", plan=plan)).shots
        found: dict[str, Picture] = {}
        async with aclosing(house.draw("j", shots)) as events:
            async for event in events:
                assert not isinstance(event, Failed), event
                if isinstance(event, Drawn):
                    found[event.shot] = event.picture
        return [found[shot.id] for shot in shots]

    return asyncio.run(all_of_it())


def pixels(house_folder: Path, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
    store = PictureStore(house_folder / "pictures")
    return np.stack([store.read(picture.id)[0] for picture in pictures])


def planned(house: House) -> Plan:
    return asyncio.run(house.plan(request()))


class Eye:
    """Implements `Scorer`: the dragon is never seen in the first picture, always in a later one."""

    name = "eye"

    def __init__(self) -> None:
        self.looks = 0

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        self.looks += 1
        seen = 1.0 if self.looks > 1 else -1.0
        fits = [seen if "dragon" in text else 0.1 * ("woodcut" in text) for text in texts]
        return np.array([fits] * len(pictures), np.float32)


class Blind:
    """Implements `Scorer` and can do nothing."""

    name = "blind"

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        raise RuntimeError("no such model")


def examined(folder: Path, saturation: float) -> None:
    """What a check keeps."""
    catalogue = Catalogue(folder / "catalog" / "catalog.db")
    for card_id in (DRAGON, WOODCUT):
        card = catalogue.get(card_id)
        _, sha256 = LocalFiles().fetch(card)
        checked = Checked(
            sha256=sha256, checkpoint="c", strength=0.5, direction=0.5, consistency=0.5,
            saturation=saturation, scale=card.weight,
        )  # fmt: skip
        catalogue.learn(card_id, checked=checked)


def test_health_figures_change_a_picture_and_none_when_switched_off(folder: Path) -> None:
    with closing(House(setup(folder))) as house:
        before = planned(house)
        assert {choice.adapter.card_id for choice in before.choices} >= {DRAGON, WOODCUT}
        assert not before.strains
        plain = drawn(house, before, 1)
        examined(folder, saturation=0.45)
        heeding = planned(house)
        held = drawn(house, heeding, 1)
    with closing(House(setup(folder, heed_health=False))) as house:
        off = planned(house)
        free = drawn(house, off, 1)
    assert {strain.card_id for strain in heeding.strains} == {DRAGON, WOODCUT}
    assert [{f.one, f.other} for f in heeding.frictions] == [{DRAGON, WOODCUT}]
    assert not off.strains
    assert not off.frictions
    assert (pixels(folder, free) == pixels(folder, plain)).all()
    assert (pixels(folder, held) != pixels(folder, plain)).any()
    weights = [[w.weight for w in one[0].manifest.shot.recipe.adapters] for one in (plain, held)]
    assert all(less < more for more, less in zip(*weights, strict=True))


def test_a_look_changes_a_picture_and_none_when_nobody_looks(folder: Path) -> None:
    with closing(House(setup(folder, heed_health=False))) as house:
        plan = planned(house)
        plain = drawn(house, plan, 1)
    eye = Eye()
    with closing(House(setup(folder, heed_health=False), scorer=lambda: eye)) as house:
        mended = drawn(house, plan, 1)
    with closing(House(setup(folder, heed_health=False), scorer=Blind)) as house:
        unseen = drawn(house, plan, 1)
    manifest = mended[0].manifest
    assert manifest.survival is not None
    assert (manifest.survival.repaired, manifest.survival.lost) == (True, ())
    assert manifest.shot.seed == plain[0].manifest.shot.seed
    assert (pixels(folder, mended) != pixels(folder, plain)).any()
    assert (pixels(folder, unseen) == pixels(folder, plain)).all()
    assert unseen[0].manifest == plain[0].manifest


def test_a_repaired_picture_is_drawn_again_from_its_manifest(folder: Path) -> None:
    """As it is, with the weights it had: nobody looks a second time."""
    eye = Eye()
    with closing(House(setup(folder, heed_health=False), scorer=lambda: eye)) as house:
        (mended,) = drawn(house, planned(house), 1)
        looks = eye.looks
        again = asyncio.run(redrawn(house, mended.manifest))
    assert eye.looks == looks
    assert (pixels(folder, [again]) == pixels(folder, [mended])).all()


async def redrawn(house: House, manifest: Manifest) -> Picture:
    async with aclosing(house.again(manifest, "again")) as events:
        found = [event async for event in events if isinstance(event, Drawn)]
    return found[0].picture


def test_content_kept_apart_from_its_style_is_another_picture_and_says_so(folder: Path) -> None:
    with closing(House(setup(folder, heed_health=False))) as house:
        plan = planned(house)
        plain = drawn(house, plan, 1)
    with closing(House(setup(folder, heed_health=False, null_space=0.5))) as house:
        apart = drawn(house, plan, 1)
        again = asyncio.run(redrawn(house, apart[0].manifest))
    assert apart[0].manifest.shot.recipe.null_space == 0.5
    assert (pixels(folder, apart) != pixels(folder, plain)).any()
    assert (pixels(folder, [again]) == pixels(folder, apart)).all()


def looking(folder: Path, scorer: type[Eye] | None, _: Settings) -> House:
    return House(setup(folder, heed_health=False), scorer=scorer)


def test_stylus_imagine_says_what_a_look_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal tells the second drawing, and shows and prints the weights it was drawn with."""
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    told = [
        CliRunner().invoke(
            application(partial(looking, folder, scorer)),
            ["imagine", PROMPT, "--count", "1", "--seed", "7", "--steps", "4", *more],
            prog_name="stylus",
        )
        for scorer, more in ((Eye, ()), (Eye, ("--json",)), (None, ()))
    ]
    assert [result.exit_code for result in told] == [0, 0, 0], told[0].output
    assert "1 · drawn a second time with other weights" in told[0].stdout
    assert "Storybook Dragon 1.2" in told[0].stdout
    (image,) = json.loads(told[1].stdout)["images"]
    assert image["repaired"] is True
    assert {"Storybook Dragon": 1.2}.items() <= {
        a["name"]: a["weight"] for a in image["adapters"]
    }.items()
    assert "second time" not in told[2].stdout
