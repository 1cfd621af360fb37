"""From a picture on disk to new ones, by the command line, with the real miniature."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from bot.commands import application, open_engine
from stylus_engine.pictures import store
from stylus_engine.ports import Pixels

pytestmark = pytest.mark.slow

FAST = ("--preset", "base", "--steps", "6", "--count", "1", "--seed", "5")
SCENE = "a red fox in the snow"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        app = application(open_engine)
        flags = ("--set", f"paths.data={home / 'data'}")
        return CliRunner().invoke(app, [*flags, *words], prog_name="stylus")

    return call


@pytest.fixture(scope="module")
def first(run: Callable[..., Result], home: Path) -> Path:
    """A picture that the miniature drew, with its manifest."""
    assert run("imagine", SCENE, *FAST, "--out", str(home / "first")).exit_code == 0
    return home / "first" / "1.png"


@pytest.fixture(scope="module")
def photo(first: Path, home: Path) -> Path:
    """The same as a photograph: a JPEG of another size and shape, without a manifest."""
    pixels = Image.fromarray(pixels_of(first)).resize((300, 200))
    pixels.save(home / "photo.jpg", quality=95)
    return home / "photo.jpg"


def pixels_of(path: Path | str) -> Pixels:
    return store.read(Path(path))[0]


def image(result: Result) -> Path:
    """The one picture of a `--json` answer."""
    assert result.exit_code == 0, result.stderr
    [made] = json.loads(result.stdout)["images"]
    return Path(made["path"])


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_a_picture_is_redone_as_much_as_asked_and_again_bit_for_bit(run, photo, home):
    near, far = (
        image(run("imagine", SCENE, *FAST, "--image", str(photo), "--strength", much, "--json"))
        for much in ("0.2", "0.9")
    )
    assert pixels_of(near).shape == (48, 80, 3) or pixels_of(near).shape[1] > 64
    height, width, _ = pixels_of(near).shape
    before = np.asarray(Image.open(photo).resize((width, height)))
    assert apart(pixels_of(near), before) < apart(pixels_of(far), before)
    manifest = store.manifest_of(near)
    assert manifest.shot.start is not None
    assert (home / "data" / "pictures").rglob(f"{manifest.shot.start.picture}.png")
    assert "bit for bit" in run("again", str(near)).stderr


def test_inside_a_mask_it_is_drawn_anew_and_outside_not_a_bit_changes(run, first, home):
    white = np.zeros((64, 64), np.uint8)
    white[20:50, 10:40] = 255
    Image.fromarray(white).save(home / "mask.png")
    told = run(
        "imagine",
        "a blue bird",
        *FAST,
        "--image",
        str(first),
        "--mask",
        str(home / "mask.png"),
        "--json",
    )
    made, before = pixels_of(image(told)), pixels_of(first)
    assert np.array_equal(made[white == 0], before[white == 0])
    assert apart(made[white > 0], before[white > 0]) > 5


def test_variations_keep_the_picture_in_sight_and_take_the_next_seeds(run, first):
    told = run("vary", str(first), "-n", "2", "--json")
    assert told.exit_code == 0, told.stderr
    made = json.loads(told.stdout)["images"]
    assert [each["seed"] for each in made] == [6, 7]
    strong = image(run("vary", str(first), "-n", "1", "--strong", "--json"))
    before = pixels_of(first)
    assert 0 < apart(pixels_of(made[0]["path"]), before) < apart(pixels_of(strong), before)


def test_twice_the_size_is_the_same_picture(run, first):
    large = pixels_of(image(run("upscale", str(first), "--json")))
    assert large.shape == (128, 128, 3)
    small = np.asarray(Image.fromarray(large).resize((64, 64), Image.Resampling.BOX))
    assert apart(small, pixels_of(first)) < 20
    assert store.manifest_of(first).shot.seed == 5


def test_twice_the_size_from_stretched_latents_is_told_and_drawn_again(run, first):
    large = image(run("upscale", str(first), "--latents", "--json"))
    shot = store.manifest_of(Path(large)).shot
    assert shot.start is not None
    assert (shot.width, shot.start.enlarge, shot.start.tile, shot.start.strength) == (
        128, "latents", 0, 0.7,
    )  # fmt: skip
    again = image(run("again", str(large), "--json"))
    assert np.array_equal(pixels_of(again), pixels_of(large))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--image", "nowhere.png"), "nowhere.png cannot be drawn from: there is no such file."),
        (("--mask", "mask.png"), "a mask needs a picture"),
        (("--strength", "0.5"), "it says how much of --image is redone"),
    ],
)
def test_what_cannot_be_started_from_is_one_sentence(run, words, told):
    result = run("imagine", SCENE, *FAST, *words)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_a_mask_of_another_size_is_one_sentence(run, photo, home):
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save(home / "small.png")
    result = run("imagine", SCENE, *FAST, "--image", str(photo), "--mask", str(home / "small.png"))
    assert result.exit_code == 2
    assert "a mask of 10 × 10 for a picture of 300 × 200" in " ".join(result.stderr.split())
