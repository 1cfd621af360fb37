import asyncio
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.jobs.line import Line, Rules
from tests.bot.delivery.post_office import World, a_world


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty line, made once: migrating takes longer than most tests here."""
    file = tmp_path_factory.mktemp("line") / "line.db"

    async def make() -> None:
        line = await Line.open(f"sqlite:///{file}", Rules(), owner="nobody", now=0.0)
        await line.close()

    asyncio.run(make())
    return file


@pytest_asyncio.fixture
async def world(tmp_path: Path, migrated: Path) -> AsyncGenerator[World]:
    shutil.copy(migrated, tmp_path / "line.db")
    async with a_world(tmp_path / "line.db") as made:
        yield made
