"""Where workers can run."""

import sys

from stylus_engine.errors import BadSettings


def refuse_windows() -> None:
    """A worker is handed a socket, which no process can inherit on Windows. Raises `BadSettings`."""
    if sys.platform == "win32":
        why = "the bot needs Linux or macOS; on Windows use WSL"
        raise BadSettings(where="this computer", why=why)
