"""Watched folders, with the system's own events: dropped, copied slowly, moved, deleted, many at once."""

import asyncio
import hashlib
import os
import shutil
import time
from contextlib import aclosing, asynccontextmanager

import pytest

from stylus_engine.catalog import Digests
from stylus_engine.catalog.sources import watching
from stylus_engine.catalog.sources.folder import Folder
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.errors import SourceSilent
from tests.catalog.sources.files import a1111, lora, put

PROMISED = 10.0  # seconds from a file to its card


class Shelf:
    """A folder that is watched, and all that was told of it."""

    def __init__(self, root):
        self.stamps = {}
        self.pages = []
        self.folder = Folder(root, Eyes(Digests()), known=lambda: dict(self.stamps), quiet=1.0)
        self.changed = asyncio.Event()

    async def walk(self, folder):
        async with aclosing(folder.pages("", "")) as pages:
            async for page in pages:
                self.stamps |= {item.card.card_id: item.stamp for item in page.items}
                for card_id in page.gone:
                    self.stamps.pop(card_id, None)
                if page.items or page.gone or page.skipped:
                    self.pages.append(page)
                    self.changed.set()

    @property
    def names(self):
        return sorted(card_id.split(":")[1] for card_id in self.stamps)

    async def until(self, *names, within=PROMISED):
        """Seconds until exactly these files are cards."""
        began = time.monotonic()
        while self.names != sorted(names):
            self.changed.clear()
            left = began + within - time.monotonic()
            await asyncio.wait_for(self.changed.wait(), left)
        return time.monotonic() - began


@asynccontextmanager
async def watched(root, *, look=watching.LOOK):
    shelf = Shelf(root)
    task = asyncio.create_task(watching.watch([shelf.folder], shelf.walk, look=look))
    try:
        await asyncio.sleep(0.3)
        yield shelf
    finally:
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 2


def tell(capsys, **seconds):
    """The promise is ten seconds; what it was is printed."""
    with capsys.disabled():
        print({name: round(each, 1) for name, each in seconds.items()})  # noqa: T201 - measured, for people


