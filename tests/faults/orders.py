"""What the campaign and the bot under test tell each other: three files, nothing in the bot itself.

order.json   the one order that holds now: who is killed, where, at which passing
log.jsonl    what was passed, which workers began, which order was carried out
lost         where it lies, the answer to the next claim is lost
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

Target = Literal["bot", "planner", "drawer"]
LOST = "lost"
TARGETS: tuple[Target, ...] = ("bot", "planner", "drawer")


class Order(msgspec.Struct, frozen=True):
    """Kill `target` at the n-th passing of the boundary from now on."""

    number: int
    boundary: str
    passing: int = 1
    target: Target = "bot"


class Note(msgspec.Struct, frozen=True):
    """One line of the log. `name`: a boundary or a worker's role; `order`: of a kill."""

    what: Literal["passed", "worker", "killed"]
    name: str
    at: float
    pid: int
    job: str = ""
    order: int = 0


class Desk:
    """Both files of one folder; the campaign writes orders, the bot writes the log."""

    def __init__(self, folder: Path) -> None:
        self._order = folder / "order.json"
        self._log = folder / "log.jsonl"

    # --- the campaign's side

    def give(self, order: Order | None) -> None:
        """This order holds from now on; None: nobody is killed."""
        part = self._order.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(order))
        part.replace(self._order)

    def notes(self) -> list[Note]:
        """Everything that was told so far."""
        if not self._log.exists():
            return []
        whole = self._log.read_bytes().rpartition(b"\n")[0]
        return [msgspec.json.decode(line, type=Note) for line in whole.splitlines()]

    def killing(self, order: int) -> Note | None:
        """The note of an order that was carried out."""
        return next((n for n in self.notes() if n.what == "killed" and n.order == order), None)

    def worker(self, role: str) -> int | None:
        """The process of the newest worker of a role."""
        pids = [n.pid for n in self.notes() if n.what == "worker" and n.name == role]
        return pids[-1] if pids else None

    # --- the bot's side

    def order(self) -> Order | None:
        try:
            return msgspec.json.decode(self._order.read_bytes(), type=Order | None)
        except FileNotFoundError:
            return None

    def stamp(self) -> tuple[int, int]:
        """Changes whenever another order was given."""
        try:
            stat = self._order.stat()
        except FileNotFoundError:
            return 0, 0
        return stat.st_ino, stat.st_mtime_ns

    def note(self, note: Note) -> None:
        """One line, in one write: it is there even if the next instruction is the last one."""
        line = msgspec.json.encode(note) + b"\n"
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)


def alive(pid: int | None) -> bool:
    """Whether a process of this number runs; one that only waits to be buried does not."""
    if pid is None:
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return _answers(pid)
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _answers(pid: int) -> bool:
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
