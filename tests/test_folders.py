"""Folders of adapters that the settings name: searched without a command, followed while the planner lives."""

import asyncio
import shutil
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from bot.desks.planning import PlanningDesk
from bot.sections import MINIATURE
from bot.settings import load
from bot.worker import open_house

WITHIN = 10.0  # seconds: issue 4's bar for a file that is dropped in
STYLE = MINIATURE / "adapters" / "neon_tubes.safetensors"
ROCKET = MINIATURE / "adapters" / "retro_rocket.safetensors"

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


def house(tmp_path: Path, *folders: Path):
    names = ", ".join(f'"{folder}"' for folder in folders)
    environment = {
        "STYLUS_PATHS__DATA": str(tmp_path / "data"),
        "STYLUS_CARDS__BUILTIN": "false",
        "STYLUS_CARDS__FOLDERS": f"[{names}]",
    }
    return open_house(load(None, environment))


async def names(opened, text: str) -> set[str]:
    return {each.adapter.name for each in await opened.search(text, 5)}


async def test_a_folder_is_read_with_the_index_and_forgotten_with_the_setting(tmp_path: Path):
    folder = tmp_path / "loras"
    folder.mkdir()
    shutil.copy(ROCKET, folder / "retro rocket.safetensors")
    (folder / "broken.safetensors").write_bytes(b"PK\x03\x04 no adapter")
    opened = house(tmp_path, folder, tmp_path / "not mounted")
    await opened.index()
    assert len(opened.cards) == 1
    assert len(await names(opened, "rocket")) == 1
    assert [each.what for each in opened._stock.catalogue.skips()] == ["broken.safetensors"]
    without = house(tmp_path)
    await without.index()
    assert (len(without.cards), await names(without, "rocket")) == (0, set())


async def test_a_file_that_is_dropped_in_is_searchable_and_one_that_goes_is_not(tmp_path: Path):
    folder = tmp_path / "loras"
    folder.mkdir()
    there = folder / "neon tubes.safetensors"
    opened = house(tmp_path, folder)
    desk = PlanningDesk(opened, tmp_path / "packed")
    await desk.open()
    try:
        for change, wanted in (
            (partial(shutil.copy, STYLE, there), 1),
            (there.unlink, 0),
        ):
            await asyncio.sleep(0.5)
            began = time.monotonic()
            change()
            while len(await names(opened, "neon tubes")) != wanted:
                assert time.monotonic() - began < WITHIN
                await asyncio.sleep(0.1)
    finally:
        assert desk._index._watching is not None
        desk._index._watching.cancel()
        with suppress(asyncio.CancelledError):
            await desk._index._watching