@pytest.mark.slow
@pytest.mark.asyncio
async def test_dropped_renamed_and_deleted(tmp_path, capsys):
    put(tmp_path / "old.safetensors", lora(1))
    async with watched(tmp_path, look=30) as shelf:
        await shelf.until("old")
        put(tmp_path / "sub" / "new.safetensors", lora(2))
        took = await shelf.until("old", "sub/new")
        (tmp_path / "sub" / "new.safetensors").rename(tmp_path / "moved.safetensors")
        moved = await shelf.until("old", "moved")
        (tmp_path / "old.safetensors").unlink()
        deleted = await shelf.until("moved")
        put(tmp_path / "moved.json", a1111())
        shelf.changed.clear()
        await asyncio.wait_for(shelf.changed.wait(), PROMISED)
        assert shelf.pages[-1].items[0].card.weight == 0.7
    tell(capsys, dropped=took, moved=moved, deleted=deleted)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_file_that_is_being_copied_waits_until_it_is_whole(tmp_path):
    data = lora(3)
    async with watched(tmp_path, look=30) as shelf:
        with (tmp_path / "slow.safetensors").open("wb", buffering=0) as file:
            for start in range(0, len(data), len(data) // 12):
                file.write(data[start : start + len(data) // 12])
                await asyncio.sleep(0.25)
                assert shelf.pages == []
        took = await shelf.until("slow")
        assert took < PROMISED
        assert [len(page.items) for page in shelf.pages] == [1]
        assert not any(page.skipped for page in shelf.pages)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_copy_with_its_full_size_from_the_start_waits_too(tmp_path):
    """As some programs copy: the header and the size are right long before the numbers are."""
    data = lora(4)
    async with watched(tmp_path, look=30) as shelf:
        with (tmp_path / "big.safetensors").open("wb", buffering=0) as file:
            file.truncate(len(data))
            for start in range(0, len(data), 1000):
                file.write(data[start : start + 1000])
                await asyncio.sleep(0.3)
                assert shelf.pages == []
        await shelf.until("big")
    assert next(iter(shelf.stamps)).endswith(hashlib.sha256(data).hexdigest()[:12])


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_hundred_at_once_are_one_page(tmp_path, capsys):
    files = {f"{n:03d}": lora(n) for n in range(200)}
    async with watched(tmp_path, look=30) as shelf:
        for name, data in files.items():
            (tmp_path / f"{name}.safetensors").write_bytes(data)
        took = await shelf.until(*files)
        assert [len(page.items) for page in shelf.pages] == [200]
        shutil.rmtree(tmp_path, ignore_errors=True)
        tmp_path.mkdir(exist_ok=True)
        gone = await shelf.until(within=20)
        assert [len(page.gone) for page in shelf.pages[1:]] == [200]
    tell(capsys, two_hundred=took, two_hundred_gone=gone)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_folder_that_vanishes_is_waited_for_and_keeps_its_cards(tmp_path):
    root, aside = tmp_path / "loras", tmp_path / "aside"
    put(root / "a.safetensors", lora(1))
    async with watched(root, look=1) as shelf:
        await shelf.until("a")
        root.rename(aside)
        await asyncio.sleep(2.5)
        assert shelf.names == ["a"]
        put(aside / "b.safetensors", lora(2))
        aside.rename(root)
        await shelf.until("a", "b")
        put(root / "c.safetensors", lora(3))
        await shelf.until("a", "b", "c")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_folder_that_comes_later(tmp_path):
    async with watched(tmp_path / "later", look=1) as shelf:
        put(tmp_path / "later" / "a.safetensors", lora(1))
        await shelf.until("a")


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("error", "look"),
    [(OSError("no inotify here"), watching.LOOK), (RuntimeError("too many"), 0.5)],
)
async def test_where_nothing_can_be_watched_it_is_looked_at_times(
    tmp_path, monkeypatch, error, look
):
    def refusing(*_, **__):
        raise error

    monkeypatch.setattr(watching, "awatch", refusing)
    async with watched(tmp_path, look=look) as shelf:
        put(tmp_path / "a.safetensors", lora(1))
        assert await shelf.until("a") < PROMISED
        (tmp_path / "a.safetensors").unlink()
        assert await shelf.until() < PROMISED


@pytest.mark.asyncio
async def test_what_the_walk_raises_ends_the_watch(tmp_path):
    async def failing(_):
        raise ZeroDivisionError

    put(tmp_path / "a.safetensors", lora(1))
    with pytest.raises(ZeroDivisionError):
        await watching.watch([Folder(tmp_path, Eyes(Digests()))], failing)


@pytest.mark.asyncio
async def test_nothing_new_is_no_walk(tmp_path, monkeypatch):
    put(tmp_path / "a.safetensors", lora(1))
    walks = []

    async def walk(folder):
        walks.append(folder.name)

    task = asyncio.create_task(watching.watch([Folder(tmp_path, Eyes(Digests()))], walk, look=0.1))
    await asyncio.sleep(1.5)
    (tmp_path / "readme.txt").write_text("x")
    os.utime(tmp_path)
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(walks) == 1


@pytest.mark.asyncio
async def test_a_walk_that_failed_is_walked_again_without_another_event(tmp_path):
    """A folder that went away in the middle and came back just as it was."""
    put(tmp_path / "a.safetensors", lora(1))
    walks, again = [], asyncio.Event()

    async def walk(folder):
        walks.append(folder)
        if len(walks) == 1:
            raise SourceSilent(source=str(folder.root), why="it went away")
        again.set()

    folder = Folder(tmp_path, Eyes(Digests()))
    task = asyncio.create_task(watching.watch([folder], walk, look=0.1))
    await asyncio.wait_for(again.wait(), PROMISED)
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(walks) == 2
