"""One bot per database: a row says who lives here, until when, and as which process.

A bot that ended well gives the row back.  One that was killed leaves it; the next
bot of the same machine sees that the process is gone and moves in at once, a bot of
another machine waits until the row has run out.
"""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from bot.jobs.database import LeaseLost
from bot.jobs.rows import AnyRow
from bot.jobs.tables import bot_lease
from stylus_engine.errors import BadSettings

BOT_SECONDS: Final = 30.0  # a bot that was silent for so long has lost the database
ROW: Final = 1
GONE: Final = frozenset("ZXx")  # states of a process that only waits for its parent


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told apart from a later one with the same number. `born` "": unknown."""

    machine: str
    pid: int
    born: str

    @property
    def surely_dead(self) -> bool:
        """Whether it ran here and is gone. False where that cannot be known."""
        if self.machine != machine():
            return False
        if sys.platform == "linux":
            return birth(self.pid) != self.born
        return sys.platform == "darwin" and not _answers(self.pid)


def this_process() -> Process:
    return Process(machine(), os.getpid(), birth(os.getpid()))


def machine() -> str:
    """This boot of this machine, as this container sees it: process numbers mean nothing else."""
    parts = [socket.gethostname(), _text(Path("/proc/sys/kernel/random/boot_id"))]
    namespace = Path("/proc/self/ns/pid")
    if namespace.is_symlink():
        parts.append(str(namespace.readlink()))
    return " ".join(part for part in parts if part)


def birth(pid: int) -> str:
    """When a process of this machine began, in ticks since the boot; "" for none that lives."""
    fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return "" if not fields or fields[0] in GONE else fields[19]


def take(connection: Connection, owner: str, now: float) -> None:
    """Move in. Raises `BadSettings` while another bot lives here."""
    row = connection.execute(select(bot_lease)).one_or_none()
    if row is not None and row.owner != owner:
        _refuse_a_living_one(row, now)
    mine = this_process()
    connection.execute(delete(bot_lease))
    lease = {"machine": mine.machine, "pid": mine.pid, "born": mine.born}
    until = now + BOT_SECONDS
    connection.execute(insert(bot_lease).values(id=ROW, owner=owner, until=until, **lease))


def hold(connection: Connection, owner: str, now: float) -> None:
    """Stay. Raises `LeaseLost`."""
    mine = bot_lease.c.owner == owner
    longer = update(bot_lease).where(mine).values(until=now + BOT_SECONDS)
    if connection.execute(longer).rowcount != 1:
        raise LeaseLost(owner)


def give_back(connection: Connection, owner: str) -> None:
    """Move out; nothing happens when another one has moved in."""
    connection.execute(delete(bot_lease).where(bot_lease.c.owner == owner))


def _refuse_a_living_one(row: AnyRow, now: float) -> None:
    other = Process(row.machine, row.pid, row.born)
    if other.surely_dead or row.until < now:
        return
    host = row.machine.partition(" ")[0]
    why = (
        f"another bot (process {row.pid} on {host}) lives on this database; stop it, "
        f"or try again in {row.until - now:.0f} seconds if it is gone"
    )
    raise BadSettings(where="database.url", why=why)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # no such process, or no /proc on this platform
        return ""
