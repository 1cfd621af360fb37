"""Pictures that start from pictures, on the wire: the real bot, the real planner, the real drawer."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageOps

from stylus_engine.pictures.store import PictureStore
from stylus_engine.ports import Pixels
from tests.playground.person import Person
from tests.reading import buttons, hidden, pictures, text
from tests.stage import Json, Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
FEW = {"adapters": "off", "count": 1, "seed": 5}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("bot")
    more = {"drawing__steps": 6, "drawing__count": 2}
    async with staged(folder, workers__command="[]", **more) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def first(stage: Stage) -> Json:
    """A card with one picture of the miniature."""
    return await stage.imagine(stage.ada, prompt="a red fox in the snow", **FEW)


async def pixels(who: Person, card: Json, number: int = 0) -> Pixels:
    file = io.BytesIO(await who.read(pictures(card)[number]))
    return np.asarray(Image.open(file).convert("RGB"))


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


async def test_an_attached_picture_gives_its_shape_and_lies_in_the_store(stage: Stage, first: Json):
    before = Image.fromarray(await pixels(stage.ada, first)).resize((300, 200))
    photo = await stage.ada.attach(encoded(before, "JPEG"), "photo.jpg")
    card = await stage.imagine(stage.ada, prompt="a red fox", image=photo, strength=0.3, **FEW)
    assert "Begun from a picture, 30 % of it redone." in text(card)
    made = await pixels(stage.ada, card)
    height, width, _ = made.shape
    assert 1.3 < width / height < 1.8
    start = stage.request(card).start
    assert start is not None
    kept = PictureStore(Path(stage.bot.folder) / "data" / "pictures").place(start.picture)
    assert b"Exif" not in kept.read_bytes()
    assert stage.rows("SELECT start_picture FROM jobs ORDER BY id DESC LIMIT 1") == [
        (start.picture,)
    ]
    assert apart(made, np.asarray(before.resize((width, height)))) < 40


async def test_a_single_picture_is_varied_and_drawn_at_twice_its_size(stage: Stage, first: Json):
    assert {"subtle:0", "v:0", "x2:0"} <= set(buttons(first))
    before = await pixels(stage.ada, first)
    subtle = await stage.derived(stage.ben, first, "subtle:0")
    assert "Subtle variation of picture 1" in text(subtle)
    assert "seed 6" in text(subtle)
    assert apart(await pixels(stage.ben, subtle), before) > 0
    large = await stage.derived(stage.ben, first, "x2:0")
    twice = await pixels(stage.ben, large)
    assert twice.shape == (128, 128, 3)
    small = np.asarray(Image.fromarray(twice).resize((64, 64), Image.Resampling.BOX))
    assert apart(small, before) < 25
    assert "Picture 1 at twice its size" in text(large)


def lit(card: Json) -> list[set[str]]:
    """The adapters of each picture, as the lines under the gallery name them."""
    lines = [line for line in text(card).splitlines() if line[1:4] == " · "]
    return [set(line[4:].split(" + ")) for line in lines if line[0].isdigit()]


@pytest.mark.parametrize(
    "prompt", ["a pencil sketch of a dragon at sunset", "a dragon"], ids=["many masks", "one mask"]
)
async def test_a_grid_offers_variations_of_each_picture_with_its_own_adapters(
    stage: Stage, prompt: str
):
    grid = await stage.imagine(stage.ada, prompt=prompt, seed=40)
    assert lit(grid)[0] != lit(grid)[1]
    assert {"v:0", "v:1"} <= set(buttons(grid))
    varied = await stage.derived(stage.ada, grid, "v:1")
    assert "Variation of picture 2" in text(varied)
    assert lit(varied) == [lit(grid)[1]] * 2
    assert "seed 42" in text(varied)
    single = await stage.derived(stage.ada, grid, "u:1")
    large = await stage.derived(stage.ada, single, "x2:0")
    assert worn(stage, large) == worn(stage, grid, 1)


def worn(stage: Stage, card: Json, number: int = 0) -> dict[str, float]:
    """What a picture was drawn with."""
    adapters = stage.shot(card, number).recipe.adapters
    return {each.adapter.name: each.weight for each in adapters}


async def inpainted(stage: Stage, **options: object) -> Json:
    pressed = await stage.ada.slash("inpaint", **{"prompt": "a blue bird", "count": 1, **options})
    return (await stage.ada.answer(pressed, 60))["message"]


async def test_what_is_transparent_is_drawn_anew_and_nothing_else(stage: Stage, first: Json):
    before = await pixels(stage.ada, first)
    clear = np.zeros((64, 64), bool)
    clear[16:48, 20:52] = True
    whole = np.dstack([before, np.where(clear, 0, 255).astype(np.uint8)])
    image = await stage.ada.attach(encoded(Image.fromarray(whole)), "hole.png")
    told = await inpainted(stage, image=image, seed=9)
    card = await stage.card(stage.ada, told["id"])
    assert "A part of a picture, drawn anew." in text(card)
    made = await pixels(stage.ada, card)
    assert np.array_equal(made[~clear], before[~clear])
    assert apart(made[clear], before[clear]) > 5


async def test_a_mask_of_its_own(stage: Stage, first: Json):
    before = await pixels(stage.ada, first)
    white = Image.new("L", (64, 64))
    white.paste(255, (0, 32, 64, 64))
    image = await stage.ada.attach(encoded(Image.fromarray(before)), "whole.png")
    mask = await stage.ada.attach(encoded(white), "m.png")
    told = await inpainted(stage, image=image, mask=mask, prompt="a blue bird --v 6")
    card = await stage.card(stage.ada, told["id"])
    assert "Not understood, so it stays in the prompt: --v 6" in text(card).replace("\\", "")
    made = await pixels(stage.ada, card)
    assert np.array_equal(made[:32], before[:32])


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "photo.heic", "HEIC pictures are not read here"),
        (b"<html>not found</html>", "page.png", "no picture that can be read"),
        (encoded(Image.new("RGB", (64, 64))), "whole.png", "nothing in it is transparent"),
    ],
    ids=["HEIC", "a page", "opaque"],
)
async def test_what_cannot_be_inpainted_is_one_sentence(stage: Stage, data, name, why):
    told = await inpainted(stage, image=await stage.ada.attach(data, name))
    assert hidden(told)
    assert why in text(told)
    assert name in text(told).replace("\\", "")


async def test_a_mask_of_another_size_is_one_sentence(stage: Stage):
    image = await stage.ada.attach(encoded(Image.new("RGB", (64, 64))), "image.png")
    mask = await stage.ada.attach(encoded(Image.new("L", (32, 64), 255)), "mask.png")
    told = await inpainted(stage, image=image, mask=mask)
    assert "a mask of 32 × 64 for a picture of 64 × 64" in text(told)


SIDES = {"large": (8660, 5773), "too large": (8660, 5774)}  # 49,994,180 and 50,002,840 pixels
MIB = 1 << 20


@contextmanager
def remembered(stage: Stage) -> Iterator[list[int]]:
    """What the planner's memory grew by at the most while the block ran, in bytes."""
    place, grown = Path(f"/proc/{stage.bot.planner()}"), list[int]()
    before = memory(place, "VmRSS")
    (place / "clear_refs").write_text("5")  # the kernel's word for: begin anew with VmHWM
    yield grown
    grown.append(memory(place, "VmHWM") - before)


