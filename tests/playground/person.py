"""One of the playground's people, and what helps to read the messages they see."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.playground.driver import Playground

Json = dict[str, Any]
Met = Callable[[Json], object]


class Person:
    """One of the playground's people. Interactions are named by their id."""

    def __init__(self, play: "Playground", name: str, locale: str) -> None:
        self.play = play
        self.name = name
        self.locale = locale
        self.channel = "pictures"

    def at(self, channel: str | int) -> "Person":
        """The same person in another channel."""
        there = Person(self.play, self.name, self.locale)
        there.channel = str(channel)
        return there

    async def _do(self, what: str, /, **body: object) -> Any:
        whole = {"user": self.name, "channel": self.channel, "locale": self.locale, **body}
        return await self.play.post(what, **whole)

    # --- doing

    async def slash(self, command: str, /, **options: object) -> str:
        """`await ada.slash("adapters browse", query="ink")`"""
        return (await self._do("slash", command=command, options=options))["interaction"]

    async def autocomplete(self, command: str, focused: str, /, **options: object) -> list[Json]:
        told = await self._do("autocomplete", command=command, focused=focused, options=options)
        return told["choices"]

    async def menu(
        self, command: str, message: Json | None = None, target: str | None = None
    ) -> str:
        on = {"target": target} if message is None else {"message": message["id"]}
        return (await self._do("menu", command=command, **on))["interaction"]

    async def press(
        self, message: Json, custom_id: str, values: list[str] | None = None, **more: object
    ) -> str:
        """A button or select of a message; `forged=True` for an id that is not on it."""
        body: Json = {"message": message["id"], "custom_id": custom_id, **more}
        body["channel"] = message["channel_id"]
        body |= {} if values is None else {"values": values}
        return (await self._do("press", **body))["interaction"]

    async def submit(self, interaction: str, /, **values: object) -> str:
        """Fill in the modal that answered `interaction`."""
        return (await self._do("submit", interaction=interaction, values=values))["interaction"]

    async def say(self, content: str, *attachments: str) -> Json:
        """Write a message; attachments are ids of `attach`."""
        return await self._do("messages", content=content, attachments=list(attachments))

    async def forward(self, message: Json, to: str | None = None) -> Json:
        """Forward a message of this channel, into another one if `to` names it."""
        where = {} if to is None else {"to": to}
        return await self._do("forward", message=message["id"], **where)

    async def attach(self, data: bytes, filename: str = "picture.png", kind: str = "") -> str:
        """Upload a file for an attachment option; its id."""
        query = {"filename": filename} | ({"content_type": kind} if kind else {})
        told = await self.play._ask("POST", "attachments", params=query, data=data)
        return told["id"]

    async def delete(self, message: Json) -> None:
        await self._do("delete", message=message["id"], channel=message["channel_id"])

    async def direct(self) -> "Person":
        """The same person in the direct channel to the bot."""
        return self.at((await self._do("dm"))["channel"])

    # --- seeing

    async def interaction(self, id_: str, wait: float = 0) -> Json:
        return await self.play.get(f"interactions/{id_}", wait=wait)

    async def answer(self, id_: str, seconds: float = 10) -> Json:
        """The interaction once it was answered; fails when the bot did not."""
        told = await self.interaction(id_, wait=seconds)
        assert told["state"] == "answered", f"interaction {id_}: {told}"
        return told

    async def messages(self) -> list[Json]:
        """All that this person sees in the channel, oldest first."""
        return await self.play.get(f"channels/{self.channel}/messages", user=self.name)

    async def message(self, id_: str) -> Json | None:
        """One message as it is now; None when it is gone or hidden."""
        return next((m for m in await self.messages() if m["id"] == str(id_)), None)

    async def message_where(self, met: Met, seconds: float = 20, what: str = "a message") -> Json:
        """The newest visible message that `met` accepts, as soon as there is one."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = [m for m in await self.messages() if met(m)][-1:]
            return bool(found)

        await until(there, seconds, f"{what} for {self.name} in {self.channel}")
        return found[0]

    async def read(self, url: str) -> bytes:
        """Download a link of a message."""
        async with self.play.http.get(url) as answer:
            assert answer.status == 200, f"{answer.status} at {url}"
            return await answer.read()


async def until(met: Callable[[], Any], seconds: float, what: str) -> None:
    """Ask again and again; an AssertionError names what did not come."""
    end = time.monotonic() + seconds
    while not await met():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.03)


def parts(message: Json) -> list[Json]:
    """Every component of a message, nested ones included."""
    return list(_parts(message.get("components", [])))


def _parts(components: list[Json]) -> Any:
    for component in components:
        yield component
        yield from _parts(component.get("components", []))
        if isinstance(component.get("accessory"), dict):
            yield from _parts([component["accessory"]])


def texts(message: Json) -> str:
    """All that stands in a message to be read."""
    shown = [part["content"] for part in parts(message) if part["type"] == 10]
    return "\n".join([message["content"], *shown])


def buttons(message: Json) -> dict[str, str]:
    """label (or emoji) -> custom_id of the buttons one can press."""
    return {
        part.get("label") or part["emoji"]["name"]: part["custom_id"]
        for part in parts(message)
        if part["type"] == 2 and "custom_id" in part and not part.get("disabled")
    }
