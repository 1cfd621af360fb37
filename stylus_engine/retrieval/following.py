"""The index in line with the cards: every change once, in order, and the number it reached.

    read the number -> changes after it, a chunk at a time -> rows in -> the number

Missing, damaged, outgrown, of another catalogue, or too far behind: a new generation is written and becomes
current by one rename, so a reader or a kill in the middle meets the old index or the
new one; a build that was killed goes on where it was.
"""

import asyncio
import uuid

from stylus_engine.errors import IndexBroken, IndexMissing, IndexSchema
from stylus_engine.ports import Changes
from stylus_engine.retrieval.building import WHOLE, Generation
from stylus_engine.retrieval.index import (
    FOLLOWED,
    CardIndex,
    Standing,
    View,
    broken,
    opened,
    standing,
)

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
    goal = await asyncio.to_thread(_goal, changes)
    if _same(await _standing(index), goal):
        return 0
    async with index.home.writing():
        there = await _standing(index)  # another process may have been quicker
        if there is None or not await _near(index, there, goal) or await _forked(there, changes):
            return await _anew(index, changes, known=await _known(index))
        return await _catch_up(index, changes)


async def anew(index: CardIndex, changes: Changes) -> int:
    """Write the whole index, whatever lies there, embedding every text again; how many changes.

    Raises `StoreFailed`, `BadEmbedder`.
    """
    async with index.home.writing():
        return await _anew(index, changes, known=None)


def _goal(changes: Changes) -> Standing:
    last = changes.last()
    return Standing(changes.identity(), last, changes.card_of(last))


async def _standing(index: CardIndex) -> Standing | None:
    """How far the current generation is; None: there is none that could go on."""
    try:
        return await index.standing()
    except (IndexMissing, IndexBroken):
        return None
    except IndexSchema:
        if await index.outgrown():
            return None
        raise


def _same(there: Standing | None, goal: Standing) -> bool:
    return there is not None and there in {goal, goal._replace(newest="")}


async def _forked(there: Standing, changes: Changes) -> bool:
    """Whether the change it came to is none of these: a catalogue out of a backup counts on from there.

    In one and the same sequence the card of a number has that number or, changed again, a later one.
    """
    if not there.newest:
        return False
    return await asyncio.to_thread(changes.number_of, there.newest) < there.reached


async def _near(index: CardIndex, there: Standing, goal: Standing) -> bool:
    """Whether it may go on from there: the same catalogue, not ahead, and writing all were more work.

    A little index is never far.
    """
    behind = goal.reached - there.reached
    if there.identity != goal.identity or behind < 0:
        return False
    return behind <= CHUNK or behind <= REBUILD * await (await index.view()).count()


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
    goal = await asyncio.to_thread(_goal, changes)
    name, generation, last = await _begun(index, changes, goal, how="known" if known else "anew")
    written = await _walk(generation, changes, index.embedder.name, known, goal=last)
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
    fresh = goal is not None and await generation.empty()
    while chunk := await asyncio.to_thread(changes.after, reached, CHUNK, space):
        within = [change for change in chunk if goal is None or change.seq <= goal]
        if not within:
            break
        await generation.take(within, known, fresh=fresh)
        reached, written = within[-1].seq, written + len(within)
        fresh = goal is not None
    return written


async def _begun(
    index: CardIndex, changes: Changes, goal: Standing, how: str
) -> tuple[str, Generation, int]:
    """A generation to fill, and up to which change: one that was killed, else a new one."""
    for name in await _others(index):
        try:
            generation = await Generation.resume(index.home, name, index.embedder)
            told = await generation.marks()
        except (IndexBroken, IndexSchema):
            continue
        ours = told.get(HOW) == how and standing(told).identity == goal.identity
        ours = ours and not await _forked(standing(told), changes)
        if ours and WHOLE not in told and int(told[GOAL]) <= goal.reached:
            return name, generation, int(told[GOAL])
    name = f"cards-{uuid.uuid4().hex[:12]}"
    generation = await Generation.begin(index.home, name, index.embedder)
    await generation.note(**{GOAL: str(goal.reached), HOW: how, FOLLOWED: goal.identity})
    return name, generation, goal.reached


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
        if number >= GENERATIONS and not await _is_kept(index, name):
            await index.home.drop(name)


async def _is_kept(index: CardIndex, name: str) -> bool:
    """Whether a snapshot lies in it; what cannot be read any more keeps none."""
    try:
        return await _tagged(index, name)
    except IndexBroken:
        return False


async def _tagged(index: CardIndex, name: str) -> bool:
    table = await opened(index.home, name)
    with broken(index.home.path):
        return bool(await table.tags.list())
