"""By address: from a page of a source, or a link to the file itself, to a card that a prompt finds."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web

from stylus_engine.assembly import House, Places, Setup
from stylus_engine.catalog.orders import Brought
from stylus_engine.errors import (
    AdapterNotSafetensors,
    BadArchive,
    SourceRefused,
    StoreFull,
    TooMuch,
    UnsafeAddress,
)
from tests.catalog.servers.civitai import Civitai, file, model, version
from tests.catalog.servers.serving import serving
from tests.house.source import HOUSE

if TYPE_CHECKING:
    from stylus_engine.model import Fetching

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]
MINIATURE = HOUSE / "miniature" / "data"
ROBOT = (MINIATURE / "adapters" / "tin_robot.safetensors").read_bytes()
MOONLIT = (MINIATURE / "adapters" / "moonlit.safetensors").read_bytes()
DIGEST = hashlib.sha256(ROBOT).hexdigest()


def house(folder: Path, there: Civitai, token: str, most: int = 10**9) -> House:
    setup = Setup(
        checkpoints={"miniature": MINIATURE / "checkpoint"}, default_checkpoint="miniature",
        cards=(), pictures=folder, index=folder / "index", catalog=folder, cache=folder,
        most_weights=most,
        places=Places(civitai=there.url, civitai_token=lambda: token, allow_loopback=True),
    )  # fmt: skip
    return House(setup)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Civitai]:
    """Civitai with one model, whose file lies on another server."""

    async def cdn(_: web.Request) -> web.Response:
        return web.Response(body=ROBOT)

    async with serving(cdn) as store:
        made = Civitai(model(1), model(2, poi=True))
        made.cdn = store.url
        made.models[0]["modelVersions"] = [
            version(1001, files=[file(1001, hashes={"SHA256": DIGEST.upper()})])
        ]
        async with made():
            yield made


async def test_a_model_of_civitai_comes_with_its_file(there: Civitai, tmp_path: Path):
    told: list[Fetching] = []
    with closing(house(tmp_path, there, there.token)) as made:
        came = await made.add(Brought(url="civitai:1"), told.append)
        assert came.fresh
        assert came.adapter.family == "sd1-96"  # the file's truth, whatever the card claims
        assert came.why_not == ""
        assert told[-1].done == len(ROBOT)
        found = await made.search(came.adapter.name, 5)
        assert came.adapter.card_id in {each.adapter.card_id for each in found}
        again = await made.add(Brought(url="civitai:1"), told.append)
        assert (again.fresh, again.adapter) == (False, came.adapter)


async def test_without_a_token_nothing_is_taken_in(there: Civitai, tmp_path: Path):
    with closing(house(tmp_path, there, "")) as made:
        with pytest.raises(SourceRefused):
            await made.add(Brought(url="civitai:1"), lambda _: None)
        assert len(list(made.cards.cards())) == 0


async def test_a_real_person_is_refused_before_a_byte_is_fetched(there: Civitai, tmp_path: Path):
    with closing(house(tmp_path, there, there.token)) as made:
        with pytest.raises(BadArchive, match="real person"):
            await made.add(Brought(url="civitai:2"), lambda _: None)
        assert len(list(made.cards.cards())) == 0


async def test_a_link_to_a_file_is_followed(tmp_path: Path, there: Civitai):
    async def files(request: web.Request) -> web.Response:
        if "away" in request.path:
            raise web.HTTPFound("http://10.0.0.1/a.safetensors")
        page = "page" in request.path
        return web.Response(body=b"<html>" if page else ROBOT)

    async with serving(files) as store:
        with closing(house(tmp_path, there, "")) as made:
            link = f"{store.url}/My%20Robot.safetensors"
            came = await made.add(Brought(url=link), lambda _: None)
            assert (came.adapter.name, came.why_not) == ("My Robot", "")
            for name, refusal in (("away", UnsafeAddress), ("page", AdapterNotSafetensors)):
                with pytest.raises(refusal):
                    await made.add(Brought(url=f"{store.url}/{name}.safetensors"), lambda _: None)
            kept = list((tmp_path / "adapters").iterdir())
            assert [path.name for path in kept] == [f"{DIGEST}.safetensors"]


async def test_what_people_bring_counts_and_is_never_thrown_away_for_more(
    there: Civitai, tmp_path: Path
):
    async def files(_: web.Request) -> web.Response:
        return web.Response(body=MOONLIT)

    async with serving(files) as store:
        with closing(house(tmp_path, there, there.token, len(ROBOT) + 1000)) as made:
            came = await made.add(Brought(data=ROBOT, name="Robot.safetensors"), lambda _: None)
            for more in (
                Brought(data=MOONLIT, name="Moonlit.safetensors"),
                Brought(url=f"{store.url}/Moonlit.safetensors"),
            ):
                with pytest.raises(TooMuch, match="oonlit"):
                    await made.add(more, lambda _: None)
            with pytest.raises(StoreFull):
                made._stock.files.make_room(2000, "another")
            kept = [path.name for path in (tmp_path / "adapters").iterdir()]
            assert kept == [f"{DIGEST}.safetensors"]
            assert [each.name for each in made.cards.cards()] == [came.adapter.name]