def memory(place: Path, what: str) -> int:
    lines = (place / "status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return int(line.split()[1]) << 10


def stripes(size: tuple[int, int]) -> bytes:
    """A PNG of this size: a large file of pixels that packs into a small one."""
    bars = np.zeros((1, size[0], 3), np.uint8)
    bars[0, :, 0], bars[0, :, 1] = np.linspace(0, 255, size[0]), 90
    return encoded(Image.fromarray(bars).resize(size, Image.Resampling.NEAREST))


async def test_fifty_million_pixels_are_drawn_from(stage: Stage, first: Json):
    """An opened one is a quarter of a gigabyte, and nothing else of that size is made of it."""
    data = stripes(SIDES["large"])
    asked: list[str] = []
    with remembered(stage) as grown:
        for who in (stage.ada, stage.ben):
            image = await who.attach(data, "large.png")
            options = {"prompt": "a red fox", "image": image, "strength": 0.3, **FEW}
            asked.append(await who.slash("imagine", **options))
        told = [await stage.ada.answer(one, 60) for one in asked]
        cards = [await stage.card(stage.ben, one["message"]["id"]) for one in told]
    assert grown[0] < 400 * MIB
    for card in cards:
        start = stage.request(card).start
        assert start is not None
        assert (start.width, start.height) == (2048, 1365)
        made = await pixels(stage.ada, card)
        assert np.corrcoef(made[..., 0].mean(axis=0), np.arange(made.shape[1]))[0, 1] > 0.8


@pytest.mark.parametrize("command", ["imagine", "inpaint"])
async def test_more_pixels_than_that_are_one_sentence_and_no_memory(
    stage: Stage, first: Json, command: str
):
    before = stored(stage)
    image = await stage.ada.attach(stripes(SIDES["too large"]), "larger.png")
    with remembered(stage) as grown:
        told = await stage.told(stage.ada, command, prompt="a red fox", image=image)
    assert hidden(told)
    assert "larger.png cannot be drawn from: it has more than 50 million pixels." in said(told)
    assert grown[0] < 32 * MIB
    assert stored(stage) == before


async def test_a_picture_and_a_mask_of_any_size_that_is_the_same(stage: Stage):
    """Neither a multiple of eight nor of the checkpoint's shape; drawn at its own, kept where it is black."""
    picture = np.random.default_rng(4).integers(0, 255, (7, 11, 3), np.uint8)
    before = Image.fromarray(picture).resize((333, 211), Image.Resampling.NEAREST)
    half = Image.new("L", before.size)
    half.paste(255, (0, 0, 166, 211))
    image = await stage.ada.attach(encoded(before), "odd.png")
    mask = await stage.ada.attach(encoded(half), "half.png")
    told = await inpainted(stage, image=image, mask=mask, seed=4)
    made = await pixels(stage.ada, await stage.card(stage.ada, told["id"]))
    height, width, _ = made.shape
    assert (height % 8, width % 8) == (0, 0)
    wanted = np.asarray(ImageOps.fit(before, (width, height), Image.Resampling.LANCZOS))
    edge = width // 2 + 1
    assert np.array_equal(made[:, edge:], wanted[:, edge:])
    assert apart(made[:, : edge - 2], wanted[:, : edge - 2]) > 5


async def test_a_mask_of_another_size_says_the_sizes_that_were_brought(stage: Stage):
    """The picture is kept smaller than it came, which nobody is told: it is no size of theirs."""
    before = stored(stage)
    image = await stage.ada.attach(encoded(Image.new("RGB", (3000, 2000), "teal")), "image.png")
    mask = await stage.ada.attach(encoded(Image.new("L", (1500, 1000), 255)), "mask.png")
    told = await inpainted(stage, image=image, mask=mask)
    assert hidden(told)
    assert "a mask of 1500 × 1000 for a picture of 3000 × 2000." in text(told)
    assert stored(stage) == before


def said(message: Json) -> str:
    """Without what keeps Discord from reading names as markup."""
    return text(message).replace("\\", "")


async def test_what_is_refused_anyway_keeps_no_picture(stage: Stage):
    before = stored(stage)
    image = await stage.ada.attach(encoded(Image.new("RGB", (90, 60), "teal")), "teal.png")
    told = await stage.told(stage.ada, "imagine", prompt="a naked child", image=image)
    assert hidden(told)
    assert stored(stage) == before


def stored(stage: Stage) -> set[str]:
    return {path.name for path in (Path(stage.bot.folder) / "data" / "pictures").rglob("*.png")}


async def test_fast_is_said_on_the_card(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a red cat in the snow", speed="fast", **FEW)
    assert "Drawn in 4 steps: few-step adapter Quick Strokes LCM 4 steps" in text(card)
    assert stage.request(card).fast == "auto"


async def test_guidance_is_drawn_with_and_a_few_step_adapter_leaves_it(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a red cat", speed="fast", guidance=2.5, **FEW)
    shot = stage.shot(card)
    assert (shot.steps, shot.guidance, shot.sampler) == (4, 2.5, "lcm")
    told = await stage.press(stage.ada, card, "info")
    assert "guidance 2.5" in text(told["message"])
    other = await stage.derived(stage.ben, card, "seed")
    assert stage.shot(other).guidance == 2.5


async def test_guidance_beyond_the_limit_is_one_sentence_and_no_job(stage: Stage):
    before = stage.rows("SELECT count(*) FROM jobs")
    told = await stage.told(stage.ada, "imagine", prompt="a red cat --cfg 31")
    assert hidden(told)
    assert "Guidance must lie between 0 and 30; 31 was given." in text(told)
    assert stage.rows("SELECT count(*) FROM jobs") == before


async def test_inpainting_has_the_same_dials(stage: Stage, first: Json):
    image = await stage.ada.attach(
        encoded(Image.fromarray(await pixels(stage.ada, first))), "i.png"
    )
    mask = await stage.ada.attach(encoded(Image.new("L", (64, 64), 255)), "m.png")
    told = await inpainted(stage, image=image, mask=mask, seed=3, speed="fast", guidance=1.5)
    card = await stage.card(stage.ada, told["id"])
    assert "few-step adapter Quick Strokes LCM 4 steps" in text(card)
    shot = stage.shot(card)
    assert (shot.steps, shot.guidance, shot.sampler) == (4, 1.5, "lcm")
