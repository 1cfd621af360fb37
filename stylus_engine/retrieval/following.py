"""The index in line with the cards: every change once, in order, and the number it reached.

    read the number -> changes after it, a chunk at a time -> rows in -> the number

Missing, damaged, outgrown, or too far behind: a new generation is written and becomes
current by one rename, so a reader or a kill in the middle meets the old index or the
new one; a build that was killed goes on where it was.
"""

import asyncio
import uuid

from stylus_engine.errors import IndexBroken, IndexMissing, IndexSchema
from stylus_engine.ports import Changes
from stylus_engine.retrieval.building import WHOLE, Generation
from stylus_engine.retrieval.index import CardIndex, View, opened

CHUNK = 4096  # changes embedded and written at once
REBUILD = 0.2  # share of the rows; with more changes than this a new generation is cheaper
GENERATIONS = 2  # kept: the current one, and the one a reader may still be in
GOAL, HOW = "stylus.goal", "stylus.how"  # marks of a build


async def follow(index: CardIndex, changes: Changes) -> int:
    """Bring `index` in line with `changes`; return how many changes were written.

    An index of an older version of ours is written anew.  One of a newer version, or
    of another embedding space, is somebody else's: it is left alone.  Raises
    `IndexSchema`, `IndexBroken`, `StoreFailed`, `BadEmbedder`.
    """
    goal = await asyncio.to_thread(changes.last)
    if await _standing(index) == goal:
        return 0
    async with index.home.writing():
        reached = await _standing(index)  # another process may have been quicker
        if reached is None or reached > goal or await _far(index, goal - reached):
            return await _anew(index, changes, known=await _known(index))
        return await _catch_up(index, changes)


async def anew(index: CardIndex, changes: Changes) -> int:
    """Write the whole index, whatever lies there, embedding every text again; how many changes.

    Raises `StoreFailed`, `BadEmbedder`.
    """
    async with index.home.writing():
        return await _anew(index, changes, known=None)


async def _standing(index: CardIndex) -> int | None:
    """The number the current generation reached; None: there is none that could go on."""
    try:
        return await index.reached()
    except (IndexMissing, IndexBroken):
        return None
    except IndexSchema:
        if await index.outgrown():
            return None
        raise


async def _far(index: CardIndex, behind: int) -> bool:
    """Whether so many changes that writing all is less work. A little index is never far."""
    if behind <= CHUNK:
        return False
    return behind > REBUILD * await (await index.view()).count()


async def _known(index: CardIndex) -> View | None:
    """Where vectors of texts that have not changed may be found."""
    try:
        return await index.view()
    except (IndexMissing, IndexBroken, IndexSchema):
        return None


async def _catch_up(index: CardIndex, changes: Changes) -> int:
    generation = await Generation.resume(index.home, await index.home.current(), index.embedder)
    written = await _walk(generation, changes, index.embedder.name)
    await generation.tidy()
    return written


async def _anew(index: CardIndex, changes: Changes, known: View | None) -> int:
    """Write a generation up to the newest change of now, make it current, then catch up."""
    goal = await asyncio.to_thread(changes.last)
    name, generation, goal = await _begun(index, goal, how="known" if known else "anew")
    written = await _walk(generation, changes, index.embedder.name, known, goal=goal)
    await generation.finish()
    await index.home.point(name)
    await _sweep(index)
    return written + await _catch_up(index, changes)


async def _walk(
    generation: Generation,
    changes: Changes,
    space: str,
    known: View | None = None,
    *,
    goal: int | None = None,
) -> int:
    """Write what comes after the number it reached, up to `goal`, None = all there is.

    With a goal the generation is being built, and each card comes once: one that changes
    meanwhile gets a number beyond the goal.  Only the chunk at which a kill may have
    happened can hold rows that are in already.
    """
    reached, written = await generation.reached(), 0
    fresh = goal is not None and not reached
    while chunk := await asyncio.to_thread(changes.after, reached, CHUNK, space):
        within = [change for change in chunk if goal is None or change.seq <= goal]
        if not within:
            break
        await generation.take(within, known, fresh=fresh)
        reached, written = within[-1].seq, written + len(within)
        fresh = goal is not None
    return written


async def _begun(index: CardIndex, goal: int, how: str) -> tuple[str, Generation, int]:
    """A generation to fill, and up to which change: one that was killed, else a new one."""
    for name in await _others(index):
        try:
            generation = await Generation.resume(index.home, name, index.embedder)
            told = await generation.marks()
        except (IndexBroken, IndexSchema):
            continue
        if told.get(HOW) == how and WHOLE not in told and int(told[GOAL]) <= goal:
            return name, generation, int(told[GOAL])
    name = f"cards-{uuid.uuid4().hex[:12]}"
    generation = await Generation.begin(index.home, name, index.embedder)
    await generation.note(**{GOAL: str(goal), HOW: how})
    return name, generation, goal


async def _others(index: CardIndex) -> list[str]:
    """All generations but the current one, newest first."""
    try:
        current = await index.home.current()
    except IndexMissing:
        current = ""
    return [name for name in await index.home.generations() if name != current]


async def _sweep(index: CardIndex) -> None:
    """Remove old generations, but none that a snapshot lies in."""
    for number, name in enumerate(await _others(index), start=1):
        if number >= GENERATIONS and not await _tagged(index, name):
            await index.home.drop(name)


async def _tagged(index: CardIndex, name: str) -> bool:
    try:
        return bool(await (await opened(index.home, name)).tags.list())
    except IndexBroken:
        return False
