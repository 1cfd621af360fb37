"""How a boundary is reached: what people do until the bot comes by.

Most are passed by any wish.  The table says what the rare ones need; `PRELUDES` which
crash must come before, since only a bot that takes over passes there.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from typing import TypeAlias

from bot.cards.paging import Page
from bot.custom_ids import Pressed
from tests.faults.crowd import Crowd
from tests.faults.lives import Lives
from tests.faults.orders import LOST
from tests.faults.scenarios import NO_FILES

Deed: TypeAlias = Callable[[Crowd, Lives], Awaitable[None]]
HELD_SECONDS = 0.4  # beyond the patience of a first answer
DAYS = 86400.0


async def wish(crowd: Crowd, lives: Lives) -> None:
    await crowd.wave(4)


async def private_wish(crowd: Crowd, lives: Lives) -> None:
    await crowd.imagine(crowd.person(), private=True)


# --- ends without a card


async def cancel(crowd: Crowd, lives: Lives) -> None:
    """Whoever waits longest from now on."""
    who = crowd.person()
    if message := await crowd.status(who, count=4):
        await crowd.press(message, "cancel", who)


async def refuse(crowd: Crowd, lives: Lives) -> None:
    await crowd.imagine(crowd.person(), "REFUSE")


async def half(crowd: Crowd, lives: Lives) -> None:
    await crowd.imagine(crowd.person(), "BREAK")


async def crash(crowd: Crowd, lives: Lives) -> None:
    await crowd.imagine(crowd.person(), "CRASH ONCE")


async def lose_a_claim(crowd: Crowd, lives: Lives) -> None:
    """The database goes away between a claim and its answer."""
    (lives.folder / LOST).touch()
    await crowd.wave(4)


# --- roads


async def late(crowd: Crowd, lives: Lives) -> None:
    """Tokens die while the job waits: only the bot's own edit is left."""
    await crowd.wave(4)
    await crowd.status(crowd.person())
    await crowd.play.clock(expire_tokens=True)


async def anew(crowd: Crowd, lives: Lives) -> None:
    """And the message is gone: a new one."""
    if message := await crowd.status(crowd.person(), count=4):
        await crowd.delete(message)
    await crowd.play.clock(expire_tokens=True)


async def direct(crowd: Crowd, lives: Lives) -> None:
    """A private result whose token is dead: a direct message."""
    await crowd.status(crowd.person(), private=True, count=4)
    await crowd.play.clock(expire_tokens=True)


async def roadless(crowd: Crowd, lives: Lives) -> None:
    """And the person takes none."""
    who = crowd.person("june")
    crowd.closed.add(who.name)
    await crowd.play.settings(dms_closed=sorted(crowd.closed))
    await crowd.status(who, private=True, count=4)
    await crowd.play.clock(expire_tokens=True)


# --- what is done with a card


