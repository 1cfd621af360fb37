"""A folder to which nothing can be written for a while, whoever runs the tests."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def sealed(folder: Path) -> Generator[Path]:
    """Rights bind everyone but root, for whom it is mounted read-only."""
    seal = _mounted if os.geteuid() == 0 else _closed
    with seal(folder):
        yield folder


@contextmanager
def _closed(folder: Path) -> Generator[None]:
    each = [folder, *folder.rglob("*")]
    before = {path: path.stat().st_mode for path in each}
    for path, mode in before.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


@contextmanager
def _mounted(folder: Path) -> Generator[None]:
    if not _done("mount", "--bind", str(folder), str(folder)):
        pytest.skip("this container may not mount")
    try:
        assert _done("mount", "-o", "remount,ro,bind", str(folder))
        yield
    finally:
        assert _done("umount", "--lazy", str(folder))


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
