"""What is opened out of a list, as it is sent."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.routing.lists import Lists
from bot.settings import Settings
from bot.texts import Texts
from stylus_engine.model import Adapter
from stylus_engine.workers.frames import Cards, Lookup
from tests.bot.stand_in import card

TEXTS = Texts.load()


def lists(known: Adapter) -> Lists:
    async def consult(_: Lookup) -> Cards:
        return Cards(call=0, adapters=(known,))

    services: Any = SimpleNamespace(
        supervisor=SimpleNamespace(consult=consult), settings=Settings(), say=TEXTS.of
    )
    return Lists(services, SimpleNamespace())  # pyright: ignore[reportArgumentType] - nothing is admitted


@pytest.mark.asyncio
async def test_a_preview_larger_than_discord_takes_stays_away(tmp_path: Path):
    most = Settings().delivery.most_file
    files = {"large.png": most + 1, "right.jpg": most, "small.png": 1}
    for name, size in files.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    known = card("Fox", previews=tuple(str(tmp_path / name) for name in files))
    heard: Any = SimpleNamespace(locale="en-US")
    letter = await lists(known).adapter("Fox", heard)
    assert [file.path for file in letter.files] == [str(tmp_path / "right.jpg")]
    alone = card("Fox", previews=(str(tmp_path / "large.png"),))
    assert (await lists(alone).adapter("Fox", heard)).files == ()
