"""The last word on stdout: a full disk behind it is one sentence, a reader that left is none."""

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bot.cli.desk import FAILED


class Untaken(Exception):
    """Stdout does not take what is written to it; no error of ours, so that no command answers to it."""


class Outlet(io.TextIOWrapper):
    """Stdout whose own failures can be told from those of other files."""

    def write(self, s: str, /) -> int:
        with _told():
            return super().write(s)

    def flush(self) -> None:
        with _told():
            super().flush()


@contextmanager
def written_out() -> Generator[None, None, None]:
    """Whatever is said inside gets out, or the process ends: with one sentence on stderr.

    It ends without a word where a pipe has no reader any more, as other tools do.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        out = sys.stdout or nowhere  # None: nobody opened one
        sys.stdout = Outlet(out.buffer, out.encoding, out.errors, None, bool(out.line_buffering))
        try:
            try:
                yield
            finally:
                sys.stdout.flush()
        except Untaken as error:
            # Else the interpreter tries what was not taken again at its end, and complains.
            os.dup2(nowhere.fileno(), out.fileno())
            if not isinstance(error.__cause__, BrokenPipeError):
                sys.stderr.write(f"Standard output could not be written: {error}.\n")
            raise SystemExit(FAILED) from error


@contextmanager
def _told() -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        raise Untaken(error.strerror) from error
