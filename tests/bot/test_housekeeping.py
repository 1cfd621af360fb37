"""What is old leaves the store, the lease is held, and no failed step ends a round."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from bot import housekeeping
from bot.housekeeping import delete
from bot.jobs import lease
from bot.jobs.line import LeaseLost, Line, Rules
from bot.jobs.tables import images
from bot.sections import Paths
from bot.settings import Settings
from stylus_engine.model import Manifest, Picture, Recipe, Shot
from stylus_engine.pictures.store import PictureStore
from tests.bot.delivery.memory_wire import HandClock
from tests.bot.jobs.people import NOW, accepted, wish
from tests.playground.driver import until

LATER = NOW + 91 * 86400.0  # jobs of NOW are older than the 90 days of the rules


def stored(folder: Path, count: int) -> list[Picture]:
    """So many different pictures, kept by the store itself."""
    shot = Shot(
        id="j-1", job="j", index=0, recipe=Recipe(prompt="x"), seed=1, width=8, height=8,
        steps=1, guidance=1.0, sampler="euler",
    )  # fmt: skip
    store, manifest = PictureStore(folder), Manifest(shot=shot, checkpoint="c", encoded="x")
    pixels = (np.full((8, 8, 3), value, dtype=np.uint8) for value in range(count))
    return [aged(store.keep(each, manifest)) for each in pixels]


def aged(picture: Picture) -> Picture:
    age(Path(picture.path))
    return picture


def age(file: Path) -> None:
    """As if it had been written long ago."""
    then = time.time() - 2 * housekeeping.FRESH_SECONDS
    os.utime(file, (then, then))


def test_a_picture_is_found_where_the_store_put_it(tmp_path: Path):
    kept, gone = stored(tmp_path, 2)
    assert delete(tmp_path, [gone.id, "f" * 64]) == [gone.id, "f" * 64]
    assert Path(kept.path).is_file()
    assert not Path(gone.path).exists()


def test_a_picture_that_somebody_has_just_brought_again_stays(tmp_path: Path):
    """The line hears of it only when its job is accepted."""
    brought, old = stored(tmp_path, 2)
    os.utime(brought.path)
    assert delete(tmp_path, [brought.id, old.id]) == [old.id]
    assert Path(brought.path).is_file()


@asynccontextmanager
async def a_house(folder: Path) -> AsyncGenerator[Any]:
    """As much of the services as housekeeping asks for, on a real line."""
    settings, clock = Settings(paths=Paths(data=str(folder))), HandClock(LATER)
    line = await Line.open(f"sqlite:///{folder}/line.db", Rules(), owner="bot", now=NOW)
    try:
        yield SimpleNamespace(line=line, settings=settings, clock=clock, now=clock.now)
    finally:
        await line.close()


async def a_round(services: Any, work: Any) -> "asyncio.Task[None]":
    """The round, at its next sleep or its end."""
    task = asyncio.create_task(work(services))
    await rests(services, task)
    return task


async def rests(services: Any, task: "asyncio.Task[None]") -> None:
    async def there() -> bool:
        return task.done() or services.clock.sleeps(task)

    await until(there, 10, "the round to sleep or end")


@pytest.mark.asyncio
async def test_the_files_of_old_jobs_go_and_one_that_stays_is_tried_again(tmp_path: Path):
    async with a_house(tmp_path) as house:
        pictures = stored(house.settings.paths.place("pictures"), 4)
        job = await accepted(house.line, wish(), "posted")

        def real_ones(connection: Any) -> None:
            for index, picture in enumerate(pictures):
                mine = (images.c.job == job.id) & (images.c.position == index)
                connection.execute(update(images).where(mine).values(picture_id=picture.id))

        await house.line._db.write(real_ones)
        stuck = Path(pictures[0].path)
        stuck.unlink()
        stuck.mkdir()  # what cannot be unlinked
        task = await a_round(house, housekeeping.sweep)
        assert not any(Path(each.path).exists() for each in pictures[1:])
        stuck.rmdir()
        stuck.touch()
        age(stuck)
        house.clock.turn(housekeeping.SWEEP_SECONDS)
        await rests(house, task)
        assert not stuck.exists()
        assert (await house.line.sweep(LATER)).pictures == ()
        task.cancel()


@pytest.mark.asyncio
async def test_a_clock_that_is_set_forward_for_a_while_forgets_nothing(tmp_path: Path):
    async with a_house(tmp_path) as house:
        job = await accepted(house.line, wish(), "posted", now=LATER)
        task = await a_round(house, housekeeping.sweep)
        house.clock.set(400 * 86400.0)
        house.clock.turn(housekeeping.SWEEP_SECONDS)
        await rests(house, task)
        assert await house.line.job(job.id) is not None
        house.clock.turn(housekeeping.SWEEP_SECONDS)  # nobody has set it back: so it is
        await rests(house, task)
        assert await house.line.job(job.id) is None
        task.cancel()


@pytest.mark.asyncio
async def test_a_sweep_that_fails_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with a_house(tmp_path) as house:
        tried: list[float] = []

        async def sweep(now: float) -> None:
            tried.append(now)
            raise OSError("the database is away")

        monkeypatch.setattr(house.line, "sweep", sweep)
        task = await a_round(house, housekeeping.sweep)
        house.clock.turn(housekeeping.SWEEP_SECONDS)
        await rests(house, task)
        assert len(tried) == 2
        assert not task.done()
        task.cancel()


@pytest.mark.asyncio
@pytest.mark.parametrize(("fails", "lost"), [(3, False), (4, True)])
async def test_a_lease_that_cannot_be_renewed_is_lost_when_it_has_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int, lost: bool
):
    async with a_house(tmp_path) as house:
        faults = [OSError("the database is away")] * fails

        async def hold(_: float) -> None:
            if faults:
                raise faults.pop()

        monkeypatch.setattr(house.line, "hold", hold)
        task = await a_round(house, housekeeping.hold)
        for _ in range(6):
            house.clock.turn(housekeeping.HOLD_SECONDS)
            await rests(house, task)
        assert task.done() == lost
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended, LeaseLost) == lost


@pytest.mark.asyncio
async def test_another_bot_in_the_database_ends_the_round_at_once(tmp_path: Path):
    async with a_house(tmp_path) as house:
        await house.line._db.write(lambda connection: lease.give_back(connection, "bot"))
        task = await a_round(house, housekeeping.hold)
        house.clock.turn(housekeeping.HOLD_SECONDS)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(task, 10)
