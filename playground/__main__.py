"""`python -m playground`: start, say where in one line of JSON, stay until told to end."""

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import suppress

from playground.app import listen
from playground.play import Play
from playground.settings import Settings, parse


async def run(settings: Settings) -> None:
    play = Play(settings)
    end = _end(with_parent=settings.with_parent)
    runner = await listen(play)
    try:
        told = {"url": play.base, "token": play.token, "page": f"{play.base}/playground/"}
        print(json.dumps(told), flush=True)  # noqa: T201 - whoever started us reads it
        await end.wait()
    finally:
        await runner.cleanup()


def _end(*, with_parent: bool) -> asyncio.Event:
    """Set by SIGTERM, SIGINT, or with a parent the end of its pipe."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows knows neither; Ctrl-C still raises there
            loop.add_signal_handler(name, end.set)
    if with_parent:
        # A daemon, not the executor: that one would be waited for at the end.
        threading.Thread(target=_parent_gone, args=(loop, end), daemon=True).start()
    return end


def _parent_gone(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # unbuffered: a reader's lock would block the end
        continue
    with suppress(RuntimeError):  # the loop may be closed already
        loop.call_soon_threadsafe(end.set)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(run(parse(sys.argv[1:])))