async def favourite(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    await crowd.press(said.message, "fav", who)


async def vote(crowd: Crowd, lives: Lives, said: str = "0-down") -> None:
    found, who = await crowd.card()
    await who.press(found.message, Pressed(found.job, "rate", said).custom_id, forged=True)


async def unvote(crowd: Crowd, lives: Lives) -> None:
    await vote(crowd, lives)
    await vote(crowd, lives, "none")


async def ballot(crowd: Crowd, lives: Lives) -> None:
    found, who = await crowd.comparison()
    await crowd.press(found.message, "ab:a", who)


async def reveal(crowd: Crowd, lives: Lives) -> None:
    found, who = await crowd.comparison()
    await crowd.press(found.message, "reveal", who)


async def edit(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    await crowd.press(said.message, "edit", who)


async def delete(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    await crowd.press(said.message, "del", who)


async def restore(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    pressed = await crowd.press(said.message, "del", who)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for one in await who.messages():
            if any(f"{said.job}:restore" in str(part) for part in one["components"]):
                await crowd.press(one, "restore", who)
                return
        await asyncio.sleep(0.05)
    assert pressed


async def delete_from_afar(crowd: Crowd, lives: Lives) -> None:
    """🗑️ of a job pressed on another message than its card."""
    said, who = await crowd.card()
    if (other := await crowd.told(who, "queue")) is not None:
        gone = Pressed(said.job, "del").custom_id
        await who.press(other, gone, forged=True)


async def single(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    await crowd.derive(said.message, "u:0", who)


async def reseed(crowd: Crowd, lives: Lives) -> None:
    said, who = await crowd.card()
    await crowd.derive(said.message, "seed", who)


async def leaf(crowd: Crowd, lives: Lives) -> None:
    """The next page of a list."""
    who = crowd.person()
    if (message := await crowd.told(who, "history")) is not None:
        page = Page("history", 0).pressed.custom_id
        await who.press(message, page, forged=True)


# --- moderators


async def pause(crowd: Crowd, lives: Lives) -> None:
    await crowd.told(crowd.person("ada"), "admin pause")


async def resume(crowd: Crowd, lives: Lives) -> None:
    await pause(crowd, lives)
    await crowd.told(crowd.person("ada"), "admin resume")


async def ban(crowd: Crowd, lives: Lives) -> None:
    await crowd.told(crowd.person("ada"), "admin ban", user=await june(crowd))


async def unban(crowd: Crowd, lives: Lives) -> None:
    await ban(crowd, lives)
    await crowd.told(crowd.person("ada"), "admin unban", user=await june(crowd))


async def learn(crowd: Crowd, lives: Lives) -> None:
    await crowd.told(crowd.person("ada"), "admin learning", what="on")


async def forget(crowd: Crowd, lives: Lives) -> None:
    await crowd.told(crowd.person("ada"), "admin learning", what="delete")


async def welcome(crowd: Crowd) -> None:
    """Whatever moderators did before a kill is undone: the line runs, nobody is banned."""
    if crowd.rows("SELECT 1 FROM switches WHERE name = 'paused' AND value != ''"):
        await crowd.told(crowd.person("ada"), "admin resume")
    if crowd.rows("SELECT 1 FROM bans"):
        await crowd.told(crowd.person("ada"), "admin unban", user=await june(crowd))


async def june(crowd: Crowd) -> str:
    users = (await crowd.play.world())["users"]
    return next(user["id"] for user in users if user["username"] == "june")


# --- circumstances of a first answer


async def slow(crowd: Crowd, lives: Lives) -> None:
    """Somebody holds the database for longer than a first answer may wait."""
    patience = 0.5 * float(str(lives.settings["delivery__acknowledge_seconds"]))
    with closing(sqlite3.connect(lives.database, isolation_level=None, timeout=5)) as database:
        database.execute("BEGIN IMMEDIATE")
        await crowd.imagine(crowd.person())
        await asyncio.sleep(patience + HELD_SECONDS)
        database.execute("ROLLBACK")


async def unheard(crowd: Crowd, lives: Lives) -> None:
    """The first answer arrives, its echo does not."""
    await crowd.play.fault("drop_after", path="/callback", method="POST", times=1)
    await crowd.imagine(crowd.person())


# --- lives


async def nothing(crowd: Crowd, lives: Lives) -> None:
    """Passed by every start."""


async def leave(crowd: Crowd, lives: Lives) -> None:
    await lives.stop()


DEEDS: Mapping[str, Deed] = {
    "line.cancel": cancel,
    "line.told": refuse,
    "line.fail": refuse,
    "line.picture_failed": half,
    "line.lost": crash,
    "line.strays": lose_a_claim,
    "line.delivery_failed": anew,
    "line.undeliverable": roadless,
    "line.favourite": favourite,
    "line.vote": vote,
    "line.unvote": unvote,
    "line.ballot": ballot,
    "line.reveal": reveal,
    "line.verdict_told": reveal,
    "line.learn": learn,
    "line.forget": forget,
    "line.delete": delete,
    "line.restore": restore,
    "line.moved": restore,
    "line.pause": pause,
    "line.note": pause,
    "line.resume": resume,
    "line.ban": ban,
    "line.unban": unban,
    "line.close": leave,
    "wire.edit_by_bot": late,
    "wire.send": anew,
    "wire.private": direct,
    "wire.delete": delete_from_afar,
    "reply._defer": slow,
    "reply._replace": slow,
    "reply._instead": slow,
    "reply._original": unheard,
    "reply._edit": leaf,
    "reply._modal": edit,
    "reply._follow": delete,
    "reply._defer_update": delete,
    "reply.delete_card": delete,
}
# place -> (the crash before it, what happens then)
PRELUDES: Mapping[str, tuple[str, str]] = {
    "wire.original": ("before line.acknowledged", "at once"),
    "wire.find": ("after wire.send", "at once"),
    "wire.holds": ("before line.posted", NO_FILES),
}
# Passed by a start itself, before anybody can do anything.
AT_START = frozenset({"line.open", "line.released", "line.sweep", *PRELUDES})
# Only a start with commands that Discord does not have; only one after a hundred days.
UNREGISTERED = frozenset({"rest PUT /applications/{application_id}/commands"})
LONG_AFTER = frozenset({"line.forgotten"})
AHEAD = 100 * DAYS
ALSO: tuple[Deed, ...] = (single, reseed, ballot)  # what makes jobs in yet another way


def deed(place: str) -> Deed:
    """What people do so that the bot comes by `place`."""
    return DEEDS.get(place, wish)
