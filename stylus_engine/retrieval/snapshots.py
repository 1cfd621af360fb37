"""Snapshots of the index: LanceDB's own tags on LanceDB's own versions.

The number a version had reached goes back with it, so `follow` heals forward from
there.  A snapshot keeps its version and all later ones on the disk until it is dropped:
LanceDB cleans no version away that lies behind a tag.
"""

import re
from datetime import datetime
from typing import NamedTuple

from lancedb import AsyncTable

from stylus_engine.errors import BadIndex, BadText, UnknownName
from stylus_engine.retrieval.building import Generation
from stylus_engine.retrieval.index import CardIndex, broken, opened

# ASCII alone: of another letter LanceDB makes a tag that it cannot list again, nor any beside it.
_NAME = re.compile(r"(?=[_-]*[A-Za-z0-9])[A-Za-z0-9_-]{1,64}")


class Snapshot(NamedTuple):
    """A version that was given a name."""

    name: str
    generation: str
    version: int
    made: datetime


async def take(index: CardIndex, name: str) -> Snapshot:
    """Give the newest version a name. Raises `BadText` for a name that is odd or taken, `BadIndex`."""
    if not _NAME.fullmatch(name):
        raise BadText(what="name", why="letters from a to z, digits, - and _ are possible")
    async with index.home.writing():
        if any(one.name == name for one in await listed(index)):
            raise BadText(what="name", why="there is a snapshot of that name")
        table = await opened(index.home, await index.home.current())
        with broken(index.home.path):
            await table.tags.create(name, await table.version())
    return await _named(index, name)


async def listed(index: CardIndex) -> list[Snapshot]:
    """All snapshots, the newest first."""
    found: list[Snapshot] = []
    for generation in await index.home.generations():
        try:
            found += await _of(await opened(index.home, generation), generation, index.home.path)
        except BadIndex:
            continue  # a generation that was never finished
    return sorted(found, key=lambda one: one.made, reverse=True)


async def back_to(index: CardIndex, name: str) -> Snapshot:
    """Make the index what it was. Raises `UnknownName`, `BadIndex`, `StoreFailed`."""
    async with index.home.writing():
        snapshot = await _named(index, name)
        await Generation.resume(index.home, snapshot.generation, index.embedder)  # is it ours?
        table = await opened(index.home, snapshot.generation)
        with broken(index.home.path):
            await table.checkout(snapshot.version)
            await table.restore()
        if await index.home.current() != snapshot.generation:
            await index.home.point(snapshot.generation)
    return snapshot


async def drop(index: CardIndex, name: str) -> None:
    """Forget a snapshot; its disk is given back when the index is next compacted. Raises `UnknownName`."""
    async with index.home.writing():
        snapshot = await _named(index, name)
        await (await opened(index.home, snapshot.generation)).tags.delete(name)


async def _named(index: CardIndex, name: str) -> Snapshot:
    known = await listed(index)
    for snapshot in known:
        if snapshot.name == name:
            return snapshot
    told = ", ".join(one.name for one in known[:10])
    raise UnknownName(kind="snapshot", name=name[:80], known=f"Known: {told}." if told else "")


async def _of(table: AsyncTable, generation: str, path: str) -> list[Snapshot]:
    with broken(path):
        tags = await table.tags.list()
    made = {v["version"]: v["timestamp"] for v in await table.list_versions()} if tags else {}
    return [
        Snapshot(name, generation, tag["version"], made[tag["version"]])
        for name, tag in tags.items()
    ]
