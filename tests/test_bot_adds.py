"""/adapters add on the wire: the real bot, the real planner; a sleepy one where time is what counts."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.house.source import HOUSE
from tests.playground.person import Person
from tests.reading import hidden, text
from tests.stage import Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
ROBOT = (HOUSE / "miniature" / "data" / "adapters" / "tin_robot.safetensors").read_bytes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The real planner over a shelf that is empty at first."""
    folder = tmp_path_factory.mktemp("bot")
    async with staged(folder, workers__command="[]", cards__builtin=False) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sleepy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("sleepy")
    async with staged(folder, delivery__acknowledge_seconds=1) as made:
        yield made


async def added(stage: Stage, who: Person, data: bytes, name: str) -> dict[str, object]:
    file = await who.attach(data, name)
    pressed = await who.slash("adapters add", file=file)
    answer = await who.answer(pressed, 60)
    if answer["type"] != 5:
        return answer["message"]
    return await who.message_where(lambda m: m["id"] == answer["message"]["id"] and text(m), 60)


async def test_a_file_is_found_at_once(stage: Stage):
    told = await added(stage, stage.ada, ROBOT, "Clockwork_Friend.safetensors")
    assert hidden(told)
    for words in ("Clockwork Friend", "locon", "sd1-96", "pg13", "Added."):
        assert words in text(told)
    info = await stage.told(stage.ada, "adapters info", name="Clockwork Friend")
    assert "Clockwork Friend" in text(info)
    found = await stage.told(stage.ada, "adapters browse", query="clockwork")
    assert "Clockwork Friend" in text(found)
    [kept] = (stage.bot.folder / "data" / "adapters").iterdir()
    assert kept.read_bytes() == ROBOT
    again = await added(stage, stage.ada, ROBOT, "other.safetensors")
    assert "Already known." in text(again)


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"MZ" + bytes(200), "virus.exe", "does not end in .safetensors"),
        (b"<html>not found</html>", "page.safetensors", "not a safetensors file"),
        (ROBOT[:-10], "cut.safetensors", "ends too early"),
        (b"\xff" * 64, "huge.safetensors", "not a safetensors file"),
        (b"", "empty.safetensors", "is empty"),
    ],
)
async def test_what_is_no_adapter_gets_one_sentence(stage: Stage, data: bytes, name: str, why: str):
    told = await added(stage, stage.ada, data, name)
    assert hidden(told)
    assert why in text(told)
    assert "\n" not in text(told).strip()
    left = list((stage.bot.folder / "data").rglob("*.part"))
    assert left == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/a.safetensors", "is not fetched"),
        ("https://169.254.169.254/latest/a.safetensors", "is not fetched"),
        ("https://user:word@far.example/a.safetensors", "is not fetched"),
        ("file:///etc/passwd.safetensors", "is not fetched"),
        ("https://far.example/readme.md", "no link to a .safetensors file"),
    ],
)
async def test_an_address_that_leads_inside_is_not_fetched(stage: Stage, url: str, why: str):
    told = await stage.told(stage.ada, "adapters add", url=url)
    assert hidden(told)
    assert why in text(told)


async def test_it_is_for_moderators_and_wants_one_thing(stage: Stage):
    assert "manage this server" in text(await added(stage, stage.ben, ROBOT, "a.safetensors"))
    assert "one of the two" in text(await stage.told(stage.ada, "adapters add"))


async def test_a_long_way_is_told_on_the_way(sleepy: Stage):
    url = "https://far.example/a.safetensors"
    pressed = await sleepy.ada.slash("adapters add", url=url)
    answer = await sleepy.ada.answer(pressed, 20)
    assert answer["type"] == 5
    message = answer["message"]["id"]
    coming = await sleepy.ada.message_where(
        lambda m: m["id"] == message and "Far Away, 100 MB" in text(m), 20
    )
    assert hidden(coming)
    assert "%" in text(coming)
    ended = await sleepy.ada.message_where(
        lambda m: m["id"] == message and "not to be chosen" in text(m), 20
    )
    assert "It sleeps." in text(ended)


async def test_a_job_says_what_it_waits_for(sleepy: Stage):
    pressed = await sleepy.ada.slash("imagine", prompt="FETCH LOST city")
    status = (await sleepy.ada.answer(pressed))["message"]
    coming = await sleepy.ada.message_where(
        lambda m: m["id"] == status["id"] and "Fetching Far Away" in text(m), 30
    )
    assert "100 MB" in text(coming)
    card = await sleepy.card(sleepy.ada, status["id"])
    assert "1 of 4 pictures could not be drawn" in text(card)
    assert "far.example" in text(card)
