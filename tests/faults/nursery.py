"""Starts bots quickly: imports everything once, then forks a real process for each.

    python -m tests.faults.nursery        a JSON line in: {"environment": {…}, "log": FILE}
                                          JSON lines out: {"born": PID}, {"dead": PID, "status": N}

A bot of its own takes seconds to import on a busy machine, and a campaign starts hundreds.
The forked one has nothing of the others: no thread and no loop runs in here.
"""

import json
import os
import select
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

import bot.app
from tests.faults import bot_under_test

POLL_SECONDS = 0.01
CRASHED = 70
assert bot.app.run is not None  # imported for its weight


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def born(wanted: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        live(wanted)
    return pid


def live(wanted: Mapping[str, Any]) -> NoReturn:
    """The child: its own session, its own environment, everything it says into its log."""
    status = CRASHED
    try:
        os.setsid()
        log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for number in (1, 2):
            os.dup2(log, number)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        status = bot_under_test.main(os.environ)
    except BaseException:  # noqa: BLE001  whatever it was, it is in the log, and this process ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def bury(children: set[int]) -> None:
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(pid)
            tell(dead=pid, status=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Until nobody speaks any more."""
    children: set[int] = set()
    tell(ready=True)
    while True:
        heard, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
        if heard:
            line = sys.stdin.readline()
            if not line:
                return
            child = born(json.loads(line))
            children.add(child)
            tell(born=child)
        bury(children)


if __name__ == "__main__":
    main()
