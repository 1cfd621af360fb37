"""What people see, written down by somebody who knows nothing of the bot's tables.

Every message that ever was, with all it ever said: from the playground's news.  A
message is read by its custom_ids alone: which job it belongs to, and whether it shows
the job's status, its result or its end.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tests.playground.driver import Playground, parts

Json: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["status", "card", "end", "other"]
LOADING = 128


@dataclass(frozen=True, slots=True)
class Said:
    """What a message said from one moment on."""

    number: int
    kind: Kind
    job: str
    message: Json


@dataclass(slots=True)
class Page:
    """One message's life, by the numbers of the news. `gone`: when it was deleted."""

    id: str
    channel: str
    said: list[Said] = field(default_factory=list[Said])
    gone: int | None = None

    def showed(self, kind: Kind, job: str) -> int | None:
        """When it first said that of this job; None: never."""
        return next((s.number for s in self.said if (s.kind, s.job) == (kind, job)), None)

    @property
    def last(self) -> Said:
        return self.said[-1]


class Witness:
    """`async with`: listens while the block lasts."""

    def __init__(self, play: Playground) -> None:
        self.play = play
        self.pages: dict[str, Page] = {}
        self._number = 0

    async def listen(self, ready: asyncio.Event) -> None:
        """Until cancelled. Raises `ConnectionError` when it hears nothing any more."""
        url = f"{self.play.url}/playground/api/events"
        async with self.play.http.ws_connect(url, max_msg_size=0) as socket:
            ready.set()
            async for frame in socket:
                self.hear(frame.json())
        raise ConnectionError("the witness was cut off")

    def hear(self, news: Json) -> None:
        """One word of the news."""
        self._number += 1
        match news:
            case {"type": "message.create" | "message.update", "message": message}:
                page = self.pages.setdefault(
                    message["id"], Page(message["id"], message["channel_id"])
                )
                kind, job = read(message)
                page.said.append(Said(self._number, kind, job, message))
            case {"type": "message.delete", "id": id_} if id_ in self.pages:
                self.pages[id_].gone = self._number
            case _:
                pass

    # --- what it can tell

    def jobs_of(self, message: str) -> list[str]:
        """Jobs that a message ever stood for, the first one first; normally one."""
        page = self.pages.get(message)
        return list(dict.fromkeys(said.job for said in page.said if said.job)) if page else []

    def showing(self, kind: Kind, job: str) -> list[Page]:
        """Messages that ever showed that of a job, in the order in which they began to."""
        found = [page for page in self.pages.values() if page.showed(kind, job) is not None]
        return sorted(found, key=lambda page: page.showed(kind, job) or 0)

    def now(self, kind: Kind) -> Iterator[Said]:
        """Messages that say so now, the newest first."""
        for page in reversed(self.pages.values()):
            if page.gone is None and page.said and page.last.kind == kind:
                yield page.last


def read(message: Json) -> tuple[Kind, str]:
    """What a message is, by what can be pressed on it."""
    ids = [part["custom_id"] for part in parts(message) if "custom_id" in part]
    pressed = [tuple(one.split(":")[2:4]) for one in ids if one.startswith("sty:1:")]
    jobs = list(dict.fromkeys(job for job, _ in pressed if job.strip("0")))
    if len(jobs) != 1:
        return "other", ""  # a list, a notice, a form
    actions = {action for _, action in pressed}
    if actions == {"cancel"}:
        return "status", jobs[0]
    if actions & {"seed", "ab"} and message.get("attachments"):
        return "card", jobs[0]
    if actions & {"again", "open"} and "info" in actions:
        return "end", jobs[0]
    return "other", jobs[0]
