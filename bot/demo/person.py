"""A person at the playground, by the same addresses that its page uses."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import aiohttp

from stylus_engine.errors import DrawFailed

Message: TypeAlias = Mapping[str, Any]
GALLERY, BUTTON = 12, 2  # component types


class Person:
    """One test user in one channel. Waits by looking, as people do."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._api = f"{url}/playground/api"
        self._user = self._channel = ""

    async def enter(self, patience: float) -> None:
        """Take the first test user into the first channel, and wait until the bot's commands are there."""
        world = await self._until(self._world, patience, "the bot did not come online")
        self._user = world["users"][0]["id"]
        self._channel = world["guilds"][0]["channels"][0]["id"]

    async def slash(self, command: str, **options: object) -> str:
        """Give a command; the interaction's id."""
        return await self._act("slash", command=command, options=options)

    async def press(self, message: Message, action: str) -> str:
        """Press the button of a message whose custom_id names this action."""
        found = next(id_ for id_ in custom_ids(message) if f":{action}" in id_)
        return await self._act("press", message=message["id"], custom_id=found)

    async def card(self, known: frozenset[str], patience: float) -> Message:
        """The first message with a gallery that is not one of `known`."""

        async def look() -> Message | None:
            cards = (m for m in await self.messages() if m["id"] not in known and pictures(m))
            return next(cards, None)

        return await self._until(look, patience, "no pictures came")

    async def messages(self) -> list[Message]:
        """All that this person sees in the channel, oldest first."""
        return await self._get(f"channels/{self._channel}/messages?user={self._user}")

    async def picture(self, address: str) -> bytes:
        """The bytes behind a picture's address."""
        async with self._session.get(address) as answer:
            return await answer.read()

    async def _world(self) -> Message | None:
        world = await self._get("world")
        return world if world["bot"].get("online") and world["commands"] else None

    async def _act(self, verb: str, **what: object) -> str:
        body = {"user": self._user, "channel": self._channel, **what}
        async with self._session.post(f"{self._api}/{verb}", json=body) as answer:
            told = await answer.json()
            if answer.status >= 400:
                raise DrawFailed(
                    why=f"the playground refused it: {told.get('error', answer.status)}"
                )
            return told["interaction"]

    async def _get(self, page: str) -> Any:  # noqa: ANN401 - JSON of the playground, taken apart here
        try:
            async with self._session.get(f"{self._api}/{page}") as answer:
                return await answer.json()
        except aiohttp.ClientError as error:
            raise DrawFailed(why="the playground is gone") from error

    async def _until(self, look: Callable[[], Any], patience: float, otherwise: str) -> Any:  # noqa: ANN401 - see above
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(0.2)
        raise DrawFailed(why=otherwise)


def components(parts: list[Message]) -> Iterator[Message]:
    """Every component of a message, those inside others too."""
    for part in parts:
        yield part
        yield from components(part.get("components", []))


def custom_ids(message: Message) -> list[str]:
    """Of all buttons and selects of a message."""
    return [p["custom_id"] for p in components(message.get("components", [])) if "custom_id" in p]


def pictures(message: Message) -> list[str]:
    """The addresses of the pictures in a message's galleries, in order."""
    galleries = [p for p in components(message.get("components", [])) if p["type"] == GALLERY]
    return [item["media"]["url"] for gallery in galleries for item in gallery["items"]]
