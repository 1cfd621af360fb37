"""What every test stands on: no network but loopback, no downloads, one torch thread.

The environment is set before anything heavy is imported, and children inherit it.
"""

import gc
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # One thread: sums have one order, and two test workers share two cores.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

NAMES = {"", "localhost", "::1", "0.0.0.0"}  # noqa: S104 - names to compare with, nothing is bound
LOOPBACK = re.compile(r"(::ffff:)?127(\.\d+){3}")
WATCHED = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}  # which argument


def stays_home(address: object) -> bool:
    """Whether `address`, as sockets and resolvers take it, is on this machine."""
    host = address[0] if isinstance(address, tuple) else address
    if isinstance(host, bytes | bytearray):
        host = host.decode(errors="replace")
    if not isinstance(host, str):
        return host is None
    return host in NAMES or host.startswith(("/", "\0")) or LOOPBACK.fullmatch(host) is not None


def forbid_the_network(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: refuse every socket and every look-up that leaves this machine."""
    which = WATCHED.get(event)
    if which is not None and not stays_home(arguments[which]):
        raise PermissionError(f"a test tried to reach {arguments[which]!r}")


sys.addaudithook(forbid_the_network)

# Benchmarks measure time, tests do not: on a busy machine an example may be slow to make or to try.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure() -> None:
    """What is collected lives to the end: to look through it for garbage again and again is for nothing."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What stands now stands aside; what tests leave behind is found as ever, and sooner."""
    gc.freeze()
    gc.enable()


def patience(item: pytest.Item) -> float:
    """Seconds that a test may take: its `timeout`, or a guess of ours for the slow ones."""
    timeout = item.get_closest_marker("timeout")
    if timeout is not None:
        return float(timeout.args[0])
    return 60.0 if item.get_closest_marker("slow") else 0.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, dealt to two halves, as `-n 2 --dist=worksteal` begins with halves.

    Else the last minute or two belong to one long test, while the other core has nothing to do.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    long_first = sorted(files.values(), key=lambda tests: -max(map(patience, tests)))
    items[:] = [item for half in (0, 1) for tests in long_first[half::2] for item in tests]
