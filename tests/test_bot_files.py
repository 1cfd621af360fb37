"""Adapter files that move under the bot, on the wire: a folder that is watched, the real planner, the real drawer."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from stylus_engine.model import Manifest
from stylus_engine.pictures.png import decode
from stylus_engine.ports import Pixels
from tests.house.source import HOUSE
from tests.playground.driver import until
from tests.playground.person import Person
from tests.reading import hidden, job_of, pictures, text
from tests.stage import Json, Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
ADAPTERS = HOUSE / "miniature" / "data" / "adapters"
FILES = {
    "steady": "storybook_dragon",
    "moving": "moonlit",
    "one/twin": "thunder",
    "two/twin": "graphite",
}
NEXT = "golden_hour"  # what `moving` becomes


def lay(place: Path, name: str) -> None:
    """As a careful program replaces a file: whole, under its name at once."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_bytes((ADAPTERS / f"{name}.safetensors").read_bytes())
    part.replace(place)


def sha256(name: str) -> str:
    return hashlib.sha256((ADAPTERS / f"{name}.safetensors").read_bytes()).hexdigest()


def id_of(place: str, name: str = "") -> str:
    return f"local:{place}:{sha256(name or FILES[place])[:12]}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Two pictures are drawn at a time: a second job waits until the first is done."""
    folder = tmp_path_factory.mktemp("bot")
    for place, name in FILES.items():
        lay(folder / "shelf" / f"{place}.safetensors", name)
    more = {
        "cards__folders": f'["{folder / "shelf"}"]',
        "cards__builtin": False,
        "sampling__slots": 2,
        "sampling__waiting": 64,
        "drawing__steps": 80,
    }
    async with staged(folder, workers__command="[]", **more) as made:
        await made.imagine(made.ada, prompt="a house", adapters="off", count=1)
        await known(made, made.ada, id_of("moving"))
        yield made


async def known(stage: Stage, who: Person, card_id: str) -> None:
    """Until the planner has read the file and offers it."""

    async def offered() -> bool:
        return card_id in await choices(who, "moving")

    await until(offered, 60, f"{card_id} to be known")


async def choices(who: Person, typed: str) -> dict[str, str]:
    """What is sent -> what is read, of what is offered while somebody types."""
    offered = await who.autocomplete("imagine", "adapters", adapters=typed)
    return {each["value"]: each["name"] for each in offered}


async def seen(who: Person, card: Json, number: int) -> tuple[Pixels, Manifest]:
    """A picture as it was delivered, and what it says of itself."""
    data = await who.read(pictures(card)[number])
    manifest = decode(data, "a picture")[1]
    assert manifest is not None
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), manifest


async def asked(who: Person, **options: object) -> Json:
    return (await who.answer(await who.slash("imagine", **options)))["message"]


async def test_a_file_that_changes_under_a_running_job(stage: Stage):
    """Who is being drawn for has begun with the old bytes and ends with them; who waits loses one picture."""
    pins = f"{id_of('steady')},{id_of('moving')}"
    wish = {"prompt": "a red dragon in the forest", "adapters": pins, "count": 2, "seed": 3}
    calm = await stage.imagine(stage.ada, **wish)
    running = await asked(stage.ada, **wish)
    await stage.being_drawn(stage.ada, running)
    waiting = await asked(stage.ben, **wish)
    await planned(stage, job_of(waiting))
    lay(stage.bot.folder / "shelf" / "moving.safetensors", NEXT)
    ran = await stage.card(stage.ada, running["id"])
    waited = await stage.card(stage.ben, waiting["id"])
    before = [await seen(stage.ada, calm, number) for number in (0, 1)]
    after = [await seen(stage.ada, ran, number) for number in (0, 1)]
    [rest] = [await seen(stage.ben, waited, number) for number in range(len(pictures(waited)))]
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(before, after, strict=True))
    assert np.array_equal(rest[0], before[1][0])
    assert [lit.name for lit in rest[1].adapters] == ["steady"]
    [told] = [line for line in text(waited).splitlines() if "has changed" in line]
    was, now = sha256(FILES["moving"])[:12], sha256(NEXT)[:12]
    sentence = f"The file of adapter moving has changed: sha256 {now} where {was} was expected."
    assert told == f"1 of 2 pictures could not be drawn. {sentence}"
    await its_new_bytes_are_another_adapter(stage)


async def planned(stage: Stage, job: str) -> None:
    async def there() -> bool:
        return stage.state(job) == "planned"

    await until(there, 60, f"{job} to be planned")


async def its_new_bytes_are_another_adapter(stage: Stage) -> None:
    """Under another id, as soon as the folder was looked at; the old id means nothing else meanwhile."""
    await known(stage, stage.ada, id_of("moving", NEXT))
    old = await stage.told(stage.ada, "imagine", prompt="a fox", adapters=id_of("moving"))
    assert hidden(old)
    assert "There is no adapter called" in text(old)
    new = id_of("moving", NEXT)
    card = await stage.imagine(stage.ada, prompt="a red fox", adapters=new, count=1, seed=3)
    _, manifest = await seen(stage.ada, card, 0)
    assert [lit.file_sha256 for lit in manifest.adapters] == [sha256(NEXT)]


async def test_two_files_with_one_name(stage: Stage):
    """Each is offered with what tells it from the other, and drawn with by that; the name alone is asked about."""
    one, two = id_of("one/twin"), id_of("two/twin")
    offered = await choices(stage.ada, "twin")
    assert {offered[one], offered[two]} == {f"twin · {one}", f"twin · {two}"}
    told = await stage.told(stage.ada, "imagine", prompt="a fox", adapters="twin")
    assert hidden(told)
    sentence = text(told).replace("\\", "")
    assert sentence == f"2 adapters have the name “twin”; ask by id: {one}, {two}."
    for card_id in (one, two):
        wish = {"prompt": "a red fox", "adapters": card_id, "count": 1, "seed": 3}
        _, manifest = await seen(stage.ada, await stage.imagine(stage.ada, **wish), 0)
        place = card_id.split(":")[1]
        assert [lit.file_sha256 for lit in manifest.adapters] == [sha256(FILES[place])]
