"""The door of `stylus`: until the commands are there, Ctrl-C ends it in a word.

Python takes a second to read them.  Not `except KeyboardInterrupt`: an import that is
broken off in the middle says so in other errors, and in lines that nobody can catch.
"""

import os
import signal
from contextlib import suppress
from types import FrameType

STOPPED = 130  # the shell's own for Ctrl-C


def main() -> None:
    """Entry point of the installed command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else nobody may press it
        signal.signal(signal.SIGINT, _leave)
    from bot.commands import run

    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"Stopped.\n")
    os._exit(STOPPED)


if __name__ == "__main__":
    main()
