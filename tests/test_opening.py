"""What a person named is opened: pipes have an end, devices are refused."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stylus_engine import opening
from stylus_engine.opening import opened


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def writer(path: Path, *parts: bytes, after: float = 0.0, pause: float = 0.0) -> threading.Thread:
    def write() -> None:
        time.sleep(after)
        with path.open("wb", buffering=0) as file:
            for part in parts:
                time.sleep(pause)
                file.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_a_pipe_to_which_nobody_writes_is_not_waited_for(pipe: Path, monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    with (
        opened(pipe) as file,
        pytest.raises(OSError, match="it is a pipe, and nobody writes to it"),
    ):
        file.read(1)


@pytest.mark.parametrize(("after", "pause"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.4)])
def test_whoever_writes_late_or_slowly_is_waited_for(pipe: Path, monkeypatch, after, pause):
    if pause:
        monkeypatch.setattr(opening, "PATIENCE", 0.2)
    thread = writer(pipe, b"one\ntw", b"o\n", after=after, pause=pause)
    with opened(pipe) as file:
        assert list(file) == [b"one\n", b"two\n"]
        assert file.read() == b""
    thread.join()


def test_a_writer_that_writes_nothing_leaves_an_empty_file(pipe: Path):
    began = time.monotonic()
    thread = writer(pipe, after=0.1)
    with opened(pipe) as file:
        assert file.read() == b""
    assert time.monotonic() - began < opening.PATIENCE
    thread.join()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no process substitution here")
@pytest.mark.parametrize("text", [b"", b"a" * 200_000])
def test_what_a_shell_puts_in_a_files_place_is_read_to_its_end(text: bytes):
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdout.write(sys.argv[1] * int(sys.argv[2]))", "a", str(len(text))],
        stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        with opened(Path(f"/dev/fd/{running.stdout.fileno()}")) as file:
            assert file.read() == text


def test_a_file_is_a_file_and_what_is_empty_has_an_end(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"x")
    with opened(tmp_path / "f") as file:
        assert file.read() == b"x"
    with opened(Path(os.devnull)) as file:
        assert file.read() == b""


def test_devices_and_sockets_are_told(tmp_path: Path):
    with pytest.raises(OSError, match="it is a device"):
        opened(Path("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="it is a socket"):
            opened(tmp_path / "s")
    with pytest.raises(IsADirectoryError):
        opened(tmp_path)
