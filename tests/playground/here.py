"""The stand-in in the test's own process."""

import json
from functools import cache
from types import TracebackType

from playground.app import listen
from playground.openapi import Spec
from playground.play import Play
from playground.settings import parse
from tests.playground.driver import DOCUMENT, Playground


class PlaygroundHere(Playground):
    """The same stand-in in the test's own process and loop: the sockets are real, the start is quick.

    Not for tests that block the loop, or that need a process to kill.  Where Discord's
    OpenAPI document lies, it judges all that is said here, and at the end nothing may stand
    against the stand-in's own answers and events.
    """

    def __init__(self, **flags: object) -> None:
        """Half a minute to answer unless asked for less: a loaded machine is no late bot."""
        super().__init__(**{"ack_seconds": 30, **flags})

    async def _start(self) -> None:
        self.play = Play(parse(self._words()))
        self.play.verdict.spec = self.play.verdict.spec or the_document()
        self.runner = await listen(self.play)
        self.url, self.token = self.play.base, self.play.token
        self.page = f"{self.url}/playground/"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        rows = [row for row in self.play.journal.rows if row["direction"] != "request"]
        await super().__aexit__(kind, error, trace)
        assert kind is not None or not rows, json.dumps(rows[:3], indent=1)

    async def _stop(self) -> None:
        await self.runner.cleanup()


@cache
def the_document() -> Spec | None:
    """The OpenAPI judge, read once for all tests of a process; None where it does not lie."""
    return Spec(DOCUMENT) if DOCUMENT.is_file() else None
