"""A PostgreSQL of the tests' own: a fresh cluster in a temporary folder, reached by a socket file.

initdb refuses root, so there it runs as the user `postgres`, or as `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
QUICK = {  # nothing here has to survive a power cut
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "40",
    "shared_buffers": "16MB",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server. The user `stylus` may do everything."""

    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://stylus@/{database}?host={self.folder}"


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    return found[0].parent if found else Path(named).parent if named else None


@contextmanager
def running(programs: Path) -> Iterator[Cluster]:
    """A server until the end of the block; its folder is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stylus-pg-", dir="/tmp"))
    identity = _identity()
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        _init(programs, folder, identity)
        with _server(programs, folder, identity):
            yield Cluster(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity() -> dict[str, int]:
    """Whom the server runs as, when we are root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid}
    raise LookupError("initdb refuses root, and there is neither `postgres` nor `nobody`")


def _init(programs: Path, folder: Path, identity: dict[str, int]) -> None:
    words = ["--auth=trust", "--username=stylus", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(folder / "data"), *words]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, **_as(identity)
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _server(programs: Path, folder: Path, identity: dict[str, int]) -> Iterator[None]:
    settings = [word for name, value in QUICK.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
    log = folder / "log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file, **_as(identity))
        try:
            _wait(programs, folder, server, log)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # its fast end: open sessions are cut
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(programs: Path, folder: Path, server: subprocess.Popen[str], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    ask = [str(programs / "pg_isready"), "-q", "-h", str(folder)]
    while subprocess.run(ask, check=False).returncode != 0:
        assert server.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < end, f"no server within {START_SECONDS:g} s: {log.read_text()}"
        time.sleep(0.05)


def _as(identity: dict[str, int]) -> dict[str, Any]:
    return {**identity, "extra_groups": []} if identity else {}
